/** What tests hold every generator of the functions of this folder to. */
import type { MathFunction } from "../math.ts";

/** Largest error allowed, in units in the last place; docs/math-accuracy.md has the measured ones. */
export const errorBounds: Readonly<Record<MathFunction, number>> = {
  exp: 1,
  expm1: 1.5,
  log: 1,
  log1p: 1.5,
  tanh: 1.5,
  sigmoid: 2.3,
  erf: 1.5,
  sin: 1.6,
  cos: 1.6,
  tan: 2,
  asin: 2,
  acos: 1.5,
  atan: 2,
  sinh: 2,
  cosh: 1.5,
  asinh: 2,
  acosh: 1.5,
  atanh: 1.5,
  power: 1.2,
  atan2: 2,
  remainder: 0,
};
