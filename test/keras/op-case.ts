/** One recorded call of an op, compared with what the same op gives here. */
import { gradients } from "../../src/autodiff/index.ts";
import { evaluate } from "../../src/backends/reference/index.ts";
import { isFloat } from "../../src/dtype/index.ts";
import { dataTensor, type NdArray, Tensor } from "../../src/graph/index.ts";
import * as ops from "../../src/ops/index.ts";
import "../../src/register.ts";
import { camelCase } from "../../src/serialization/index.ts";
import { type Case, difference, isStored, revive, type StoredArray, toTensor } from "./cases.ts";
import { settled } from "./settled.ts";

const tolerance = { rtol: 2e-5, atol: 1e-6 };
type Op = (...args: unknown[]) => unknown;

/** The op of a name of Keras. */
export function findOp(name: string): Op | undefined {
  const path = name
    .replace(/^ops\./, "")
    .split(".")
    .map(camelCase);
  let place: unknown = ops;
  for (const part of path) place = (place as Record<string, unknown> | undefined)?.[part];
  return typeof place === "function" ? (place as Op) : undefined;
}

/** Calls an op with its options in camelCase. */
function call(op: Op, args: unknown[], kwargs: Record<string, unknown>): unknown {
  const options = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [camelCase(key), value]));
  return Object.keys(options).length > 0 ? op(...args, options) : op(...args);
}

/** Static arguments that the recorder stored as arrays. */
const staticArrays: Readonly<Record<string, readonly number[]>> = { "ops.repeat": [1] };

/** Runs tensors on a back-end. */
export type Evaluate = (tensors: readonly Tensor[]) => readonly NdArray[] | Promise<readonly NdArray[]>;

/** What a case differs in, or null: outputs, their dtypes, gradients. */
export async function checkOpCase(entry: Case, evaluateOn: Evaluate): Promise<string | null> {
  const op = findOp(entry["op"] as string)!;
  const inputs: Tensor[] = [];
  const convert = (value: unknown): unknown => {
    if (isStored(value)) {
      const tensor = toTensor(value);
      inputs.push(tensor);
      return tensor;
    }
    return Array.isArray(value) ? value.map(convert) : revive(value);
  };
  const fixed = staticArrays[entry["op"] as string] ?? [];
  const args = (entry["args"] as unknown[]).map((value, i) => {
    if (!fixed.includes(i) || !isStored(value)) return convert(value);
    const tensor = toTensor(value);
    inputs.push(tensor);
    return Array.from(evaluate([tensor])[0]!.data);
  });
  const kwargs = Object.fromEntries(
    Object.entries((entry["kwargs"] ?? {}) as Record<string, unknown>).map(([key, value]) => [key, convert(value)]),
  );
  const result = call(op, args, kwargs);
  const outputs = (Array.isArray(result) ? result : [result]).map((value: unknown) =>
    value instanceof Tensor ? value : dataTensor(Int32Array.of(value as number), [], "int32"),
  );
  const stored = entry["outputs"] as StoredArray[];
  const values = settled(entry, await evaluateOn(outputs));
  for (const [i, wanted] of stored.entries()) {
    const problem = difference(values[i]!, wanted, tolerance);
    if (problem !== null) return `output ${i}: ${problem}`;
    const dtype = wanted.dtype === "int64" ? "int32" : wanted.dtype;
    if (values[i]!.dtype !== dtype) return `output ${i} is ${values[i]!.dtype} instead of ${wanted.dtype}`;
  }
  const cotangents = (entry["cotangents"] as (StoredArray | null)[] | undefined)?.filter((cotangent) => cotangent !== null);
  const wanted = entry["input_grads"] as (StoredArray | null)[] | undefined;
  if (cotangents === undefined || wanted === undefined) return null;
  const sources = inputs.filter((input, i) => isFloat(input.dtype) && wanted[i] !== null);
  const targets = outputs.filter((output) => isFloat(output.dtype));
  const found = await evaluateOn(gradients(targets, sources, { cotangents: cotangents.map(toTensor) }));
  for (const [i, gradient] of found.entries()) {
    const problem = difference(gradient, wanted[inputs.indexOf(sources[i]!)]!, tolerance);
    if (problem !== null) return `gradient ${i}: ${problem}`;
  }
  return null;
}
