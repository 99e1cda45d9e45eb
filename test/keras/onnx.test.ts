/** Models saved by Keras as ONNX files whose batch is open: onnxruntime predicts what Keras predicted, and so does what is read back. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { dataTensor } from "../../src/graph/index.ts";
import { setBackend, Tensor } from "../../src/index.ts";
import { modelFromJSON } from "../../src/models/index.ts";
import { encodeOnnx } from "../../src/saving/onnx/export/index.ts";
import { loadOnnx } from "../../src/saving/onnx/import/index.ts";
import { runOnnx } from "../../src/testing/onnx-runtime.ts";
import { decode, difference, isStored, type StoredArray, toTensor } from "./cases.ts";

type Arrays = StoredArray | readonly StoredArray[] | Readonly<Record<string, StoredArray>>;
interface Recorded {
  readonly json: object;
  readonly weights: readonly { readonly value: StoredArray }[];
  readonly inputs: Arrays;
  readonly predict: Arrays;
}

const folder = new URL("../fixtures/keras/models/", import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(".json.gz", ""));
const listed = (arrays: Arrays): StoredArray[] =>
  isStored(arrays) ? [arrays] : Array.isArray(arrays) ? [...(arrays as StoredArray[])] : Object.values(arrays);

beforeAll(() => setBackend("wasm"));

describe("models of Keras as ONNX", () => {
  it.each(names)("%s", async (name) => {
    const recorded = JSON.parse(gunzipSync(readFileSync(new URL(`${name}.json.gz`, folder))).toString("utf8")) as Recorded;
    const model = modelFromJSON(recorded.json);
    await model.setWeights(recorded.weights.map(({ value }) => toTensor(value)));
    const bytes = await encodeOnnx(model);
    const slots = model.inputSlots!;
    const inputs =
      isStored(recorded.inputs) || Array.isArray(recorded.inputs)
        ? listed(recorded.inputs)
        : slots.map((slot) => (recorded.inputs as Record<string, StoredArray>)[slot.name]!);
    const arrays = inputs.map(decode).map((array, i) => ({
      ...array,
      dtype: slots[i]!.dtype as "float32" | "int32",
      data: new (slots[i]!.dtype === "int32" ? Int32Array : Float32Array)(array.data),
    }));
    const wanted = listed(recorded.predict).map(decode);
    const read = await loadOnnx(bytes);
    const named = Object.fromEntries(
      read.signature.map(({ name }, i) => [name, dataTensor(arrays[i]!.data, arrays[i]!.shape, arrays[i]!.dtype)]),
    );
    const again = await read.predict(named as never);
    const tensors = again instanceof Tensor ? [again] : read.resultNames.map((output) => (again as Record<string, Tensor>)[output]!);
    for (const [i, tensor] of tensors.entries())
      expect(
        difference({ shape: tensor.shape, dtype: "float32", data: await tensor.data() }, listed(recorded.predict)[i]!, {
          rtol: 1e-5,
          atol: 1e-5,
        }),
      ).toBeNull();
    const rows = arrays[0]!.shape[0]!;
    for (const batch of [rows, 1, 3]) {
      const cut = arrays.map((array) => ({
        ...array,
        shape: [batch, ...array.shape.slice(1)],
        data: array.data.slice(0, (array.data.length / rows) * batch),
      }));
      const results = await runOnnx(bytes, cut, { optimize: batch === 3 });
      for (const [i, { shape, data }] of results.entries()) {
        const { shape: full, data: values } = wanted[i]!;
        const expected = values.slice(0, (values.length / rows) * batch);
        expect(shape).toEqual([batch, ...full.slice(1)]);
        const stored = { shape: [...shape], dtype: "float32", data: Buffer.from(Float32Array.from(expected).buffer).toString("base64") };
        expect(difference({ shape, dtype: "float32", data: Float32Array.from(data) }, stored, { rtol: 1e-5, atol: 1e-5 })).toBeNull();
      }
    }
  });
});
