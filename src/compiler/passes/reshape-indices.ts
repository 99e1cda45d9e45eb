/** Indices through a reshape, where they stay affine. */
import { type Affine, type ConcreteShape, stridesOf } from "../../graph/index.ts";
import { weightedSum } from "../kernels/affine.ts";

/**
 * Runs of axes of two shapes of equal size that hold the same elements: `[inAxes, outAxes]` pairs, as small as possible.
 * Axes of extent 1 stand in the run before them.
 */
function runs(input: ConcreteShape, output: ConcreteShape): [number[], number[]][] | null {
  if (input.includes(0) || output.includes(0)) return null;
  const found: [number[], number[]][] = [];
  let i = 0;
  let o = 0;
  while (i < input.length || o < output.length) {
    const inAxes: number[] = [];
    const outAxes: number[] = [];
    let inSize = 1;
    let outSize = 1;
    do {
      if (inSize <= outSize && i < input.length) {
        inSize *= input[i]!;
        inAxes.push(i++);
      } else if (o < output.length) {
        outSize *= output[o]!;
        outAxes.push(o++);
      } else if (i < input.length) {
        inSize *= input[i]!;
        inAxes.push(i++);
      } else return null;
    } while (inSize !== outSize);
    found.push([inAxes, outAxes]);
  }
  return found;
}

/**
 * Indices into the input of a reshape for given indices into its output, or null where an input axis is not an affine
 * function of output axes (several axes are split from one).
 */
export function reshapeIndices(input: ConcreteShape, output: ConcreteShape, indices: readonly Affine[], rank: number): Affine[] | null {
  const zero: Affine = { constant: 0, coefficients: new Array<number>(rank).fill(0) };
  const result = input.map(() => zero);
  const groups = runs(input, output);
  if (groups === null) return null;
  for (const [inAxes, outAxes] of groups) {
    const real = inAxes.filter((axis) => input[axis]! > 1);
    if (real.length === 0) continue;
    const outShape = outAxes.map((axis) => output[axis]!);
    if (real.length === 1) {
      result[real[0]!] = weightedSum(
        outAxes.map((axis) => indices[axis]!),
        stridesOf(outShape),
        rank,
      );
      continue;
    }
    const realOut = outAxes.filter((axis) => output[axis]! > 1);
    if (realOut.length !== real.length || realOut.some((axis, i) => output[axis] !== input[real[i]!])) return null;
    real.forEach((axis, i) => (result[axis] = indices[realOut[i]!]!));
  }
  return result;
}

/** Whether a reshape maps output indices to input indices affinely. */
export function isAffineReshape(input: ConcreteShape, output: ConcreteShape): boolean {
  const rank = output.length;
  const identity = output.map((_, axis): Affine => {
    const coefficients = new Array<number>(rank).fill(0);
    coefficients[axis] = 1;
    return { constant: 0, coefficients };
  });
  return reshapeIndices(input, output, identity, rank) !== null;
}
