/** Pieces that the functions of this folder share: polynomials, sign and exponent of a float, exact sums and products. */
import { add, and, bitcast, type Block, constant, constantLike, fma, maskType, mul, or, shl, i32, sub, xor } from "../block.ts";
import type { CallableFunction, Expr } from "../ir.ts";

/** Horner's rule: c[0] + c[1] x + c[2] x^2 + ... `x` is read once per coefficient: pass a variable. */
export function polynomial(x: Expr, coefficients: readonly number[]): Expr {
  let sum = constantLike(x, coefficients[coefficients.length - 1]!);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = fma(sum, x, constantLike(x, coefficients[i]!));
  return sum;
}

/** x^3 p(x^2), what an odd function adds to x. */
export function oddTail(block: Block, x: Expr, coefficients: readonly number[]): Expr {
  const square = block.let(mul(x, x));
  return mul(mul(x, square), polynomial(square, coefficients));
}

/** x + x^3 p(x^2) */
export function oddPolynomial(block: Block, x: Expr, coefficients: readonly number[]): Expr {
  const square = block.let(mul(x, x));
  return block.let(fma(mul(x, square), polynomial(square, coefficients), x));
}

/** The bits of a float as i32 / i32v. */
export function bitsOf(x: Expr): Expr {
  return bitcast(maskType(x.type), x);
}

/** A constant of the integer type that goes with `x`. */
export function bitsLike(x: Expr, value: number): Expr {
  return constant(maskType(x.type), value | 0);
}

/** The sign bit of a float, as bits. */
export function signBit(x: Expr): Expr {
  return and(bitsOf(x), bitsLike(x, 0x80000000));
}

/** `magnitude` (not negative) with the sign of `x`. */
export function copySign(magnitude: Expr, x: Expr): Expr {
  return bitcast(x.type, or(bitsOf(magnitude), signBit(x)));
}

/** `x` with its sign flipped where the sign bit of `bits` is set. */
export function flipSign(x: Expr, bits: Expr): Expr {
  return bitcast(x.type, xor(bitsOf(x), bits));
}

/** 2^exponent for an integer exponent from -126 to 127, in the float type `like` has. */
export function powerOfTwo(like: Expr, exponent: Expr): Expr {
  return bitcast(like.type, shl(add(exponent, bitsLike(like, 127)), i32(23)));
}

/** An unevaluated sum of two floats, |low| at most half a unit in the last place of high. */
export interface Pair {
  readonly high: Expr;
  readonly low: Expr;
}

/** x + y without error (Knuth's TwoSum). */
export function twoSum(block: Block, x: Expr, y: Expr): Pair {
  const high = block.let(add(x, y));
  const part = block.let(sub(high, x));
  const low = block.let(add(sub(x, sub(high, part)), sub(y, part)));
  return { high, low };
}

/** x * y without error (Dekker's product, split by clearing low bits: it needs no fused multiply-add). */
export function twoProduct(block: Block, x: Expr, y: Expr): Pair {
  const [xHigh, xLow] = split(block, x);
  const [yHigh, yLow] = split(block, y);
  const high = block.let(mul(x, y));
  const first = sub(mul(xHigh, yHigh), high);
  const low = block.let(add(add(add(first, mul(xHigh, yLow)), mul(xLow, yHigh)), mul(xLow, yLow)));
  return { high, low };
}

/** x as a sum of a float with 12 significant bits and the rest. */
export function split(block: Block, x: Expr): [high: Expr, low: Expr] {
  const high = block.let(bitcast(x.type, and(bitsOf(x), bitsLike(x, 0xfffff000))));
  return [high, block.let(sub(x, high))];
}

/** A call of JavaScript's Math, for float64. */
export function call(f: CallableFunction, ...args: readonly Expr[]): Expr {
  return { op: "call", type: "f64", f, args };
}
