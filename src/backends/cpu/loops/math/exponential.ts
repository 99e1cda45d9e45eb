/**
 * exp and its relatives in float32. e^x = 2^k e^r with k = round(x log2 e) and |r| <= ln2/2 (Cody and Waite's two-part
 * ln 2); e^r = 1 + r + r^2 q(r). Coefficients: weighted minimax fits (see docs/math-accuracy.md).
 */
import { add, type Block, constantLike, convert, fma, gt, i32, lt, maskType, mul, nearest, select, shrS, sub } from "../block.ts";
import type { Expr } from "../ir.ts";
import { bitsLike, call, polynomial, powerOfTwo } from "./floats.ts";

const log2e = 1.44269504088896341;
/** ln 2 in two parts; the first has 10 significant bits, so that its product with k is exact. Source: Cephes, expf.c. */
const ln2High = 0.693359375;
const ln2Low = -2.1219444e-4;
/** e^r = 1 + r + r^2 q(r) to 5e-10 for |r| <= ln2/2. */
const q = [0.5, 0.16666666, 0.041666493, 0.008333543, 0.0013932394, 0.0001976446];

/** x moved into [low, high]; NaN stays. */
export function clamp(x: Expr, low: number, high: number, block: Block): Expr {
  const below = block.let(select(gt(x, constantLike(x, high)), constantLike(x, high), x));
  return block.let(select(lt(below, constantLike(x, low)), constantLike(x, low), below));
}

/** k (integer) and e^r - 1 of a clamped x + low. */
export function reduce(block: Block, x: Expr, low?: Expr): { k: Expr; expm1: Expr } {
  const k = block.let(nearest(mul(x, constantLike(x, log2e))));
  const first = fma(k, constantLike(x, -ln2High), x);
  const second = fma(k, constantLike(x, -ln2Low), first);
  const r = block.let(low === undefined ? second : add(second, low));
  return { k: block.let(convert(maskType(x.type), k)), expm1: block.let(fma(mul(r, r), polynomial(r, q), r)) };
}

/** e^(x + low) 2^shift; `low` is small. Overflows to Infinity, underflows through the subnormals to 0. */
export function scaledExp(block: Block, x: Expr, shift: number, low?: Expr): Expr {
  const { k, expm1 } = reduce(block, clamp(block.let(x), -104, 90, block), low);
  const exponent = block.let(add(k, bitsLike(x, shift)));
  // Two factors: 2^exponent itself may be outside the normal floats.
  const half = block.let(shrS(exponent, i32(1)));
  const first = mul(add(constantLike(x, 1), expm1), powerOfTwo(x, half));
  return block.let(mul(first, powerOfTwo(x, sub(exponent, half))));
}

/** e^x */
export function exp(block: Block, x: Expr): Expr {
  return x.type === "f64" ? call("exp", x) : scaledExp(block, x, 0);
}
