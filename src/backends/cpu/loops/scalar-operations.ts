/** Loop IR of each scalar operation, on values in the representation that expression.ts describes. */
import { type DType, dtypes, isFloat, isShortFloat } from "../../../dtype/index.ts";
import type { ScalarOp } from "../../../graph/index.ts";
import {
  abs,
  add,
  and,
  type Block,
  compare,
  constant,
  constantLike,
  convert,
  div,
  i32,
  max,
  min,
  mul,
  ne,
  neg,
  or,
  select,
  shl,
  shrS,
  shrU,
  sqrt,
  sub,
  xor,
} from "./block.ts";
import type { Expr, ValueType } from "./ir.ts";
import { exp } from "./math/exponential.ts";
import { log } from "./math/logarithm.ts";
import { rareKernels } from "./parts.ts";

/** What a row of the table gets: arguments in their representation, their dtype and the result's. */
export interface ScalarContext {
  readonly block: Block;
  readonly args: readonly Expr[];
  /** Dtype of the arguments (for select: of x and y). */
  readonly argument: DType;
  readonly result: DType;
}

/** IR of one operation of x, or of x and y. */
export type ScalarRow = (x: Expr, y: Expr, context: ScalarContext) => Expr;

/** Operations whose results are values of the arguments' format, so that nothing is left to round. */
const exact: ReadonlySet<ScalarOp> = new Set<ScalarOp>(["maximum", "minimum", "negate", "abs", "sign", "floor", "ceil", "round"]);

/** IR of operation `f`. Floating point rounds per operation; integers wrap at their width. */
export function scalarOperation(block: Block, f: ScalarOp, args: readonly Expr[], argument: DType, result: DType): Expr {
  if (f === "select") return select(args[0]!, args[1]!, args[2]!);
  const x = args[0]!;
  const row: ScalarRow = isCommon(f) ? common[f] : rareKernels.get().rareScalars[f];
  const value = row(x, args[1] ?? x, { block, args, argument, result });
  return isShortFloat(result) && !exact.has(f) && f !== "convert" ? rareKernels.get().rounded(block, value, result) : value;
}

export const isVector = (type: ValueType): boolean => type === "f32v" || type === "i32v";

/** Keeps the low byte of a result of one byte. */
export function wrap(x: Expr, { result }: ScalarContext): Expr {
  return wrapped(x, result);
}

/** An i32 as a number of its dtype: bytes keep their low bits, int8 with their sign. Others are as they are. */
export function wrapped(x: Expr, dtype: DType): Expr {
  if (dtype === "int8") return shrS(shl(x, i32(24)), i32(24));
  return dtype === "uint8" ? and(x, constantLike(x, 255)) : x;
}

/** Integer arithmetic wraps; on bool the operation is the given logical one. */
function arithmetic(f: (x: Expr, y: Expr) => Expr, logical: (x: Expr, y: Expr) => Expr): ScalarRow {
  return (x, y, context) => (context.argument === "bool" ? logical(x, y) : wrap(f(x, y), context));
}

/** Comparison; masks of vector bools order the other way round, since true is -1. */
function comparison(f: "eq" | "ne" | "lt" | "le" | "gt" | "ge"): ScalarRow {
  return (x, y, context) => (context.argument === "bool" && isVector(x.type) ? compare(f, y, x) : compare(f, x, y));
}

/** Operations that most programs have. */
type CommonScalarOp =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "maximum"
  | "minimum"
  | "negate"
  | "abs"
  | "exp"
  | "log"
  | "sqrt"
  | "rsqrt"
  | "equal"
  | "notEqual"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual"
  | "shiftRightLogical"
  | "convert";
/** Operations whose rows are loaded when a kernel has them. */
export type RareScalarOp = Exclude<ScalarOp, CommonScalarOp | "select">;

const common: Readonly<Record<CommonScalarOp, ScalarRow>> = {
  add: arithmetic(add, or),
  subtract: arithmetic(sub, xor),
  multiply: arithmetic(mul, and),
  divide: (x, y, context) => (isFloat(context.argument) ? div(x, y) : rareKernels.get().integerDivide(x, y, context)),
  maximum: arithmetic(max, or),
  minimum: arithmetic(min, and),
  negate: (x, _, context) => wrap(neg(x), context),
  abs: (x, _, context) => (context.argument === "uint8" ? x : wrap(abs(x), context)),
  exp: (x, _, { block }) => exp(block, x),
  log: (x, _, { block }) => log(block, x),
  sqrt: (x) => sqrt(x),
  rsqrt: (x) => div(constantLike(x, 1), sqrt(x)),
  equal: comparison("eq"),
  notEqual: comparison("ne"),
  less: comparison("lt"),
  lessEqual: comparison("le"),
  greater: comparison("gt"),
  greaterEqual: comparison("ge"),
  shiftRightLogical: (x, y) => shrU(x, y),
  convert: (x, _, context) => convertValue(context.block, x, context.argument, context.result),
};

function isCommon(f: ScalarOp): f is CommonScalarOp {
  return f in common;
}

/** Whether `to` has every value of `from`. */
function isExactIn(from: DType, to: DType): boolean {
  return from === "bool" || to === "float32" || (dtypes[from].bytes === 1 && dtypes[from].kind === "integer");
}

/**
 * Conversion of values: a float to an integer truncates and saturates, NaN gives 0; integers to bytes keep the low byte;
 * to bool is x != 0.
 */
export function convertValue(block: Block, x: Expr, from: DType, to: DType): Expr {
  if (from === to) return x;
  const vector = isVector(x.type);
  if (to === "bool") return ne(x, constantLike(x, 0));
  const number = from === "bool" && vector ? and(x, constant("i32v", 1)) : x;
  if (to === "float64") return convert("f64", number);
  if (isFloat(to)) {
    const single = convert(vector ? "f32v" : "f32", number);
    return isExactIn(from, to) ? single : rareKernels.get().rounded(block, single, to);
  }
  const whole = convert(vector ? "i32v" : "i32", number);
  return to === "int32" || from === "bool" ? whole : rareKernels.get().toByte(block, whole, from, to);
}
