import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { errors, Input, layers, Model, saving, Sequential, setBackend, type Tensor, tensor } from "../../index.ts";
import { readMutations } from "../../testing/mutate-bytes.ts";

const { encodeTfjs, loadTfjs, saveTfjs } = saving;
const values = async (t: unknown): Promise<number[]> => [...(await (t as Tensor).data())];
const load = (files: ReadonlyMap<string, Uint8Array>): Promise<Model> =>
  loadTfjs(files.get("model.json")!, { shards: Object.fromEntries(files) });
const json = (files: ReadonlyMap<string, Uint8Array>): Record<string, never> =>
  JSON.parse(new TextDecoder().decode(files.get("model.json"))) as Record<string, never>;

function branched(): Model {
  const inputs = Input({ shape: [6, 4] });
  const shared = layers.Dense({ units: 3, activation: "relu", kernelRegularizer: "l2" });
  const a = layers.Bidirectional({ layer: layers.LSTM({ units: 2 }) })(shared(inputs));
  const b = layers.GRU({ units: 4, resetAfter: false })(shared(inputs));
  return new Model({ inputs, outputs: layers.Add()([a, b]) });
}

beforeAll(() => setBackend("wasm"));

describe("TF.js layers-models", () => {
  it("carry a model from files to the same model", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nabla-tfjs-"));
    const model = new Sequential([
      layers.Conv2D({ filters: 4, kernelSize: 3, activation: "relu", inputShape: [8, 8, 1] }),
      layers.BatchNormalization(),
      layers.MaxPooling2D(),
      layers.Flatten(),
      layers.Dense({ units: 300, activation: "softmax" }),
    ]);
    await saveTfjs(model, folder, { shardBytes: 16384 });
    const read = await loadTfjs(join(folder, "model.json"));
    const x = tensor(
      Float32Array.from({ length: 128 }, (_, i) => Math.sin(i)),
      { shape: [2, 8, 8, 1] },
    );
    expect(await values(await read.predict(x))).toEqual(await values(await model.predict(x)));
    const { weightsManifest } = JSON.parse(await readFile(join(folder, "model.json"), "utf8")) as {
      weightsManifest: { paths: string[] }[];
    };
    expect(weightsManifest[0]!.paths.length).toBe(3);
  });

  it("carry shared layers, directions and branches", async () => {
    const model = branched();
    const read = await load(await encodeTfjs(model));
    const x = tensor(
      Float32Array.from({ length: 48 }, (_, i) => Math.cos(i)),
      { shape: [2, 6, 4] },
    );
    expect(await values(await read.predict(x))).toEqual(await values(await model.predict(x)));
  });

  it("carry models within models, whose calls TensorFlow.js counts from their own graph", async () => {
    const block = (name: string): Model => {
      const inputs = Input({ shape: [4] });
      return new Model({ inputs, outputs: layers.Dense({ units: 4, activation: "relu" })(inputs), name });
    };
    const inputs = Input({ shape: [4] });
    const [inner, sequence] = [block("inner"), new Sequential({ layers: [layers.Dense({ units: 4, inputShape: [4] })], name: "sequence" })];
    const a = inner(inputs);
    const b = sequence(inner(a));
    const model = new Model({ inputs, outputs: [layers.Add()([a, b]), block("last")(b), sequence(b)] });
    const files = await encodeTfjs(model as never);
    const { modelTopology } = json(files) as unknown as {
      modelTopology: { model_config: { config: { layers: { name: string; inbound_nodes: unknown }[]; output_layers: unknown } } };
    };
    const { layers: written, output_layers: outputs } = modelTopology.model_config.config;
    // What TensorFlow.js 4.22 itself writes of such a model, and reads.
    expect(written.find(({ name }) => name === "sequence")!.inbound_nodes).toEqual([[["inner", 2, 0, {}]], [["sequence", 1, 0, {}]]]);
    expect((outputs as unknown[]).slice(1)).toEqual([
      ["last", 1, 0],
      ["sequence", 2, 0],
    ]);
    const x = tensor([[0.5, -1, 2, 0.25]]);
    const [expected, got] = [await model.predict(x), await (await load(files)).predict(x)] as unknown as [Tensor[], Tensor[]];
    for (const [index, y] of expected.entries()) expect(await values(got[index])).toEqual(await values(y));
  });

  it("read Keras 2's configurations, with old keys and in camelCase", async () => {
    const model = new Sequential([layers.Dense({ units: 2, name: "d", inputShape: [3] })]);
    const files = new Map(await encodeTfjs(model));
    for (const shape of [{ batchInputShape: [null, 3] }, { batch_input_shape: [null, 3] }]) {
      const dense = {
        class_name: "Dense",
        config: { ...shape, name: "d", units: 2, use_bias: true, activation: "linear", dtype: "float32" },
      };
      const topology = {
        keras_version: "2.4.0",
        backend: "tensorflow",
        model_config: { class_name: "Sequential", config: { name: "s", layers: [dense] } },
      };
      files.set("model.json", new TextEncoder().encode(JSON.stringify({ ...json(files), modelTopology: topology })));
      const x = tensor([[1, 2, 3]]);
      expect(await values(await (await load(files)).predict(x))).toEqual(await values(await model.predict(x)));
    }
  });

  it("give quantized weights their values", async () => {
    const model = new Sequential([layers.Dense({ units: 2, useBias: false, name: "d", inputShape: [2] })]);
    const files = new Map(await encodeTfjs(model));
    const cases: [string, Uint8Array, number[]][] = [
      ["uint8", new Uint8Array([0, 1, 128, 255]), [-1, -0.5, 63, 126.5]],
      ["uint16", new Uint8Array(Uint16Array.from([0, 2, 4, 6]).buffer), [-1, 0, 1, 2]],
      ["float16", new Uint8Array(Uint16Array.from([0x3c00, 0x4000, 0xc000, 0]).buffer), [1, 2, -2, 0]],
    ];
    for (const [dtype, bytes, expected] of cases) {
      const quantization = { dtype, scale: 0.5, min: -1, original_dtype: "float32" };
      const manifest = [{ paths: ["q.bin"], weights: [{ name: "d/kernel", shape: [2, 2], dtype: "float32", quantization }] }];
      files.set("model.json", new TextEncoder().encode(JSON.stringify({ ...json(files), weightsManifest: manifest })));
      files.set("q.bin", bytes);
      expect(await values((await load(files)).weights[0]!)).toEqual(expected);
    }
  });

  it("say what TensorFlow.js does not have", async () => {
    const gru = new Sequential([layers.GRU({ units: 2, inputShape: [3, 2] })]);
    await expect(encodeTfjs(gru)).rejects.toThrow(/resetAfter: false/);
    const norm = new Sequential([layers.GroupNormalization({ groups: 2, inputShape: [4] })]);
    await expect(encodeTfjs(norm)).rejects.toThrow(/no layer of this class[\s\S]*exportOnnx/);
  });

  it("read shards from their own folder, and from nowhere else", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nabla-tfjs-"));
    const files = await encodeTfjs(new Sequential([layers.Dense({ units: 1, inputShape: [1] })]));
    for (const path of ["../secret.bin", "/etc/hostname", "a/../../b.bin"]) {
      const [group] = (json(files) as unknown as { weightsManifest: { weights: object[] }[] }).weightsManifest;
      await writeFile(join(folder, "model.json"), JSON.stringify({ ...json(files), weightsManifest: [{ ...group, paths: [path] }] }));
      await expect(loadTfjs(join(folder, "model.json")), path).rejects.toThrow(/outside the folder/);
    }
  });

  it("find a clear error or a reading in 100 mutations", async () => {
    const files = await encodeTfjs(new Sequential([layers.Dense({ units: 2, inputShape: [3] }), layers.Dropout({ rate: 0.5 })]));
    const read = (bytes: Uint8Array): Promise<Model> => loadTfjs(bytes, { shards: Object.fromEntries(files) });
    const outcome = await readMutations(
      [files.get("model.json")!],
      100,
      read,
      (error) => error instanceof errors.NablaError && !(error instanceof errors.InternalError),
    );
    expect(outcome.surprises).toEqual([]);
  });
});
