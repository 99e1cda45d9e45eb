import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, it } from "vitest";
import { errors, modelFromJSON, ops, saving, tensor } from "../index.ts";
import { expectClear, readMutations } from "../testing/mutate-bytes.ts";
import { decodeNpy, loadNpz } from "./npy/index.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors/index.ts";

const isClear = (error: unknown): boolean => error instanceof errors.NablaError && !(error instanceof errors.InternalError);
const numpy = JSON.parse(readFileSync(new URL("../../test/fixtures/npy/numpy.json", import.meta.url), "utf8")) as {
  npy: Record<string, { file: string }>;
  npz: string;
  npzCompressed: string;
};
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

const folder = new URL("../../test/fixtures/keras/models/", import.meta.url);
interface Recorded {
  readonly json: object;
}
const recorded = (name: string): Recorded =>
  JSON.parse(gunzipSync(readFileSync(new URL(`${name}.json.gz`, folder))).toString("utf8")) as Recorded;

describe("2,500 mutations of each format give a clear error or a reading", () => {
  it("safetensors", async () => {
    const files = [
      await encodeSafetensors({ x: tensor([1, 2, 3]), yy: tensor([[1, 2]], { dtype: "int32" }) }, { metadata: { a: "b" } }),
      await encodeSafetensors(
        {
          "layer/kernel": tensor([
            [1, 2],
            [3, 4],
          ]),
          flag: tensor([true]),
        },
        { floats: "bfloat16" },
      ),
    ];
    const outcome = await readMutations(files, 2500, (bytes) => decodeSafetensors(bytes), isClear);
    expectClear(outcome, 1500);
  });

  it("npy", async () => {
    const files = Object.values(numpy.npy).map(({ file }) => bytesOf(file));
    const outcome = await readMutations(files, 2500, (bytes) => decodeNpy(bytes), isClear, { focus: 128 });
    expectClear(outcome, 1500);
  });

  it("npz", async () => {
    const files = [bytesOf(numpy.npz), bytesOf(numpy.npzCompressed)];
    const outcome = await readMutations(files, 2500, (bytes) => loadNpz(bytes), isClear);
    expectClear(outcome, 1000);
  });

  it("ONNX", async () => {
    const models = ["lenet", "embedding_lstm", "tiny_transformer"].map((name) => modelFromJSON(recorded(name).json));
    const files = await Promise.all(models.map((model) => saving.encodeOnnx(model)));
    const read = async (bytes: Uint8Array): Promise<void> => {
      const model = await saving.loadOnnx(bytes);
      // Building the graph computes shapes; nothing runs.
      model.call(
        model.signature.map(({ shape, dtype }) =>
          ops.zeros(
            (shape ?? []).map((extent) => Math.min(64, extent ?? 2)),
            { dtype },
          ),
        ),
      );
    };
    const outcome = await readMutations(files, 2500, read, isClear);
    expectClear(outcome, 500);
  });

  it("TF.js", async () => {
    const files = await saving.encodeTfjs(modelFromJSON(recorded("lenet").json));
    const json = files.get("model.json")!;
    const shards = Object.fromEntries(files);
    const outcome = await readMutations([json], 2500, (bytes) => saving.loadTfjs(bytes, { shards }), isClear);
    expectClear(outcome, 1000);
  });
});
