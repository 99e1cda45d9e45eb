/**
 * Functions that have no machine instruction, as loop IR. Generic over f32 and f32v, with the same bits in both; f64 calls
 * out (`call` in ir.ts). Measured errors: docs/math-accuracy.md. Values that are used more than once are bound in `block`.
 */
import type { Block } from "./block.ts";
import type { Expr } from "./ir.ts";
import { cosh, exp, expm1, sigmoid, sinh, tanh } from "./math/exponential.ts";
import { acosh, asinh, atanh, log, log1p } from "./math/logarithm.ts";
import { errorFunctions, inverseTrigonometry, powers, remainders, trigonometry } from "./parts.ts";

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
  erf: (block, x) => errorFunctions.get().erf(block, x),
  sin: (block, x) => trigonometry.get().sin(block, x),
  cos: (block, x) => trigonometry.get().cos(block, x),
  tan: (block, x) => trigonometry.get().tan(block, x),
  asin: (block, x) => inverseTrigonometry.get().asin(block, x),
  acos: (block, x) => inverseTrigonometry.get().acos(block, x),
  atan: (block, x) => inverseTrigonometry.get().atan(block, x),
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  power: (block, x, y) => powers.get().power(block, x, y),
  atan2: (block, x, y) => inverseTrigonometry.get().atan2(block, x, y),
  remainder: (block, x, y) => remainders.get().remainder(block, x, y),
};
