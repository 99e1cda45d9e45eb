/** First and second derivatives against central differences, in float64 on the reference back-end. */
import { expect } from "vitest";
import { differentiate } from "../autodiff/differentiate.ts";
import { evaluate, interpret } from "../backends/reference/interpreter.ts";
import { isFloat } from "../dtype/index.ts";
import { type ConcreteShape, concreteShape, dataTensor, type NdArray, parameterTensor, sizeOf, Subgraph, type Tensor, typeOf } from "../graph/index.ts";
import { add, multiply, onesLike, reduceSum, zerosLike } from "../primitives/index.ts";

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

function weightedSum(tensors: readonly Tensor[], seed: number): Tensor {
  const terms = tensors.map((tensor, i) =>
    reduceSum(multiply(tensor, randomTensor(concreteShape(tensor), seed + i)), concreteShape(tensor).map((_, axis) => axis)),
  );
  return terms.reduce((sum, term) => add(sum, term));
}

/** How well derivatives must agree with differences: |a - b| <= tolerance * (1 + |b|). */
export interface DifferenceOptions {
  /** Highest derivative that is checked. Default 2. */
  readonly order?: 1 | 2;
  /** Default 2e-6: truncation and cancellation of central differences with a step of 1e-5 in float64, with a margin. */
  readonly tolerance?: number;
}

/**
 * Checks the gradient of `f` (any outputs, weighted by fixed numbers) at `inputs`, and the gradient of that gradient
 * (weighted likewise), against central differences along every float64 input element.
 */
export function expectGradients(f: (...inputs: Tensor[]) => Tensor | Tensor[], inputs: readonly Tensor[], options: DifferenceOptions = {}): void {
  const { order = 2, tolerance = 2e-6 } = options;
  const parameters = inputs.map((input) => parameterTensor(concreteShape(input), input.dtype));
  const floats = parameters.filter((parameter) => isFloat(parameter.dtype));
  const ys = [f(...parameters)].flat().filter((y) => isFloat(y.dtype));
  const derive = (y: Tensor): Tensor[] => differentiate([y], floats, [onesLike(y)]).map((gradient, i) => gradient ?? zerosLike(floats[i]!));

  const value = weightedSum(ys, 101);
  const first = derive(value);
  const slope = weightedSum(first, 201);
  const second = order === 2 ? derive(slope) : [];
  const args = evaluate(inputs).map((array): NdArray => ({ ...array, data: array.data.slice() }));
  const analytic = interpret(new Subgraph(parameters, [...first, ...second]), args);
  const probe = new Subgraph(parameters, [value, slope]);

  const step = 1e-5;
  floats.forEach((parameter, i) => {
    const { data } = args[parameters.indexOf(parameter)]!;
    for (let at = 0; at < data.length; at++) {
      const center = data[at]!;
      data[at] = center + step;
      const above = interpret(probe, args).map((array) => array.data[0]!);
      data[at] = center - step;
      const below = interpret(probe, args).map((array) => array.data[0]!);
      data[at] = center;
      for (let derivative = 0; derivative < order; derivative++) {
        const difference = (above[derivative]! - below[derivative]!) / (2 * step);
        const computed = analytic[derivative * floats.length + i]!.data[at]!;
        const what = `derivative ${derivative + 1} by element ${at} of input ${i} ${typeOf(parameter).shape.join("x")}`;
        expect(Math.abs(computed - difference), `${what}: ${computed}, by differences ${difference}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(difference)));
      }
    }
  });
}
