/**
 * Functions that have no machine instruction, as loop IR. Generic over f32 and f32v, with the same bits in both; f64 calls
 * out (`call` in ir.ts). Measured errors: docs/math-accuracy.md. Values that are used more than once are bound in `block`.
 */
import type { Block } from "./block.ts";
import type { Expr } from "./ir.ts";
import { erf } from "./math/erf.ts";
import { exp } from "./math/exponential.ts";
import { expm1, sigmoid, tanh } from "./math/exponential-relatives.ts";
import { acosh, asinh, atanh, cosh, sinh } from "./math/hyperbolic.ts";
import { acos, asin, atan, atan2 } from "./math/inverse-trigonometric.ts";
import { log1p } from "./math/log1p.ts";
import { log } from "./math/logarithm.ts";
import { power } from "./math/power.ts";
import { remainder } from "./math/remainder.ts";
import { cos, sin, tan } from "./math/trigonometric.ts";

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
  erf,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  power,
  atan2,
  remainder,
};
