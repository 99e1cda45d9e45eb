import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  errors,
  Input,
  Layer,
  layers,
  loadModel,
  Model,
  modelFromJSON,
  ops,
  optimizers,
  saving,
  Sequential,
  setBackend,
  setRandomSeed,
  tensor,
} from "../index.ts";
import type { Shape, Tensor, TensorLike, Variable } from "../index.ts";
import type { StoredArray } from "../layers/stored-variables.ts";
import { loadOptimizer } from "./keras/weights.ts";
import { writeZip, ZipArchive } from "./zip/index.ts";
import { pythonJson } from "../serialization/python-json.ts";

let folder = "";
beforeAll(async () => {
  await setBackend("reference");
  folder = mkdtempSync(join(tmpdir(), "nabla-files-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function small(): Sequential {
  const model = new Sequential([
    layers.Dense({ units: 3, activation: "relu", inputShape: [4] }),
    layers.Dropout({ rate: 0.5 }),
    layers.Dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}
const x = tensor(
  Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
  { shape: [8, 4] },
);
const y = tensor(
  Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
  { shape: [8, 2] },
);

async function valuesOf(model: Model): Promise<number[][]> {
  // An optimizer that is not built yet has no slots; a loaded one has.
  const state = model.compiled && model.optimizer.built ? model.optimizer.variables : [];
  return await Promise.all([...model.weights, ...state].map(async (variable) => [...(await variable.data())]));
}

/** Weights alone. */
async function weightsOf(model: Model): Promise<number[][]> {
  return await Promise.all(model.weights.map(async (variable) => [...(await variable.data())]));
}

describe("a model in a file", () => {
  it("comes back with its weights and the state of its optimizer, from every format", async () => {
    setRandomSeed(1);
    const model = small();
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    for (const name of ["a.keras", "a.h5"]) {
      await model.save(join(folder, name));
      const same = await loadModel(join(folder, name));
      expect(await valuesOf(same)).toEqual(await valuesOf(model));
      expect(await (await same.predict(x)).array()).toEqual(await (await model.predict(x)).array());
    }
    await model.saveWeights(join(folder, "a.weights.h5"));
    const other = small();
    await other.loadWeights(join(folder, "a.weights.h5"));
    expect(await valuesOf(other)).toEqual(await valuesOf(model));
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("is read from paths, URLs of files, bytes, Blobs and places of one's own", async () => {
    const model = small();
    const bytes = await saving.toBytes(model);
    const path = join(folder, "sources.keras");
    writeFileSync(path, bytes);
    const read = { name: "shelf.keras", read: () => Promise.resolve(bytes) };
    for (const source of [
      path,
      pathToFileURL(path),
      bytes,
      bytes.slice().buffer,
      new Blob((await saving.toParts(model)) as BlobPart[]),
      read,
    ])
      expect(await weightsOf(await loadModel(source))).toEqual(await weightsOf(model));
  });

  it("goes to a place of one's own, whose name tells the format", async () => {
    const kept: Uint8Array[] = [];
    const place = { name: "m.h5", write: (parts: readonly Uint8Array[]) => Promise.resolve(void kept.push(...parts)) };
    const model = small();
    await model.save(place);
    expect(await weightsOf(await loadModel(Buffer.concat(kept)))).toEqual(await weightsOf(model));
  });

  it("goes on training as if it had never been saved", async () => {
    setRandomSeed(3);
    const model = small();
    (model.layers[1] as unknown as { rate: number }).rate = 0;
    await model.fit(x, y, { epochs: 1, verbose: 0, shuffle: false });
    const same = await loadModel(await saving.toBytes(model));
    await model.fit(x, y, { epochs: 3, verbose: 0, shuffle: false });
    await same.fit(x, y, { epochs: 3, verbose: 0, shuffle: false });
    expect(await valuesOf(same)).toEqual(await valuesOf(model));
  });

  it("of a newer version of Keras opens: an empty configuration of compile, Nadam's variables in another order", async () => {
    const model = new Sequential([layers.Dense({ units: 2, inputShape: [4] })]);
    const archive = new ZipArchive(await saving.toBytes(model), "test");
    const text = (name: string): string => new TextDecoder().decode(archive.read(name));
    const parts = {
      "metadata.json": text("metadata.json"),
      "config.json": pythonJson({ ...JSON.parse(text("config.json")), compile_config: {} }),
    };
    const bytes = Buffer.concat(
      writeZip([
        ...Object.entries(parts).map(([name, part]) => ({ name, parts: [new TextEncoder().encode(part)] })),
        { name: "model.weights.h5", parts: [archive.read("model.weights.h5")!] },
      ]),
    );
    expect((await loadModel(bytes)).compiled).toBe(false);
    model.compile({ optimizer: "nadam", loss: "mse" });
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    const older = await loadModel(await saving.toBytes(model));
    expect(older.optimizer.variables[2]!.shape).toEqual([]);
    older.optimizer.orderAs([[], [], [4, 2], [4, 2], [2], [2], []]);
    expect(older.optimizer.variables.at(-1)!.shape).toEqual([]);
    const newer = await loadModel(await saving.toBytes(older));
    expect(newer.optimizer.variables.map(({ shape }) => shape)).toEqual(older.optimizer.variables.map(({ shape }) => shape));
    expect(await valuesOf(newer)).toEqual(await valuesOf(older));
  });

  it("takes the state of an optimizer before its first step, and of the one in it", async () => {
    const model = new Sequential([layers.Dense({ units: 2, inputShape: [4] })]);
    const innerOptimizer = optimizers.Adam({ learningRate: 0.5 });
    const optimizer = optimizers.LossScaleOptimizer({ innerOptimizer, initialScale: 64 });
    optimizer.build(model.trainableWeights);
    // As Keras counts them: steps and rate of the outer one, steps and rate of the inner one.
    const store = [0, 0, 3, 0.25].map((value, i): [string, StoredArray] => [String(i), { shape: [], dtype: "float32", tensor: (dtype) => ops.cast(value, dtype) }]); // prettier-ignore
    loadOptimizer(optimizer, new Map(store) as never, model);
    const values = await Promise.all(optimizer.variables.slice(0, 6).map((variable) => variable.read().item()));
    expect(values).toEqual([0, 0, 0, 64, 3, 0.25]);
  });

  it("holds the kernel with its adapters, as Keras's files do", async () => {
    const model = new Sequential([layers.Dense({ units: 2, inputShape: [4] })]);
    const dense = model.layers[0] as unknown as { enableLora: (rank: number, options: object) => void };
    dense.enableLora(1, { bInitializer: "ones" });
    const same = await loadModel(await saving.toBytes(model));
    expect(same.weights.map(({ name }) => name).sort()).toEqual(["bias", "kernel", "lora_kernel_a", "lora_kernel_b"]);
    expect([...(await same.weights.find(({ name }) => name === "lora_kernel_b")!.data())]).toEqual([0, 0]);
    const difference = ops.max(ops.abs(ops.subtract(await same.predict(x), await model.predict(x))));
    expect(await difference.item()).toBeLessThan(1e-6);
  });

  it("is not overwritten where that is not wanted, and a wrong ending is an error", async () => {
    const path = join(folder, "once.keras");
    await small().save(path);
    await expect(small().save(path, { overwrite: false })).rejects.toThrow("there is a file of this name");
    await expect(small().save(join(folder, "model"))).rejects.toThrow("a name that ends in .keras or .h5");
    await expect(small().save(join(folder, "model.weights.h5"))).rejects.toThrow("model.saveWeights saves weights alone");
    await expect(small().saveWeights(join(folder, "model.h5"))).rejects.toThrow(".weights.h5");
    await expect(new Sequential([layers.Dense({ units: 1 })]).save(path)).rejects.toThrow("the weights of the model do not exist yet");
  });

  it("leaves the old file whole where writing fails, and no temporary file", async () => {
    const inner = mkdtempSync(join(folder, "locked-"));
    const path = join(inner, "m.keras");
    writeFileSync(path, "old");
    const model = small();
    // The name of the temporary file is too long for the file system.
    const long = join(inner, `${"m".repeat(240)}.keras`);
    writeFileSync(long, "old");
    await expect(model.save(long)).rejects.toThrow("ENAMETOOLONG");
    expect(readFileSync(long, "utf8")).toBe("old");
    expect(readdirSync(inner).sort()).toEqual(["m.keras", `${"m".repeat(240)}.keras`].sort());
    chmodSync(path, 0o600);
    await model.save(path);
    expect(await weightsOf(await loadModel(path))).toEqual(await weightsOf(model));
  });
});

describe("classes of one's own", () => {
  class Scale extends Layer<{ readonly start?: number; readonly name?: string }> {
    static override readonly className: string = "Scale";
    factor!: Variable;
    start = 1;
    inner = layers.Dense({ units: 2, name: "inner" });
    blocks = [layers.Dense({ units: 2 }), layers.Dense({ units: 2 })];
    constructor(options: { readonly start?: number; readonly name?: string } = {}) {
      super(options);
      this.start = options.start ?? 1;
    }
    override build(inputShape: Shape): void {
      this.factor = this.addWeight({ name: "factor", shape: [inputShape.at(-1)!], initializer: "ones" });
    }
    override call(input: Tensor): Tensor {
      const z = this.inner(ops.multiply(input, this.factor));
      return this.blocks.reduce((sum, block) => ops.add(sum, block(z)), z);
    }
  }
  const custom = (): Model => {
    const input = Input({ shape: [4] });
    return new Model({ inputs: input, outputs: new Scale({ start: 2, name: "scale" })(input) });
  };

  it("are found in customObjects, in a scope, or where they are registered; their layers stand by attribute and class", async () => {
    const model = custom();
    const bytes = await saving.toBytes(model);
    await expect(loadModel(bytes)).rejects.toThrow(/"Scale"[\s\S]*customObjects/);
    expect(await valuesOf(await loadModel(bytes, { customObjects: { Scale } }))).toEqual(await valuesOf(model));
    const scoped = await saving.customObjectScope({ Scale }, () => loadModel(bytes));
    expect((scoped.layers[1] as unknown as Scale).start).toBe(2);
    const { openHdf5 } = await import("./hdf5/index.ts");
    const root = openHdf5(new ZipArchive(bytes, "m").read("model.weights.h5")!);
    const group = root.group("layers/scale")!;
    expect(group.names()).toEqual(["blocks", "inner", "vars"]);
    expect(group.group("blocks")!.names()).toEqual(["dense", "dense_1"]);

    saving.registerSerializable(Scale, { package: "mine" });
    const named = await saving.toBytes(model);
    expect(new TextDecoder().decode(new ZipArchive(named, "m").read("config.json"))).toContain('"registered_name": "mine>Scale"');
    expect(await valuesOf(await loadModel(named))).toEqual(await valuesOf(model));
    expect(saving.getCustomObjects()["mine>Scale"]).toBe(Scale);
    expect(saving.registeredName(Scale)).toBe("mine>Scale");
    expect(() =>
      saving.registerSerializable(
        class extends Layer {
          override call(z: Tensor): Tensor {
            return z;
          }
        },
        { package: "mine", name: "Scale" },
      ),
    ).toThrow("something else is registered");
  });

  it("a class of a package never means a built-in class", () => {
    const json = { class_name: "Dense", config: { units: 1 }, module: null, registered_name: "theirs>Dense" };
    expect(() => layers.deserialize(json)).toThrow('"theirs>Dense"');
  });

  it("activations, losses and metrics that are functions are written by their names", async () => {
    const twice = (z: Tensor): Tensor => ops.multiply(z, 2);
    function gap(t: TensorLike, p: TensorLike): Tensor {
      return ops.mean(ops.abs(ops.subtract(t, p)), -1);
    }
    const model = new Sequential([layers.Dense({ units: 2, activation: twice, inputShape: [4] })]);
    model.compile({ optimizer: "sgd", loss: gap, metrics: [gap] });
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    for (const format of ["keras", "h5"] as const) {
      const bytes = await saving.toBytes(model, { format });
      await expect(loadModel(bytes)).rejects.toThrow('"twice"');
      const same = await loadModel(bytes, { customObjects: { twice, gap } });
      expect(await same.evaluate(x, y, { verbose: 0 })).toEqual(await model.evaluate(x, y, { verbose: 0 }));
    }
  });

  it("a model that is a class of its own is built as it was", async () => {
    class Net extends Model {
      static override readonly className: string = "Net";
      first = layers.Dense({ units: 3 });
      second = layers.Dense({ units: 2 });
      override call(input: Tensor): Tensor {
        return this.second(this.first(input));
      }
      override getConfig(): Record<string, unknown> {
        return { name: this.name };
      }
    }
    const model = new Net();
    model.compile({ optimizer: "adam", loss: "mse" });
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    const same = await loadModel(await saving.toBytes(model), { customObjects: { Net } });
    expect(await valuesOf(same)).toEqual(await valuesOf(model));
  });
});

describe("what cannot be loaded", () => {
  it("code in a file is refused by name and not executed", async () => {
    const lambda = {
      module: "keras.layers",
      class_name: "Lambda",
      config: {
        name: "evil",
        function: { class_name: "__lambda__", config: { code: "4wEAAAA=", defaults: null, closure: null } },
        arguments: {},
      },
      registered_name: null,
    };
    const config = { module: "keras", class_name: "Sequential", config: { name: "s", layers: [lambda] }, registered_name: null };
    const parts = (json: unknown): Uint8Array =>
      Buffer.concat(
        writeZip([
          { name: "metadata.json", parts: [Buffer.from("{}")] },
          { name: "config.json", parts: [Buffer.from(pythonJson(json))] },
          { name: "model.weights.h5", parts: [Buffer.from("")] },
        ]),
      );
    await expect(loadModel(parts(config))).rejects.toThrow(
      /Lambda "evil" holds a Python function, which is not executed[\s\S]*class Mine extends Layer/,
    );
    await expect(loadModel(parts(config), { safeMode: false })).rejects.toThrow("not executed");
    const dense = {
      module: "keras.layers",
      class_name: "Dense",
      config: { name: "d", units: 2, activation: { class_name: "__lambda__", config: { code: "" } } },
    };
    await expect(loadModel(parts({ class_name: "Sequential", config: { layers: [dense] } }))).rejects.toThrow(
      'Dense "d" holds a Python function',
    );
    await expect(loadModel(parts({ class_name: "Sequential", config: { layers: [{ class_name: "Dnse", config: {} }] } }))).rejects.toThrow(
      '"Dnse"',
    );
  });

  it("weights that do not fit name layer, weight and shapes, and leave the model as it was", async () => {
    const model = small();
    await model.saveWeights(join(folder, "small.weights.h5"));
    const wider = new Sequential([
      layers.Dense({ units: 3, activation: "relu", inputShape: [4] }),
      layers.Dropout({ rate: 0.5 }),
      layers.Dense({ units: 5, name: "head" }),
    ]);
    const before = await valuesOf(wider);
    const error = await wider.loadWeights(join(folder, "small.weights.h5")).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(errors.ShapeError);
    expect(String(error)).toMatch(/Dense "head"[\s\S]*head\/kernel[\s\S]*\[3, 5\][\s\S]*\[3, 2\]/);
    expect(await valuesOf(wider)).toEqual(before);
    await wider.loadWeights(join(folder, "small.weights.h5"), { skipMismatch: true });
    expect((await valuesOf(wider))[0]).toEqual((await valuesOf(model))[0]);
    expect((await valuesOf(wider))[2]).toEqual(before[2]);
  });

  it("legacy weights are matched by order, or by name", async () => {
    const make = (names: readonly string[]): Sequential =>
      new Sequential(names.map((name, i) => layers.Dense({ units: 2, name, ...(i === 0 ? { inputShape: [2] } : {}) })));
    const model = make(["a", "b"]);
    const bytes = await saving.toBytes(model, { format: "h5" });
    const turned = make(["b", "c"]);
    const before = await valuesOf(turned);
    await turned.loadWeights(bytes, { byName: true });
    expect((await valuesOf(turned)).slice(0, 2)).toEqual((await valuesOf(model)).slice(2));
    expect((await valuesOf(turned)).slice(2)).toEqual(before.slice(2));
    await expect(make(["a", "b", "c"]).loadWeights(bytes)).rejects.toThrow("another number of layers");
    await turned.loadWeights(await saving.toBytes(model, { format: "legacy-weights.h5" }));
    expect(await valuesOf(turned)).toEqual(await valuesOf(model));
    await expect(loadModel(await saving.toBytes(model, { format: "weights.h5" }))).rejects.toThrow("weights alone");
    await expect(turned.loadWeights(await saving.toBytes(model), { byName: true })).rejects.toThrow("byName goes with legacy");
  });

  it("files of other kinds, missing files and broken ones say what they are", async () => {
    await expect(loadModel(join(folder, "nowhere.keras"))).rejects.toThrow("there is no such file");
    await expect(loadModel(new Uint8Array(0))).rejects.toThrow("an empty file");
    const text = new TextEncoder().encode("# Not a model\n".repeat(400));
    await expect(loadModel(text)).rejects.toThrow(/no file of a model[^]*\.keras file[^]*# Not a model/);
    await expect(loadModel(new TextEncoder().encode("{}"))).rejects.toThrow("modelFromJSON");
    const bytes = await saving.toBytes(small());
    await expect(loadModel(bytes.subarray(0, 2000))).rejects.toThrow("no zip archive, or its end is missing");
    const flipped = bytes.slice();
    flipped[flipped.length - 3000]! ^= 1;
    await expect(loadModel(flipped)).rejects.toThrow("checksum");
    const h5 = await saving.toBytes(small(), { format: "h5" });
    await expect(loadModel(h5.subarray(0, h5.length - 1))).rejects.toThrow("truncated");
    await expect(loadModel(Buffer.concat(writeZip([{ name: "a.txt", parts: [new Uint8Array(1)] }])))).rejects.toThrow(
      "holds no config.json",
    );
  });
});

describe("state beside weights", () => {
  it("statistics and vocabularies that were learned come back", async () => {
    const normalize = layers.Normalization();
    await normalize.adapt(x);
    const lookup = layers.StringLookup({ outputMode: "tf_idf" });
    await lookup.adapt([
      ["b", "a"],
      ["b", "c"],
    ]);
    const numbers = layers.IntegerLookup({ maskToken: 0 });
    await numbers.adapt([[7, 7, 9]]);
    const model = new Sequential([normalize, layers.Dense({ units: 1 })]);
    model.build([null, 4]);
    const archive = new ZipArchive(await saving.toBytes(model), "m");
    const same = await loadModel(await saving.toBytes(model));
    expect(await (await same.predict(x)).array()).toEqual(await (await model.predict(x)).array());
    expect(archive.names).toEqual(["metadata.json", "config.json", "model.weights.h5"]);

    const input = Input({ shape: [2], dtype: "int32" });
    const counted = new Model({ inputs: input, outputs: numbers(input) });
    const bytes = await saving.toBytes(counted);
    const inner = new ZipArchive(bytes, "m");
    expect(new TextDecoder().decode(inner.read("assets/layers/integer_lookup/vocabulary.txt"))).toBe("0\n-1\n7\n9");
    const again = await loadModel(bytes);
    expect((again.layers[1] as unknown as { getVocabulary(): number[] }).getVocabulary()).toEqual([0, -1, 7, 9]);

    const store = new Map<string, string>();
    lookup.saveAssets(store);
    const variables = new Map<string, Variable>();
    lookup.saveOwnVariables(variables);
    const fresh = layers.StringLookup({ outputMode: "tf_idf" });
    const idf = await variables.get("idf_weights")!.data();
    fresh.loadOwnVariables(new Map([["idf_weights", { shape: [idf.length], dtype: "float32", tensor: () => tensor(idf) }]]));
    fresh.loadAssets(store);
    expect(await fresh([["b"]]).array()).toEqual(await lookup([["b"]]).array());
    expect(modelFromJSON(JSON.stringify(counted)).layers).toHaveLength(2);
  });

  it.each(["int", "tf_idf", "multi_hot"] as const)("texts become the same numbers after loading: %s", async (outputMode) => {
    const vectorize = layers.TextVectorization({ outputMode, ...(outputMode === "int" ? { outputSequenceLength: 4 } : {}) });
    await vectorize.adapt(["the cat sat", "the dog"]);
    const model = new Sequential([
      vectorize,
      ...(outputMode === "int" ? [layers.Embedding({ inputDim: 10, outputDim: 3 }), layers.Flatten()] : []),
      layers.Dense({ units: 2 }),
    ]);
    const texts = tensor(["the cat", "a dog sat"], { dtype: "string" });
    const before = await (await model.predict(texts)).array();
    const bytes = await saving.toBytes(model);
    expect(new ZipArchive(bytes, "m").has("assets/layers/text_vectorization/vocabulary.txt")).toBe(true);
    expect(await (await (await loadModel(bytes)).predict(texts)).array()).toEqual(before);
  });
});
