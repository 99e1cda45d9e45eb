/** Tensors of random numbers, and first and second derivatives of what is computed from them. */
import { expect } from "vitest";
import { evaluate } from "../backends/reference/interpreter.ts";
import { type ConcreteShape, concreteShape, dataTensor, parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import { checkGradients } from "./gradient-check.ts";

/** Numbers in (-1, 1) from a seed (mulberry32). */
export function randomNumbers(count: number, seed: number): Float64Array {
  let state = seed * 0x9e3779b9 + 1;
  return Float64Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
  });
}

/** A float64 tensor of numbers in (-1, 1) from a seed. */
export function randomTensor(shape: ConcreteShape, seed: number): Tensor {
  return dataTensor(randomNumbers(sizeOf(shape), seed), shape, "float64");
}

/** An int32 tensor of integers in [0, below) from a seed. */
export function randomIntegers(shape: ConcreteShape, below: number, seed: number): Tensor {
  const values = Int32Array.from(randomNumbers(sizeOf(shape), seed), (value) => Math.floor(((value + 1) / 2) * below));
  return dataTensor(values, shape, "int32");
}

/** Elements of a tensor that the reference back-end can compute. */
export function valuesOf(tensor: Tensor): Float64Array {
  return Float64Array.from(evaluate([tensor])[0]!.data);
}

/**
 * Expects the first and second derivatives of `f` (any float outputs) by its float64 inputs to agree with central
 * differences on the reference back-end (gradient-check.ts).
 */
export function expectGradients(f: (...inputs: Tensor[]) => Tensor | Tensor[], inputs: readonly Tensor[]): void {
  const parameters = inputs.map((input) => parameterTensor(concreteShape(input), input.dtype));
  expect(checkGradients(new Subgraph(parameters, [f(...parameters)].flat()), evaluate(inputs))).toEqual([]);
}
