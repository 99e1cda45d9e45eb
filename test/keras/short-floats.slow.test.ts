/** Ops on float16 and bfloat16, and layers under mixed policies, beside what Keras 3.4.1 on TensorFlow gives for them. */
import { describe, expect, it } from "vitest";
import { createReferenceBackend } from "../../src/backends/reference/index.ts";
import { createWasmBackend } from "../../src/backends/cpu/wasm/index.ts";
import { createX64Backend } from "../../src/backends/cpu/x64/index.ts";
import { type DType, isFloat, isShortFloat, roundedTo, type ShortFloat, shortFloats, type TypedArray } from "../../src/dtype/index.ts";
import { dataTensor, Subgraph, Tensor } from "../../src/graph/index.ts";
import { deserialize } from "../../src/layers/index.ts";
import * as ops from "../../src/ops/index.ts";
import "../../src/register.ts";
import { camelCase } from "../../src/serialization/index.ts";
import { type RunGraph, runnerOf } from "../../src/testing/compare.ts";
import { type Case, decode, isStored, loadCases, revive, type StoredArray, toTensor } from "./cases.ts";
import { findOp } from "./op-case.ts";

/** A case of `short_ops` or `short_layers`. */
interface Recorded {
  readonly id: string;
  readonly format: string;
  readonly outputs?: readonly StoredArray[];
  readonly weights?: readonly string[];
  readonly error?: string;
}
const dtypeOf = (stored: StoredArray): string => (stored.dtype === "int64" ? "int32" : stored.dtype);

/** Every tensor of a structure. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (typeof value === "number") return [dataTensor(Int32Array.of(value), [], "int32")];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(tensorsIn) : [];
}

/** Calls the op of a case with its float arrays rounded to a format; `wide`: as float32 then. */
function call(entry: Case, format: ShortFloat, wide: boolean): Tensor[] {
  const given = (value: unknown): unknown => {
    if (!isStored(value)) return Array.isArray(value) ? value.map(given) : revive(value);
    const tensor = toTensor(value);
    if (!isFloat(tensor.dtype)) return tensor;
    const short = ops.cast(tensor, format);
    return wide ? ops.cast(short, "float32") : short;
  };
  const args = (entry["args"] as unknown[]).map((value, i) =>
    entry["op"] === "ops.repeat" && i === 1 && isStored(value) ? Array.from(decode(value).data) : given(value),
  );
  const options = Object.entries((entry["kwargs"] ?? {}) as Record<string, unknown>).map(([key, value]) => [camelCase(key), given(value)]);
  const op = findOp(entry["op"] as string)!;
  return tensorsIn(options.length > 0 ? op(...args, Object.fromEntries(options)) : op(...args));
}

/** Largest difference in units of the format's epsilon at the largest finite number, or at the least normal one. */
function distance(found: TypedArray, wanted: TypedArray, format: ShortFloat): number {
  let [largest, worst] = [0, 0];
  for (const value of wanted) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  wanted.forEach((value, i) => {
    if (Object.is(value, found[i]) || value === found[i] || (Number.isNaN(value) && Number.isNaN(found[i]))) return;
    const gap = Math.abs(value - found[i]!) / (Math.max(largest, shortFloats[format].tiny) * shortFloats[format].epsilon);
    worst = Math.max(worst, Number.isNaN(gap) ? Infinity : gap);
  });
  return worst;
}

/** TensorFlow has no kernel for these on a processor; they are computed here. `softmax` of several axes is Keras's TypeError. */
const computedHere = ["map_coordinates", "erfinv", "in_top_k", "softmax"];
/** NumPy's float64 of a list of bfloat16, in Keras's `select`. */
const otherDType = ["ops/select/0"];

const backends: Readonly<Record<string, () => RunGraph>> = {
  reference: () => runnerOf(createReferenceBackend()),
  wasm: () => runnerOf(createWasmBackend({ threads: 1 })),
  x64: () => runnerOf(createX64Backend({ threads: 1 })),
};
const bases = new Map(loadCases("ops").map((entry) => [entry.id, entry]));

describe.each(["float16", "bfloat16"] as const)("ops on %s", (format) => {
  const cases = loadCases<Recorded>("short_ops").filter((entry) => entry.format === format);

  it("have Keras's dtypes, and are refused where Keras refuses them", () => {
    const wrong: string[] = [];
    for (const { id, outputs, error } of cases) {
      const name = id.split("/")[1]!;
      if (outputs === undefined) {
        if (computedHere.includes(name)) continue;
        expect(() => call(bases.get(id)!, format, false), `${id}, which Keras refuses with ${error}`).toThrow(/E_DTYPE[^]*in two bytes/);
        continue;
      }
      const found = call(bases.get(id)!, format, false).map(({ dtype }) => dtype);
      const wanted = outputs.map(dtypeOf);
      if (found.join() !== wanted.join() && !otherDType.includes(id)) wrong.push(`${id}: ${found.join()} instead of ${wanted.join()}`);
    }
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThan(400);
  });

  it.each(Object.keys(backends))("are within the format's epsilon of float32's results on %s", async (name) => {
    const run = backends[name]!();
    const computed = cases.filter(({ id, outputs }, i) => {
      // WebAssembly, whose code is x64's before it is emitted, computes one case of each op.
      const isFirst = cases.findIndex((other) => other.id.split("/")[1] === id.split("/")[1]) === i;
      return outputs !== undefined && (name !== "wasm" || isFirst);
    });
    const wrong: string[] = [];
    // One program for many cases: programs of their own would take a minute.
    for (let first = 0; first < computed.length; first += 32) {
      const pairs = computed.slice(first, first + 32).flatMap(({ id }) => {
        // Infinity becomes the largest number of the dtype.
        if (id === "ops/nan_to_num/1") return [];
        const wide = call(bases.get(id)!, format, true);
        return call(bases.get(id)!, format, false).map((short, i) => ({ id, short, wide: wide[i]! }));
      });
      const values = await run(
        new Subgraph(
          [],
          pairs.flatMap(({ short, wide }) => [short, wide]),
        ),
        [],
      );
      pairs.forEach(({ id, short }, i) => {
        const wanted = values[2 * i + 1]!;
        // Beyond the format lies infinity.
        const fitting = isShortFloat(short.dtype)
          ? wanted.map((x) => (Number.isFinite(roundedTo(format, x)) ? x : roundedTo(format, x)))
          : wanted;
        const units = distance(values[2 * i]!, fitting, format);
        if (!(units <= 1)) wrong.push(`${id}: ${units}`);
      });
    }
    expect(wrong).toEqual([]);
  });
});

/** A configuration under another policy. */
function under(policy: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => under(policy, part));
  if (typeof value !== "object" || value === null) return revive(value);
  const entries = value as Record<string, unknown>;
  if (entries["class_name"] === "DTypePolicy") return { ...entries, config: { name: policy } };
  return Object.fromEntries(
    Object.entries(entries).map(([key, part]) => [key, key === "dtype" && part === "float32" ? policy : under(policy, part)]),
  );
}

describe.each(["mixed_bfloat16", "mixed_float16"] as const)("layers under the policy %s", (policy) => {
  const format = policy.slice("mixed_".length) as ShortFloat;
  const cases = loadCases<Recorded>("short_layers").filter((entry) => entry.format === policy && entry.outputs !== undefined);
  const groups = [...new Set(["core", "convolutional", "recurrent", "attention", "normalization", "pooling", "merging", "reshaping"])];

  it.each(groups)("give Keras's dtypes, and its values within a few roundings: %s", async (group) => {
    const run = backends["reference"]!();
    const wrong: string[] = [];
    const entries = new Map(loadCases(`layers_${group}`).map((entry) => [entry.id, entry]));
    const chosen = cases.filter(({ id }) => entries.has(id));
    expect(chosen.length).toBeGreaterThan(5);
    for (const { id, outputs, weights } of chosen) {
      const entry = entries.get(id)!;
      const layer = deserialize({ ...(under(policy, entry["serialized"]) as { class_name: string; config: object }), build_config: null });
      const inputs = (entry["inputs"] as StoredArray[]).map(toTensor);
      const options = Object.fromEntries(
        Object.entries(entry["call"] as Record<string, unknown>).map(([key, value]) => [camelCase(key), revive(value)]),
      );
      const asList = entry["inputs_as"] === "list";
      const shapes = inputs.map(({ shape }) => shape);
      const positional = entry["inputs_as"] === "positional";
      const build = layer.build.bind(layer) as (...shapes: unknown[]) => void;
      const states = "states" in options ? [options["states"]] : [];
      delete options["states"];
      const given = asList ? [inputs] : [...inputs, ...states];
      if (positional && states.length === 0) build(...shapes);
      else build(asList ? shapes : shapes[0]);
      const stored = (entry["weights"] as { value: StoredArray }[]).map(({ value }) => toTensor(value));
      await layer.setWeights(stored);
      const found = tensorsIn(layer(...given, options));
      const dtypes = [...layer.weights, ...found].map(({ dtype }): DType => dtype).join();
      const wanted = [...weights!.map((dtype) => (dtype === "int64" ? "int32" : dtype)), ...outputs!.map(dtypeOf)].join();
      if (dtypes !== wanted) wrong.push(`${id}: ${dtypes} instead of ${wanted}`);
      const values = await run(new Subgraph([], found), []);
      outputs!.forEach((output, i) => {
        const { data } = decode({ ...output, dtype: isShortFloat(output.dtype) ? "float32" : output.dtype });
        // Sums are rounded once here, and by TensorFlow wherever its kernels do; recurrent layers carry that from step to step.
        const units = distance(values[i]!, data, format);
        if (!(units <= 4)) wrong.push(`${id}, output ${i}: ${units}`);
      });
    }
    expect(wrong).toEqual([]);
  });
});
