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

/** Whether two functions over the same axes may give one value at different points, or at the same. */
export function mayMeet(a: Affine, b: Affine, extents: readonly number[]): boolean {
  if (a.coefficients.some((c, axis) => c !== b.coefficients[axis] && extents[axis]! > 1)) return true;
  // They meet where their distance is a sum of steps: largest steps first, what is left must be within reach of the rest.
  const steps = a.coefficients
    .map((c, axis) => ({ size: Math.abs(c), most: extents[axis]! - 1 }))
    .filter(({ size, most }) => size * most > 0);
  steps.sort((x, y) => y.size - x.size);
  const reach = (from: number): number => steps.slice(from).reduce((sum, { size, most }) => sum + size * most, 0);
  const isSum = (distance: number, from: number): boolean => {
    if (distance === 0) return true;
    if (from === steps.length || Math.abs(distance) > reach(from)) return false;
    const { size, most } = steps[from]!;
    const rest = reach(from + 1);
    // Steps that overlap are not taken apart.
    if (rest >= size) return true;
    const counts = [Math.ceil((distance - rest) / size), Math.floor((distance + rest) / size)];
    return counts.some((count) => Math.abs(count) <= most && isSum(distance - count * size, from + 1));
  };
  return isSum(b.constant - a.constant, 0);
}

/** Text that is equal for equal functions. */
export function affineKey(f: Affine): string {
  return `${f.constant}:${f.coefficients.join()}`;
}
