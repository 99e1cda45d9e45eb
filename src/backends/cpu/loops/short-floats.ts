/**
 * float16 and bfloat16 by arithmetic on bits, for targets without instructions for them. Operands are variables: they
 * stand in several places.
 */
import { add, and, bitcast, constantLike, convert, eq, ge, gt, i32, lt, mul, or, select, shl, shrU, sub } from "./block.ts";
import type { Expr, ValueType } from "./ir.ts";

const isVector = ({ type }: Expr): boolean => type === "f32v" || type === "i32v";
const integers = (x: Expr): ValueType => (isVector(x) ? "i32v" : "i32");
const floats = (x: Expr): ValueType => (isVector(x) ? "f32v" : "f32");

/** Difference of the exponents' biases (127 - 15), in place. */
const rebias = (127 - 15) << 23;

/**
 * The value of float16 bits (in the low half of an i32): exact. In the place of a float32's exponent and fraction they are the
 * value divided by 2^112, below 2^-14 a subnormal float32, which the product makes a normal one again.
 */
export function fromHalfBits(bits: Expr): Expr {
  const c = (value: number): Expr => constantLike(bits, value);
  const magnitude = and(bits, c(0x7fff));
  const small = bitcast(floats(bits), shl(magnitude, i32(13)));
  const value = bitcast(integers(bits), mul(small, constantLike(small, 2 ** 112)));
  // Infinities and NaN have the largest exponent.
  const special = select(ge(magnitude, c(0x7c00)), c(0x7f800000), c(0));
  return bitcast(floats(bits), or(or(value, special), shl(and(bits, c(0x8000)), i32(16))));
}

/** The bits of an f32 that is a float16 (or NaN, which becomes a quiet one). */
export function toHalfBits(x: Expr): Expr {
  const word = bitcast(integers(x), x);
  const c = (value: number): Expr => constantLike(word, value);
  const magnitude = and(word, c(0x7fffffff));
  const normal = shrU(sub(magnitude, c(rebias)), i32(13));
  const units = convert(integers(x), mul(bitcast(floats(x), magnitude), constantLike(x, 2 ** 24)));
  const finite = select(lt(magnitude, c(0x38800000)), units, normal);
  const large = select(gt(magnitude, c(0x7f800000)), c(0x7e00), c(0x7c00));
  return or(select(ge(magnitude, c(0x7f800000)), large, finite), and(shrU(word, i32(16)), c(0x8000)));
}

/** The float16 nearest to an f32, ties to even, as an f32: from 65520 on infinity. NaN stays NaN. */
export function nearestHalf(x: Expr): Expr {
  const word = bitcast(integers(x), x);
  const c = (value: number): Expr => constantLike(word, value);
  const magnitude = and(word, c(0x7fffffff));
  const up = add(add(magnitude, c(0xfff)), and(shrU(magnitude, i32(13)), c(1)));
  const normal = select(ge(magnitude, c(0x477ff000)), c(0x7f800000), and(up, c(-0x2000)));
  // Beside 1/2 numbers below 2^-14 keep multiples of 2^-24, rounded as every sum is.
  const half = constantLike(x, 0.5);
  const small = bitcast(integers(x), sub(add(bitcast(floats(x), magnitude), half), half));
  const value = or(select(lt(magnitude, c(0x38800000)), small, normal), and(word, c(-0x80000000)));
  return bitcast(floats(x), select(eq(x, x), value, or(word, c(0x400000))));
}
