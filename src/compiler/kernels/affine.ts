/** Arithmetic on affine functions of a kernel's axes. */
import type { Affine } from "../../graph/index.ts";

/** The constant function. */
export function affineConstant(rank: number, constant = 0): Affine {
  return { constant, coefficients: new Array<number>(rank).fill(0) };
}

/** The value of one axis. */
export function affineAxis(rank: number, axis: number): Affine {
  const coefficients = new Array<number>(rank).fill(0);
  coefficients[axis] = 1;
  return { constant: 0, coefficients };
}

/** `f(inputs)`: substitutes one affine function for each axis that `f` ranges over. `rank` is that of the inputs. */
export function compose(f: Affine, inputs: readonly Affine[], rank: number): Affine {
  let constant = f.constant;
  const coefficients = new Array<number>(rank).fill(0);
  for (let i = 0; i < f.coefficients.length; i++) {
    const scale = f.coefficients[i]!;
    if (scale === 0) continue;
    const input = inputs[i]!;
    constant += scale * input.constant;
    for (let axis = 0; axis < rank; axis++) coefficients[axis]! += scale * input.coefficients[axis]!;
  }
  return { constant, coefficients };
}

/** `sum of weights[i] * parts[i]`. */
export function weightedSum(parts: readonly Affine[], weights: readonly number[], rank: number): Affine {
  return compose({ constant: 0, coefficients: weights }, parts, rank);
}

/** Whether the function is constant. */
export function isConstant(f: Affine): boolean {
  return f.coefficients.every((c) => c === 0);
}

/** Whether two functions are equal. */
export function sameAffine(a: Affine, b: Affine): boolean {
  return a.constant === b.constant && a.coefficients.every((c, axis) => c === b.coefficients[axis]);
}

/** Smallest and largest value over 0 <= axis < extent. */
export function affineRange(f: Affine, extents: readonly number[]): readonly [number, number] {
  let low = f.constant;
  let high = f.constant;
  f.coefficients.forEach((c, axis) => {
    const reach = c * Math.max(0, extents[axis]! - 1);
    if (reach < 0) low += reach;
    else high += reach;
  });
  return [low, high];
}

/** Text that is equal for equal functions. */
export function affineKey(f: Affine): string {
  return `${f.constant}:${f.coefficients.join()}`;
}
