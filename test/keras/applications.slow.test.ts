/** Outputs of applications whose weights are filled by a formula, against Keras's. */
import { describe, expect, it } from "vitest";
import { Model, ops, setBackend, tensor } from "../../src/index.ts";
import { filled, formula, modelOf } from "./applications.ts";
import { decode, difference, loadCases, type StoredArray } from "./cases.ts";

interface Intermediate {
  readonly layer: string;
  readonly shape: readonly number[];
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly first: StoredArray;
}

describe("applications_forward", () => {
  for (const entry of loadCases("applications_forward")) {
    it(`${entry.id} gives Keras's logits and intermediate values`, { timeout: 600_000 }, async () => {
      await setBackend(process.env["NABLA_BACKEND"] ?? "cpu");
      const model = modelOf(entry);
      const [gain, offset] = [entry["gain"] as number, entry["weight_index_offset"] as number];
      await model.setWeights(model.weights.map((weight, k) => tensor(filled(weight, k + offset, gain), { shape: weight.shape })));
      for (const [k, values] of entry["fill_check"] as [number, number[]][])
        expect(Array.from((await model.weights[k]!.data()).slice(0, 4))).toEqual(values);
      const shape = entry["input_shape"] as number[];
      const size = shape.reduce((product, extent) => product * extent, 1);
      const x = tensor(Float32Array.from(formula(size, entry["input_index"] as number)), { shape });
      const intermediates = entry["intermediates"] as Intermediate[];
      const outputs = intermediates.map(({ layer }) => model.graph!.callsOf(model.getLayer(layer))[0]!.outputs[0]!);
      const probe = new Model({ inputs: model.inputs!, outputs: [...outputs, model.outputs!] });
      const results = await probe.predictOnBatch(x);
      const logits = results.at(-1)!;
      const bound = { rtol: 5e-5, atol: 1e-5 };
      const compare = async (actual: typeof logits, wanted: StoredArray): Promise<string | null> =>
        difference({ shape: actual.shape, dtype: actual.dtype, data: await actual.data() }, wanted, bound);
      expect(await compare(logits, entry["logits"] as StoredArray)).toBeNull();
      expect(await compare(ops.softmax(logits), entry["softmax"] as StoredArray)).toBeNull();
      for (const [index, { layer, shape, mean, std, min, max, first }] of intermediates.entries()) {
        const actual = results[index]!;
        expect(actual.shape, layer).toEqual(shape);
        const data = await actual.data();
        const values = Float64Array.from(data);
        const average = values.reduce((sum, value) => sum + value, 0) / values.length;
        const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length);
        const reach = Math.max(Math.abs(min), Math.abs(max));
        const tolerance = 1e-5 + 5e-5 * reach;
        const extremes = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
        [average, deviation, ...extremes].forEach((value, i) =>
          expect(Math.abs(value - [mean, std, min, max][i]!), `${layer}: ${["mean", "std", "min", "max"][i]!}`).toBeLessThan(tolerance),
        );
        const wanted = decode(first).data;
        wanted.forEach((value, i) => expect(Math.abs(data[i]! - value), `${layer}: element ${i}`).toBeLessThan(tolerance));
      }
    });
  }
});
