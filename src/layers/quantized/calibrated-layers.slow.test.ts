/** Models that Keras 3.15 quantized on data (scripts/record-calibrated.py). */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  errors,
  layers,
  Model,
  modelFromJSON,
  ops,
  quantizers,
  Sequential,
  setBackend,
  tensor,
  type HostData,
  type Tensor,
} from "../../index.ts";
import type { StoredArray } from "../stored-variables.ts";

interface Variables {
  readonly spec: string;
  readonly name: string;
  readonly dtype: string;
  readonly value: HostData;
}
interface Case {
  readonly mode: "gptq" | "awq";
  readonly options: Record<string, unknown>;
  readonly model: object;
  readonly floats: readonly HostData[];
  readonly x: HostData;
  readonly before: HostData;
  readonly y: HostData;
  readonly layers: readonly { readonly config: object; readonly dtype: object; readonly variables: readonly Variables[] }[];
}

const path = new URL("../../../test/fixtures/keras/calibrated.json.gz", import.meta.url);
const recorded = JSON.parse(gunzipSync(readFileSync(path)).toString()) as { ids: HostData[]; cases: Record<string, Case> };

const flat = (x: HostData): number[] => (Array.isArray(x) ? (x as HostData[]).flatMap(flat) : [Number(x)]);
const numbers = async (x: Tensor): Promise<number[]> => Array.from(await x.data());
const nearest = (found: readonly number[], expected: readonly number[], tolerance: number): void => {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of found.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(value)));
};

interface Built {
  readonly model: Sequential;
  readonly ids: Tensor;
  readonly config: quantizers.GPTQConfig | quantizers.AWQConfig;
}

async function built(given: Case): Promise<Built> {
  const model = modelFromJSON(JSON.stringify(given.model)) as unknown as Sequential;
  await model.setWeights(given.floats.map((values) => tensor(values)));
  const [first, ...blocks] = model.layers;
  const options = Object.fromEntries(
    Object.entries(given.options).map(([key, value]) => [key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), value]),
  );
  const all = {
    dataset: recorded.ids.map((ids) => tensor(ids, { dtype: "int32" })),
    tokenizer: (): number[] => [],
    numSamples: 5,
    sequenceLength: 6,
    quantizationLayerStructure: { preBlockLayers: [first!], sequentialBlocks: blocks },
    ...options,
  };
  const config = given.mode === "gptq" ? quantizers.GPTQConfig(all) : quantizers.AWQConfig(all);
  return { model, ids: tensor(given.x, { dtype: "int32" }), config };
}

const leaves = (model: layers.Layer): layers.Layer[] =>
  model.sublayers.length === 0 ? [model] : model.sublayers.flatMap((layer) => leaves(layer));

beforeAll(() => setBackend("reference"));

describe.each(["reference", "wasm", "cpu"])("models that are quantized on data, on the back-end %s", (backend) => {
  beforeAll(() => setBackend(backend));
  afterAll(() => setBackend("reference"));

  it.each(Object.entries(recorded.cases))("store and compute what Keras does: %s", async (_, given) => {
    const { model, ids, config } = await built(given);
    nearest(await numbers(await model.predict(ids, { verbose: 0 })), flat(given.before), 1e-5);
    await model.quantize(given.mode, { config });
    const quantized = leaves(model).filter((layer) => layer.quantizationMode === given.mode);
    expect(quantized.length).toBe(given.layers.length);
    for (const [i, layer] of quantized.entries()) {
      const expected = given.layers[i]!;
      const { quantization_config: own, dtype } = layer.getConfig() as { quantization_config: { config: object }; dtype: object };
      expect(own.config).toEqual(expected.config);
      expect(dtype).toMatchObject(expected.dtype);
      const stored = new Map<string, Tensor>();
      layer.saveOwnVariables(stored);
      for (const [at, variable] of expected.variables.entries()) {
        const value = stored.get(String(at))!;
        expect(value.dtype).toBe(variable.dtype);
        const found = await numbers(value);
        if (variable.dtype === "uint8") expect([variable.spec, ...found]).toEqual([variable.spec, ...flat(variable.value)]);
        else nearest(found, flat(variable.value), 1e-5);
      }
    }
    nearest(await numbers(await model.predict(ids, { verbose: 0 })), flat(given.y), 1e-4);
  });

  it("come back from their configuration and their weights", async () => {
    for (const name of ["gptq in groups", "awq in groups"]) {
      const { model, ids, config } = await built(recorded.cases[name]!);
      await model.quantize(config.mode, { config });
      const wanted = await numbers(await model.predict(ids, { verbose: 0 }));
      const again = modelFromJSON(model.toJson());
      const copies = leaves(again as never);
      for (const [i, layer] of leaves(model).entries()) {
        const store = new Map<string, Tensor>();
        layer.saveOwnVariables(store);
        const arrays = new Map<string, StoredArray>();
        for (const [key, value] of store)
          arrays.set(key, { shape: value.shape as number[], dtype: value.dtype, tensor: () => ops.convertToTensor(value) });
        copies.filter((copy) => !(copy instanceof layers.InputLayer))[i]!.loadOwnVariables(arrays);
      }
      nearest(await numbers(await again.predict(ids, { verbose: 0 })), wanted, 1e-6);
    }
  });

  it("take files of Keras 3.15, which forgets zero points, where these are known", async () => {
    const loaded = async (name: string): Promise<readonly number[]> => {
      const { model, config } = await built(recorded.cases[name]!);
      await model.quantize(config.mode, { config });
      const layer = leaves(model).find((one) => one.quantizationMode === config.mode)!;
      const store = new Map<string, Tensor>();
      layer.saveOwnVariables(store);
      const zeros = await numbers(store.get("3")!);
      const kept = [...store.values()].filter((_, place) => place !== 3);
      const arrays = kept.map((value, i): [string, StoredArray] => [
        String(i),
        { shape: value.shape as number[], dtype: value.dtype, tensor: () => ops.convertToTensor(value) },
      ]);
      layer.loadOwnVariables(new Map(arrays));
      const again = new Map<string, Tensor>();
      layer.saveOwnVariables(again);
      expect(await numbers(again.get("3")!)).toEqual(zeros);
      return zeros;
    };
    expect(new Set(await loaded("gptq symmetric"))).toEqual(new Set([8]));
    await expect(loaded("gptq in groups")).rejects.toThrow(/no zero points/);
    await expect(loaded("awq")).rejects.toThrow(/Keras 3.15/);
  });

  it("round the weights of groups far from zero too, where Keras wraps bytes", async () => {
    const weights = ops.add(ops.reshape(ops.arange(0, 12, { dtype: "float32" }), [2, 6]), 100);
    const { scale, zero } = quantizers.affineParameters(weights, { bits: 4, groupSize: 3 });
    const groups = tensor([0, 0.5, 0.9, 1, 1.3, 1.7]);
    const [scales, zeros] = [quantizers.alongInputs(scale, groups), quantizers.alongInputs(zero, groups)];
    const again = quantizers.affineFloats(quantizers.affineNumbers(weights, scales, zeros, 4), scales, zeros);
    expect(Math.max(...(await numbers(ops.abs(ops.subtract(again, weights)))))).toBeLessThan(112 / 30 + 1e-4);
  });

  it("keep outputs nearer than the nearest numbers do", async () => {
    const given = recorded.cases["gptq in groups"]!;
    const error = async (spreadBy: "inverse" | "cholesky", hessianDamping = 0.01): Promise<number> => {
      const { model, ids } = await built(given);
      const [first, ...blocks] = model.layers;
      const config = quantizers.GPTQConfig({
        dataset: [ids],
        weightBits: 3,
        groupSize: -1,
        hessianDamping,
        spreadBy,
        quantizationLayerStructure: { preBlockLayers: [first!], sequentialBlocks: blocks },
      });
      await model.quantize(null, { config });
      const found = await numbers(await model.predict(ids, { verbose: 0 }));
      return flat(given.before).reduce((sum, value, i) => sum + (value - found[i]!) ** 2, 0);
    };
    const paper = await error("cholesky");
    expect(paper).toBeLessThan(await error("inverse"));
    // With much damping the Hessian says nothing about which inputs go together.
    expect(paper).toBeLessThan(await error("cholesky", 1));
  });

  it("refuse what cannot be calibrated", async () => {
    const given = recorded.cases["gptq"]!;
    const { model, config } = await built(given);
    expect(() => model.quantize("gptq")).toThrow(/config: quantizers.GPTQConfig/);
    expect(() => model.layers[1]!.sublayers[0]!.quantize("gptq", { config })).toThrow(/model.quantize/);
    const without = quantizers.GPTQConfig({ dataset: [[1, 2]], tokenizer: null });
    await expect(model.quantize("gptq", { config: without })).rejects.toThrow(/getQuantizationLayerStructure/);
    const structure = { sequentialBlocks: [layers.Dense({ units: 2 })] };
    const empty = quantizers.AWQConfig({ dataset: [], quantizationLayerStructure: structure });
    await expect(model.quantize("awq", { config: empty })).rejects.toThrow(/needs data/);
    const texts = quantizers.AWQConfig({ dataset: ["a"], quantizationLayerStructure: structure });
    await expect(model.quantize("awq", { config: texts })).rejects.toThrow(/without a tokenizer/);
    expect(() => quantizers.GPTQConfig({ dataset: null, weightBits: 5 })).toThrow(errors.ValueError);
    expect(() => quantizers.GPTQConfig({ dataset: null, groupSize: 0 })).toThrow(/groupSize/);
    expect(() => quantizers.AWQConfig({ dataset: null, weightBits: 8 as never })).toThrow(/GPTQConfig/);
    const crossed = layers.EinsumDense({ equation: "ab,cb->ac", outputShape: 4 });
    const one = new Sequential([layers.InputLayer({ shape: [3] }), crossed] as never);
    const turned = quantizers.GPTQConfig({ dataset: [ops.ones([2, 3])], quantizationLayerStructure: { sequentialBlocks: [one] } });
    await expect(one.quantize("gptq", { config: turned })).rejects.toThrow(/other axes of the kernel/);
    expect(one).toBeInstanceOf(Model);
  });
});
