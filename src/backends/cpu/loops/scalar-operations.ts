/** Loop IR of each scalar operation, on values in the representation that expression.ts describes. */
import { type DType, dtypes, isFloat, isShortFloat } from "../../../dtype/index.ts";
import type { ScalarOp } from "../../../graph/index.ts";
import {
  abs,
  add,
  and,
  bitcast,
  type Block,
  ceil,
  compare,
  constant,
  constantLike,
  convert,
  div,
  eq,
  floor,
  gt,
  half,
  i32,
  lt,
  max,
  min,
  mul,
  ne,
  nearest,
  neg,
  not,
  or,
  rem,
  select,
  shl,
  shrS,
  shrU,
  sqrt,
  sub,
  xor,
} from "./block.ts";
import type { Expr, ValueType } from "./ir.ts";
import { type MathFunction, mathFunctions } from "./math.ts";

export { threefry } from "./math.ts";

/** What a row of the table gets: arguments in their representation, their dtype and the result's. */
interface Context {
  readonly block: Block;
  readonly args: readonly Expr[];
  /** Dtype of the arguments (for select: of x and y). */
  readonly argument: DType;
  readonly result: DType;
}

type Row = (x: Expr, y: Expr, context: Context) => Expr;

/** Operations whose results are values of the arguments' format, so that nothing is left to round. */
const exact: ReadonlySet<ScalarOp> = new Set<ScalarOp>(["maximum", "minimum", "negate", "abs", "sign", "floor", "ceil", "round"]);

/** IR of operation `f`. Floating point rounds per operation; integers wrap at their width. */
export function scalarOperation(block: Block, f: ScalarOp, args: readonly Expr[], argument: DType, result: DType): Expr {
  if (f === "select") return select(args[0]!, args[1]!, args[2]!);
  const x = args[0]!;
  const value = rows[f](x, args[1] ?? x, { block, args, argument, result });
  return isShortFloat(result) && !exact.has(f) && f !== "convert" ? rounded(block, value, result) : value;
}

/** An f32 as a number of its dtype: the nearest one that float16 or bfloat16 has, ties to even. */
export function rounded(block: Block, x: Expr, dtype: DType): Expr {
  if (dtype === "float16") return half(x);
  if (dtype !== "bfloat16") return x;
  const vector = isVector(x.type);
  const number = block.let(x);
  const word = block.let(bitcast(vector ? "i32v" : "i32", number));
  const c = (value: number): Expr => constantLike(word, value);
  const up = add(add(word, c(0x7fff)), and(shrU(word, i32(16)), c(1)));
  // Counting up from the bits of a NaN may end anywhere.
  const isNumber = eq(number, number);
  return bitcast(number.type, and(select(isNumber, up, or(word, c(0x400000))), c(-0x10000)));
}

const isVector = (type: ValueType): boolean => type === "f32v" || type === "i32v";

/** Keeps the low byte of a result of one byte. */
function wrap(x: Expr, { result }: Context): Expr {
  return wrapped(x, result);
}

/** An i32 as a number of its dtype: bytes keep their low bits, int8 with their sign. Others are as they are. */
export function wrapped(x: Expr, dtype: DType): Expr {
  if (dtype === "int8") return shrS(shl(x, i32(24)), i32(24));
  return dtype === "uint8" ? and(x, constantLike(x, 255)) : x;
}

/** Integer arithmetic wraps; on bool the operation is the given logical one. */
function arithmetic(f: (x: Expr, y: Expr) => Expr, logical: (x: Expr, y: Expr) => Expr): Row {
  return (x, y, context) => (context.argument === "bool" ? logical(x, y) : wrap(f(x, y), context));
}

/** Comparison; masks of vector bools order the other way round, since true is -1. */
function comparison(f: "eq" | "ne" | "lt" | "le" | "gt" | "ge"): Row {
  return (x, y, context) => (context.argument === "bool" && isVector(x.type) ? compare(f, y, x) : compare(f, x, y));
}

function byMath(f: MathFunction): Row {
  return (x, y, { block }) => mathFunctions[f](block, x, y);
}

/** An operation that rounds to a whole number: integers stay as they are. */
function rounding(f: (x: Expr) => Expr): Row {
  return (x, _, { argument }) => (isFloat(argument) ? f(x) : x);
}

const rows: Readonly<Record<Exclude<ScalarOp, "select">, Row>> = {
  add: arithmetic(add, or),
  subtract: arithmetic(sub, xor),
  multiply: arithmetic(mul, and),
  divide: (x, y, context) => (isFloat(context.argument) ? div(x, y) : wrap(integerDivide(x, y, context), context)),
  remainder: (x, y, context) =>
    isFloat(context.argument) ? mathFunctions.remainder(context.block, x, y) : integerRemainder(x, y, context),
  power: byMath("power"),
  maximum: arithmetic(max, or),
  minimum: arithmetic(min, and),
  atan2: byMath("atan2"),
  negate: (x, _, context) => wrap(neg(x), context),
  abs: (x, _, context) => (context.argument === "uint8" ? x : wrap(abs(x), context)),
  sign: (x, _, { block, argument }) => sign(block.let(x), argument),
  floor: rounding(floor),
  ceil: rounding(ceil),
  round: rounding(nearest),
  exp: byMath("exp"),
  expm1: byMath("expm1"),
  log: byMath("log"),
  log1p: byMath("log1p"),
  sqrt: (x) => sqrt(x),
  rsqrt: (x) => div(constantLike(x, 1), sqrt(x)),
  tanh: byMath("tanh"),
  sigmoid: byMath("sigmoid"),
  erf: byMath("erf"),
  sin: byMath("sin"),
  cos: byMath("cos"),
  tan: byMath("tan"),
  asin: byMath("asin"),
  acos: byMath("acos"),
  atan: byMath("atan"),
  sinh: byMath("sinh"),
  cosh: byMath("cosh"),
  asinh: byMath("asinh"),
  acosh: byMath("acosh"),
  atanh: byMath("atanh"),
  equal: comparison("eq"),
  notEqual: comparison("ne"),
  less: comparison("lt"),
  lessEqual: comparison("le"),
  greater: comparison("gt"),
  greaterEqual: comparison("ge"),
  and: (x, y) => and(x, y),
  or: (x, y) => or(x, y),
  xor: (x, y) => xor(x, y),
  not: (x, _, context) => (context.argument === "bool" && !isVector(x.type) ? eq(x, i32(0)) : wrap(not(x), context)),
  shiftLeft: (x, y, context) => wrap(shl(x, y), context),
  shiftRightLogical: (x, y) => shrU(x, y),
  shiftRightArithmetic: (x, y) => shrS(x, y),
  convert: (x, _, context) => convertValue(context.block, x, context.argument, context.result),
  bitcast: (x, _, { result }) => bitcast(isFloat(result) ? (isVector(x.type) ? "f32v" : "f32") : isVector(x.type) ? "i32v" : "i32", x),
  isFinite: (x, _, { argument }) =>
    isFloat(argument) ? lt(abs(x), constantLike(x, Infinity)) : constant(x.type, isVector(x.type) ? -1 : 1),
};

/** 1, -1 or x itself (0, -0, NaN). */
function sign(x: Expr, dtype: DType): Expr {
  const zero = constantLike(x, 0);
  const positive = select(gt(x, zero), constantLike(x, 1), isFloat(dtype) ? x : zero);
  return dtype === "uint8" ? positive : select(lt(x, zero), constantLike(x, -1), positive);
}

/** Quotient cut towards zero; x/0 is 0 and MIN/-1 is MIN (scalar only). */
function integerDivide(dividend: Expr, divisor: Expr, { block }: Context): Expr {
  if (divisor.op === "const" && divisor.value !== 0 && divisor.value !== -1) return div(dividend, divisor);
  const x = block.let(dividend);
  const y = block.let(divisor);
  // 0 and -1 are divided apart: y + 1 is 0 or 1 there.
  const isSpecial = block.let(compare("ltU", add(y, i32(1)), i32(2)), "special");
  const safe = div(x, select(isSpecial, i32(1), y));
  return select(isSpecial, select(eq(y, i32(0)), i32(0), sub(i32(0), x)), safe);
}

/** Remainder with the sign of x; x%0 and MIN%-1 are 0 (scalar only). */
function integerRemainder(dividend: Expr, divisor: Expr, { block }: Context): Expr {
  if (divisor.op === "const" && divisor.value !== 0 && divisor.value !== -1) return rem(dividend, divisor);
  const y = block.let(divisor);
  // By 0 and -1 (now 1) the remainder is 0.
  return rem(dividend, select(compare("ltU", add(y, i32(1)), i32(2)), i32(1), y));
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
    return isExactIn(from, to) ? single : rounded(block, single, to);
  }
  const whole = convert(vector ? "i32v" : "i32", number);
  if (to === "int32" || from === "bool") return whole;
  if (!isFloat(from)) return wrapped(whole, to);
  const [low, high] = dtypes[to].range;
  return max(constantLike(whole, low), min(block.let(whole), constantLike(whole, high)));
}
