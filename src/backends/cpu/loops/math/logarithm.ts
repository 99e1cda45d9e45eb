/**
 * Logarithms in float32. x = 2^e m with m in [sqrt(1/2), sqrt(2)), and
 * log m = f - f^2/2 + f^3 p(f) with f = m - 1. Coefficients: weighted minimax fits (see docs/math-accuracy.md).
 */
import { add, bitcast, type Block, constantLike, convert, eq, fma, i32, lt, mul, select, shl, shrS, sub } from "../block.ts";
import type { Expr } from "../ir.ts";
import { bitsLike, bitsOf, call, polynomial } from "./floats.ts";

/** ln 2 in two parts; the product of the first with an exponent is exact. Source: Cephes, logf.c. */
const ln2High = 0.693359375;
const ln2Low = -2.1219444e-4;
/** log(1 + f) = f - f^2/2 + f^3 p(f) to 6e-9 for 1 + f in [sqrt(1/2), sqrt(2)]. */
const p = [0.3333333, -0.25000823, 0.2000125, -0.16623315, 0.14201272, -0.13160187, 0.12764794, -0.07638259];

/** e and f = m - 1 of a positive normal x = 2^e m, m in [sqrt(1/2), sqrt(2)). */
export function splitExponent(block: Block, x: Expr): { exponent: Expr; fraction: Expr } {
  const bits = block.let(bitsOf(x));
  const exponent = block.let(shrS(sub(bits, bitsLike(x, 0x3f3504f3)), i32(23)));
  const mantissa = bitcast(x.type, sub(bits, shl(exponent, i32(23))));
  return { exponent, fraction: block.let(sub(mantissa, constantLike(x, 1))) };
}

/** Subnormal x times 2^23, with the exponent to add to that of the result. */
export function normalize(block: Block, x: Expr): { x: Expr; exponent: Expr } {
  const isSmall = block.let(lt(x, constantLike(x, 2 ** -126)));
  return {
    x: block.let(select(isSmall, mul(x, constantLike(x, 2 ** 23)), x)),
    exponent: block.let(select(isSmall, bitsLike(x, -23), bitsLike(x, 0))),
  };
}

/** e ln 2 + log(1 + f) */
export function combine(block: Block, exponent: Expr, f: Expr): Expr {
  const e = block.let(convert(f.type, exponent));
  const square = block.let(mul(f, f));
  const cube = mul(mul(f, square), polynomial(f, p));
  const tail = fma(constantLike(f, -0.5), square, fma(e, constantLike(f, ln2Low), cube));
  return block.let(fma(e, constantLike(f, ln2High), add(f, tail)));
}

/** Result where x is finite and positive; -Infinity at 0, NaN below, x itself where it is Infinity or NaN. */
export function withLimits(block: Block, x: Expr, result: Expr): Expr {
  const upper = block.let(select(lt(x, constantLike(x, Infinity)), result, x));
  const atZero = block.let(select(eq(x, constantLike(x, 0)), constantLike(x, -Infinity), upper));
  return block.let(select(lt(x, constantLike(x, 0)), constantLike(x, NaN), atZero));
}

/** Natural logarithm. */
export function log(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("log", value);
  const x = block.let(value);
  const normal = normalize(block, x);
  const { exponent, fraction } = splitExponent(block, normal.x);
  return withLimits(block, x, combine(block, block.let(add(exponent, normal.exponent)), fraction));
}
