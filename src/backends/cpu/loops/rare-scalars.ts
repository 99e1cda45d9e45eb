/** Loop IR of the scalar operations that few kernels have. */
import { type DType, dtypes, isFloat } from "../../../dtype/index.ts";
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
  div,
  eq,
  floor,
  gt,
  half,
  i32,
  lt,
  max,
  min,
  nearest,
  not,
  or,
  rem,
  select,
  shl,
  shrS,
  shrU,
  sub,
  xor,
} from "./block.ts";
import type { Expr } from "./ir.ts";
import { type MathFunction, mathFunctions } from "./math.ts";
import { isVector, type RareScalarOp, type ScalarContext, type ScalarRow, wrap, wrapped } from "./scalar-operations.ts";

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

/** A whole number (of a float: cut) as one of a byte: floats saturate, integers keep the low bits. */
export function toByte(block: Block, whole: Expr, from: DType, to: DType): Expr {
  if (!isFloat(from)) return wrapped(whole, to);
  const [low, high] = dtypes[to].range;
  return max(constantLike(whole, low), min(block.let(whole), constantLike(whole, high)));
}

/** 1, -1 or x itself (0, -0, NaN). */
function sign(x: Expr, dtype: DType): Expr {
  const zero = constantLike(x, 0);
  const positive = select(gt(x, zero), constantLike(x, 1), isFloat(dtype) ? x : zero);
  return dtype === "uint8" ? positive : select(lt(x, zero), constantLike(x, -1), positive);
}

/** Quotient cut towards zero; x/0 is 0 and MIN/-1 is MIN (scalar only). */
function quotient(dividend: Expr, divisor: Expr, { block }: ScalarContext): Expr {
  if (divisor.op === "const" && divisor.value !== 0 && divisor.value !== -1) return div(dividend, divisor);
  const x = block.let(dividend);
  const y = block.let(divisor);
  // 0 and -1 are divided apart: y + 1 is 0 or 1 there.
  const isSpecial = block.let(compare("ltU", add(y, i32(1)), i32(2)), "special");
  const safe = div(x, select(isSpecial, i32(1), y));
  return select(isSpecial, select(eq(y, i32(0)), i32(0), sub(i32(0), x)), safe);
}

/** The quotient of integers, as a number of the result's dtype. */
export function integerDivide(x: Expr, y: Expr, context: ScalarContext): Expr {
  return wrap(quotient(x, y, context), context);
}

/** Remainder with the sign of x; x%0 and MIN%-1 are 0 (scalar only). */
function integerRemainder(dividend: Expr, divisor: Expr, { block }: ScalarContext): Expr {
  if (divisor.op === "const" && divisor.value !== 0 && divisor.value !== -1) return rem(dividend, divisor);
  const y = block.let(divisor);
  // By 0 and -1 (now 1) the remainder is 0.
  return rem(dividend, select(compare("ltU", add(y, i32(1)), i32(2)), i32(1), y));
}

function byMath(f: MathFunction): ScalarRow {
  return (x, y, { block }) => mathFunctions[f](block, x, y);
}

/** An operation that rounds to a whole number: integers stay as they are. */
function rounding(f: (x: Expr) => Expr): ScalarRow {
  return (x, _, { argument }) => (isFloat(argument) ? f(x) : x);
}

/** Rows of the operations. */
export const rareScalars: Readonly<Record<RareScalarOp, ScalarRow>> = {
  remainder: (x, y, context) =>
    isFloat(context.argument) ? mathFunctions.remainder(context.block, x, y) : integerRemainder(x, y, context),
  power: byMath("power"),
  atan2: byMath("atan2"),
  sign: (x, _, { block, argument }) => sign(block.let(x), argument),
  floor: rounding(floor),
  ceil: rounding(ceil),
  round: rounding(nearest),
  expm1: byMath("expm1"),
  log1p: byMath("log1p"),
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
  and: (x, y) => and(x, y),
  or: (x, y) => or(x, y),
  xor: (x, y) => xor(x, y),
  not: (x, _, context) => (context.argument === "bool" && !isVector(x.type) ? eq(x, i32(0)) : wrap(not(x), context)),
  shiftLeft: (x, y, context) => wrap(shl(x, y), context),
  shiftRightArithmetic: (x, y) => shrS(x, y),
  bitcast: (x, _, { result }) => bitcast(isFloat(result) ? (isVector(x.type) ? "f32v" : "f32") : isVector(x.type) ? "i32v" : "i32", x),
  isFinite: (x, _, { argument }) =>
    isFloat(argument) ? lt(abs(x), constantLike(x, Infinity)) : constant(x.type, isVector(x.type) ? -1 : 1),
};
