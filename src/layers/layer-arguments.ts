/** What is given to a layer: call arguments, names of things, arrays for weights. */
import { UnknownNameError, ValueError } from "../errors.ts";
import { dataTensor, hostValues, isHostTypedArray, isPlainObject, type Tensor, type Variable } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { describe } from "./layer-options.ts";

/** Inputs, and the options object at the end where there is one. */
export function splitArguments(args: readonly unknown[]): { inputs: readonly unknown[]; options: Readonly<Record<string, unknown>> } {
  const last = args.at(-1);
  if (args.length > 1 && isPlainObject(last)) return { inputs: args.slice(0, -1), options: last };
  return { inputs: args.at(-1) === undefined ? args.slice(0, -1) : args, options: {} };
}

/** Runs `resolve`; an unknown name is an error of the layer that was given it. */
export function named(where: string, key: string, resolve: () => unknown): unknown {
  try {
    return resolve();
  } catch (error) {
    if (!(error instanceof UnknownNameError)) throw error;
    throw new UnknownNameError({ ...error.parts, where, problem: `${key}: ${error.parts.problem}` });
  }
}

/** An array for a weight: tensors and nested arrays keep their shape, a flat typed array takes the weight's. */
export function tensorForWeight(value: TensorLike, weight: Variable): Tensor {
  if (!isHostTypedArray(value) || value.length !== weight.size) return asTensor(value, weight.dtype);
  const host = hostValues(weight.path, value, { dtype: weight.dtype, shape: weight.shape });
  return dataTensor(host.values, host.shape, host.dtype);
}

/** What is held by properties, also inside lists, maps and objects, and fits; `self` itself is left out. */
export function heldIn(properties: readonly unknown[], self: unknown, fits: (value: unknown) => boolean): unknown[] {
  const found = new Set<unknown>();
  const visit = (value: unknown, depth: number): void => {
    if (value === null || (typeof value !== "object" && typeof value !== "function") || value === self) return;
    if (fits(value)) found.add(value);
    else if (depth < 4 && Array.isArray(value)) for (const entry of value) visit(entry, depth + 1);
    else if (depth < 4 && value instanceof Map) for (const entry of value.values()) visit(entry, depth + 1);
    else if (depth < 4 && isPlainObject(value)) for (const entry of Object.values(value)) visit(entry, depth + 1);
  };
  for (const value of properties) visit(value, 0);
  return [...found];
}

/** Throws ValueError where a name cannot be part of the paths of weights. */
export function checkLayerName(where: string, name: unknown): void {
  if (name === undefined || name === null || (typeof name === "string" && name !== "" && !name.includes("/"))) return;
  throw new ValueError({
    where,
    problem: "the name of a layer is a text without /",
    expected: 'for example "hidden"',
    received: describe(name),
  });
}
