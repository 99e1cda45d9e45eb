/** Affine index functions, as lowering descriptors need them. */
import type { Affine } from "../graph/index.ts";

/** `constant + sum of coefficient * axis` over an iteration space of `rank` axes, from [axis, coefficient] terms. */
export function affine(rank: number, terms: readonly (readonly [axis: number, coefficient: number])[], constant = 0): Affine {
  const coefficients = new Array<number>(rank).fill(0);
  for (const [axis, coefficient] of terms) coefficients[axis]! += coefficient;
  return { constant, coefficients };
}
