/**
 * Functions that have no machine instruction, as loop IR. Generic over f32 and f32v, with the same bits in both; f64 calls
 * out (`call` in ir.ts). Measured errors: docs/math-accuracy.md. Values that are used more than once are bound in `block`.
 */
import type { Block } from "./block.ts";
import type { Expr } from "./ir.ts";
import { exp, expm1, sigmoid, tanh } from "./math/exponential.ts";
import { log, log1p } from "./math/logarithm.ts";
import { rareKernels } from "./parts.ts";

export { threefry } from "./math/threefry.ts";

/** Name of a function in `mathFunctions`. */
export type MathFunction =
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "tanh"
  | "sigmoid"
  | "erf"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "power"
  | "atan2"
  | "remainder";

/** Functions of x, or of x and y (`power` x^y, `atan2` of ordinate x and abscissa y, `remainder` of x by y). */
export const mathFunctions: Readonly<Record<MathFunction, (block: Block, x: Expr, y: Expr) => Expr>> = {
  exp,
  expm1,
  log,
  log1p,
  tanh,
  sigmoid,
  erf: (block, x) => rareKernels.get().erf(block, x),
  sin: (block, x) => rareKernels.get().sin(block, x),
  cos: (block, x) => rareKernels.get().cos(block, x),
  tan: (block, x) => rareKernels.get().tan(block, x),
  asin: (block, x) => rareKernels.get().asin(block, x),
  acos: (block, x) => rareKernels.get().acos(block, x),
  atan: (block, x) => rareKernels.get().atan(block, x),
  sinh: (block, x) => rareKernels.get().sinh(block, x),
  cosh: (block, x) => rareKernels.get().cosh(block, x),
  asinh: (block, x) => rareKernels.get().asinh(block, x),
  acosh: (block, x) => rareKernels.get().acosh(block, x),
  atanh: (block, x) => rareKernels.get().atanh(block, x),
  power: (block, x, y) => rareKernels.get().power(block, x, y),
  atan2: (block, x, y) => rareKernels.get().atan2(block, x, y),
  remainder: (block, x, y) => rareKernels.get().remainder(block, x, y),
};
