/** Products written as einsums. */
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { EinsumEquation } from "../einsum-equation.ts";
import type { ProductForm, ScaleLayout } from "./forms.ts";

/** The labels of input, kernel and output, with letters for the axes that "..." stands for. */
function labelled({ input, kernel, output, ellipsis }: EinsumEquation, rank: number): [string, string, string] {
  const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].filter((label) => !`${input}${kernel}${output}`.includes(label));
  const elided = free.slice(0, rank - input.length).join("");
  const with_ = (labels: string): string => (ellipsis === "right" ? labels + elided : elided + labels);
  return [with_(input), kernel, with_(output)];
}

interface Layout extends ScaleLayout {
  readonly summed: readonly number[];
  shapeOf(shape: readonly number[]): number[];
}

/**
 * Where the axes of a scale, of the rank of its operand and 1 along summed axes, go in the result: axes of the operand in
 * the order of the result, summed ones in the places of axes that only the other operand has while there are such.
 */
function layoutOf(operand: string, output: string): Layout {
  const summed = [...operand].flatMap((label, axis) => (output.includes(label) ? [] : [axis]));
  const missing = [...output].flatMap((label, axis) => (operand.includes(label) ? [] : [axis]));
  const order = [...output].flatMap((label) => (operand.includes(label) ? [operand.indexOf(label)] : []));
  const dropped: number[] = [];
  let place = order.length;
  for (const axis of summed) {
    if (missing.length > 0) place = missing.shift()!;
    else dropped.push(axis);
    order.splice(place, 0, axis);
  }
  const inverse = order.map((_, axis) => order.indexOf(axis));
  // Dropped axes are named by their place after the others were moved.
  return {
    summed,
    align: (scale) => {
      const moved = ops.transpose(scale, order);
      const spaced = missing.length === 0 ? moved : ops.expandDims(moved, [...missing]);
      return dropped.length === 0 ? spaced : ops.squeeze(spaced, { axis: [...dropped] });
    },
    spread: (scale) => {
      const spaced = dropped.length === 0 ? scale : ops.expandDims(scale, [...dropped]);
      const moved = missing.length === 0 ? spaced : ops.squeeze(spaced, { axis: [...missing] });
      return ops.transpose(moved, inverse);
    },
    shapeOf: (shape) => {
      const kept = order.map((axis) => (summed.includes(axis) ? 1 : shape[axis]!));
      for (const axis of missing) kept.splice(axis, 0, 1);
      return kept.filter((_, axis) => !dropped.includes(axis));
    },
  };
}

/** The product of an equation for inputs of a rank and a kernel of a shape. */
export function einsumForm(equation: EinsumEquation, rank: number, kernelShape: readonly number[]): ProductForm {
  const [input, kernel, output] = labelled(equation, rank);
  const [inputs, weights] = [layoutOf(input, output), layoutOf(kernel, output)];
  // Summed axes of the input in the order of the kernel's.
  const inputAxes = weights.summed.map((axis) => input.indexOf(kernel[axis]!));
  const also = inputs.summed.filter((axis) => !inputAxes.includes(axis));
  return {
    kernelShape,
    kernelAxes: weights.summed,
    inputAxes: [...inputAxes, ...also],
    kernelScale: weights,
    inputScale: inputs,
    scaleShape: weights.shapeOf(kernelShape),
    isMatrix: false,
    multiply: (x, w) => ops.einsum(equation.text, x, w),
    inputGradient: (upstream, w): Tensor => ops.einsum(`${output},${kernel}->${input}`, upstream, w),
  };
}
