/** What is given to a layer: call arguments, names of things, arrays for weights. */
import { type DType, hostArray } from "../dtype/index.ts";
import { ShapeError, StateError, UnknownNameError, ValueError } from "../errors.ts";
import {
  type ConcreteShape,
  dataTensor,
  hostValues,
  isHostTypedArray,
  isPlainObject,
  type Shape,
  sizeOf,
  Tensor,
  type Variable,
} from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { describe } from "./layer-options.ts";
import { flattenStructure } from "./structure.ts";

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

/** Throws ShapeError where what a layer is to be built for are no shapes, or no lists or objects of them. */
export function checkShapes(where: string, shapes: readonly unknown[]): void {
  const isExtent = (extent: unknown): boolean => extent === null || (Number.isInteger(extent) && (extent as number) >= 0);
  const areShapes = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.every(isExtent) || value.every(areShapes);
    return isPlainObject(value) && Object.values(value).every(areShapes);
  };
  for (const shape of shapes) {
    if (shape === undefined || areShapes(shape)) continue;
    throw new ShapeError({
      where,
      problem: "a layer is built for the shape of its input, or a list of shapes",
      expected: "for example [null, 32]: whole numbers, null where the extent is not known",
      received: describe(shape),
      advice: "pass shapes to build, or call the layer on its inputs",
    });
  }
}

/** Throws ValueError where a mask is no tensor, no list of them and not null. */
export function checkMask(where: string, mask: unknown): void {
  if (typeof mask === "object" || mask === undefined) return;
  throw new ValueError({
    where,
    problem: "a mask is a tensor of booleans, or a list of them",
    expected: "true where an element counts",
    received: describe(mask),
  });
}

/** The error of asking for input or output of a layer that was not called on symbolic tensors. */
export function neverCalled(where: string): StateError {
  return new StateError({
    where,
    problem: "the layer has not been called on symbolic tensors, so that it has no input and no output",
    expected: "a call on what Input or another layer gave, or a place in a model whose input shape is known",
    advice: "begin a Sequential with Input({ shape }), or give its first layer an inputShape",
  });
}

/** The error of calling a layer on nothing. */
export function calledOnNothing(where: string): ValueError {
  return new ValueError({ where, problem: "a layer is called on tensors", expected: "at least one input", received: "no input" });
}

/** Shape of the input of a layer that takes one tensor. Throws ValueError for anything else. */
export function shapeOfTensor(where: string, input: unknown): Shape {
  if (input instanceof Tensor) return input.shape;
  throw new ValueError({
    where,
    problem: "the layer takes one tensor",
    expected: "a tensor",
    received: Array.isArray(input) ? `a list of ${input.length}` : describe(input),
  });
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

/** The error of quantizing a layer whose weights are not quantized. */
export function notQuantized(label: string, className: string): ValueError {
  return new ValueError({
    where: `${label}.quantize`,
    problem: "the weights of this layer are not quantized",
    expected: "Dense, EinsumDense, Embedding, ReversibleEmbedding, or a model of them",
    received: className,
  });
}

/** What stands for an input of a layer that needs values, while its output is described. */
export function zeroTensor(shape: ConcreteShape, dtype: DType): Tensor {
  return dataTensor(hostArray(dtype, sizeOf(shape)), shape, dtype);
}

/** Throws ValueError where what a layer is made with is no object of options. */
export function checkIsOptions(className: string, options: unknown): void {
  if (options === undefined || isPlainObject(options)) return;
  throw new ValueError({
    where: className,
    problem: "a layer takes one object of options",
    expected: "for example { units: 10 }",
    received: describe(options),
    advice: "write the options as one object; inputs go into the call: layer(options)(inputs)",
  });
}

/** The error of making a layer without an option that has no default. */
export function missingOption(where: string, className: string, key: string, options: unknown): ValueError {
  return new ValueError({
    where,
    problem: `the option ${key} is missing`,
    expected: `${className}({ ${key}: ... })`,
    received: describe(options ?? {}),
  });
}

/** Whether a call has arguments with tensors beside the first one and the mask. */
export function hasMoreTensors(inputs: readonly unknown[], options: Readonly<Record<string, unknown>>): boolean {
  const others = Object.entries(options).filter(([name]) => name !== "mask");
  return [...inputs.slice(1), ...others.map(([, value]) => value)].some((value) =>
    flattenStructure(value).some((leaf) => leaf instanceof Tensor),
  );
}
