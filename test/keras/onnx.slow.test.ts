/** Every recorded layer as an ONNX file whose batch is open: onnxruntime gives what Keras gave. */
import { beforeAll, describe, expect, it } from "vitest";
import { Input, layers, Model, setBackend } from "../../src/index.ts";
import type { Layer } from "../../src/layers/index.ts";
import { flattenStructure } from "../../src/layers/structure.ts";
import { encodeOnnx } from "../../src/saving/onnx/export/index.ts";
import { camelCase } from "../../src/serialization/index.ts";
import type { NdArray, Tensor } from "../../src/graph/index.ts";
import { runOnnx } from "../../src/testing/onnx-runtime.ts";
import { type Case, decode, difference, isStored, loadCases, type StoredArray, toTensor } from "./cases.ts";

const groups = [
  "activations",
  "attention",
  "convolutional",
  "core",
  "merging",
  "newer",
  "normalization",
  "pooling",
  "recurrent",
  "regularization",
  "reshaping",
];

/** The options of a call; arrays among them are further inputs of the model. */
function optionsOf(entry: Case, input: (stored: StoredArray) => Tensor): Record<string, unknown> {
  const revive = (value: unknown): unknown => (isStored(value) ? input(value) : Array.isArray(value) ? value.map(revive) : value);
  return Object.fromEntries(
    Object.entries(entry.call as Record<string, unknown>)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [camelCase(key), revive(value)]),
  );
}

async function check(entry: Case): Promise<string | null> {
  const serialized = entry.serialized as { config: Record<string, unknown> };
  const padding = ((entry.kwargs ?? {}) as Record<string, unknown>)["output_padding"] ?? null;
  const rank = Number(/\d/.exec(String(entry.class_name))?.[0] ?? 0);
  // Keras 3.4 leaves the output padding of transposed convolutions out of their configurations.
  const forgotten = padding === null ? {} : { output_padding: Array.isArray(padding) ? padding : new Array(rank).fill(padding) };
  const layer: Layer = layers.deserialize({ ...serialized, config: { ...serialized.config, ...forgotten }, build_config: null });
  const arrays: NdArray[] = [];
  const inputs: Tensor[] = [];
  const input = (stored: StoredArray): Tensor => {
    const array = decode(stored);
    const symbol = Input({ batchShape: [null, ...array.shape.slice(1)], dtype: array.dtype, name: `input_${inputs.length}` });
    arrays.push(array);
    inputs.push(symbol);
    return symbol;
  };
  const given = (entry.inputs as StoredArray[]).map(input);
  const { states, ...options } = optionsOf(entry, input);
  const call = layer as unknown as (...args: unknown[]) => unknown;
  const args: unknown[] = entry.inputs_as === "list" ? [given] : entry.inputs_as === "positional" ? given : [given[0]!];
  if (states !== undefined) args.push(states);
  if (Object.keys(options).length > 0) args.push(options);
  const outputs = flattenStructure(call(...args)) as Tensor[];
  const model = new Model<unknown, unknown>({ inputs, outputs });
  await layer.setWeights((entry.weights as { value: StoredArray }[]).map(({ value }) => toTensor(value)));
  const results = await runOnnx(await encodeOnnx(model as never), arrays, { optimize: true });
  const recorded = entry.outputs as StoredArray[];
  for (const [i, result] of results.entries()) {
    const stored = recorded[i]!;
    const wanted = decode(stored);
    const got = { shape: result.shape, dtype: wanted.dtype, data: new (wanted.data.constructor as Float32ArrayConstructor)(result.data) };
    const problem = difference(got, stored, { rtol: 5e-5, atol: 2e-5 });
    if (problem !== null) return `output ${i}: ${problem}`;
  }
  return null;
}

beforeAll(() => setBackend("wasm"));

describe.each(groups)("layers_%s as ONNX", (group) => {
  const byClass = new Map<string, Case[]>();
  for (const entry of loadCases(`layers_${group}`))
    byClass.set(String(entry.class_name), [...(byClass.get(String(entry.class_name)) ?? []), entry]);
  it.each([...byClass])("%s", async (_name, cases) => {
    const problems: string[] = [];
    const usable = cases.filter((entry) => (entry.call as Record<string, unknown>)["training"] !== true);
    expect(usable.length).toBeGreaterThan(0);
    for (const entry of usable) {
      const problem = await check(entry).catch((error: unknown) => (error as Error).stack?.slice(0, 700) ?? String(error));
      if (problem !== null) problems.push(`${entry.id}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });
});
