/**
 * x^y in float32: |x|^y = e^(y log|x|) with log|x| and the product as unevaluated sums of two floats (about 40 correct
 * bits), so that the result is right to about one unit in the last place. Special values are those of IEEE 754's pow.
 */
import {
  abs,
  add,
  and,
  bitcast,
  type Block,
  constantLike,
  convert,
  div,
  eq,
  gt,
  lt,
  maskType,
  mul,
  ne,
  or,
  select,
  sub,
  trunc,
  xor,
  shl,
  i32,
} from "../block.ts";
import type { Expr } from "../ir.ts";
import { scaledExp } from "./exponential.ts";
import { bitsLike, bitsOf, call, type Pair, polynomial, signBit, twoProduct, twoSum } from "./floats.ts";
import { normalize, splitExponent } from "./logarithm.ts";

/** ln 2: the first part has 16 significant bits, so that its product with an exponent is exact. */
const ln2High = 0.693145751953125;
const ln2Low = 1.4286068203094172e-6;
const twoThirdsHigh = 0.6666666865348816;
const twoThirdsLow = -1.9868214925130207e-8;
/** atanh series beyond its second term: 2/5 + 2/7 z + 2/9 z^2 + ... for z <= 0.0295. */
const tail = [2 / 5, 2 / 7, 2 / 9, 2 / 11];

/** log of a positive finite number. log m = 2 s + s^3 (2/3 + 2/5 s^2 + ...) with s = f / (2 + f). */
function logPair(block: Block, value: Expr): Pair {
  const normal = normalize(block, value);
  const { exponent, fraction: f } = splitExponent(block, normal.x);
  const like = (constant: number): Expr => constantLike(value, constant);
  const e = block.let(convert(value.type, add(exponent, normal.exponent)));
  // s = f / (2 + f) as a pair.
  const divisor = block.let(add(f, like(2)));
  const divisorLow = block.let(sub(f, sub(divisor, like(2))));
  const s = block.let(div(f, divisor));
  const product = twoProduct(block, s, divisor);
  const sLow = block.let(div(sub(sub(sub(f, product.high), product.low), mul(s, divisorLow)), divisor));
  // s^3 (2/3 + s^2 tail(s^2)) as a pair.
  const square = twoProduct(block, s, s);
  const squareLow = block.let(add(square.low, mul(mul(like(2), s), sLow)));
  const factor = twoSum(block, like(twoThirdsHigh), block.let(mul(square.high, polynomial(square.high, tail))));
  const factorLow = block.let(add(factor.low, like(twoThirdsLow)));
  const inner = twoProduct(block, square.high, factor.high);
  const innerLow = block.let(add(inner.low, add(mul(square.high, factorLow), mul(squareLow, factor.high))));
  const cubic = twoProduct(block, inner.high, s);
  const cubicLow = add(cubic.low, add(mul(inner.high, sLow), mul(innerLow, s)));
  // e ln 2 + 2 s + cubic, largest first.
  const first = twoSum(block, block.let(mul(e, like(ln2High))), block.let(add(s, s)));
  const second = twoSum(block, first.high, cubic.high);
  const low = add(add(first.low, second.low), add(mul(e, like(ln2Low)), add(add(sLow, sLow), cubicLow)));
  return fastTwoSum(block, second.high, block.let(low));
}

/** x + y without error where |x| >= |y| (Dekker). */
function fastTwoSum(block: Block, x: Expr, y: Expr): Pair {
  const high = block.let(add(x, y));
  return { high, low: block.let(sub(y, sub(high, x))) };
}

/** x^y. Negative x with a fractional y is NaN; x^0 and 1^y are 1, NaN or not. */
export function power(block: Block, base: Expr, exponent: Expr): Expr {
  if (base.type === "f64") return ieeePower64(block, block.let(base), block.let(exponent));
  const x = block.let(base);
  const y = block.let(exponent);
  const like = (value: number): Expr => constantLike(x, value);
  const size = block.let(abs(x));
  const ySize = block.let(abs(y));

  const log = logPair(block, size);
  const product = twoProduct(block, log.high, y);
  const low = block.let(add(product.low, mul(log.low, y)));
  const finite = scaledExp(block, product.high, 0, low);
  const overflows = block.let(gt(product.high, like(89)));
  const underflows = block.let(lt(product.high, like(-104)));
  const ranged = block.let(select(overflows, like(Infinity), select(underflows, like(0), finite)));

  // |x| is 0 or Infinity: Infinity where the signs of y and of log|x| agree.
  const isInfinite = block.let(eq(size, like(Infinity)));
  const isLimit = or(isInfinite, eq(size, like(0)));
  const isNothing = xor(gt(y, like(0)), isInfinite);
  const limit = select(isNothing, like(0), like(Infinity));
  const positive = block.let(select(isLimit, limit, ranged));

  // Negative x: the sign of odd whole y, NaN for fractional y.
  const isWhole = block.let(eq(trunc(y), y));
  const isSmall = lt(ySize, like(2 ** 24));
  const lowestBit = shl(convert(maskType(x.type), select(isSmall, y, like(0))), i32(31));
  const oddSign = and(select(isWhole, lowestBit, bitsLike(x, 0)), signBit(x));
  const signed = block.let(bitcast(x.type, or(bitsOf(positive), oddSign)));
  const isFractional = and(and(lt(x, like(0)), lt(size, like(Infinity))), ne(trunc(y), y));
  const real = block.let(select(isFractional, like(NaN), signed));

  const isNaN = or(ne(x, x), ne(y, y));
  const checked = block.let(select(isNaN, like(NaN), real));
  const isOne = or(or(eq(y, like(0)), eq(x, like(1))), and(eq(size, like(1)), eq(ySize, like(Infinity))));
  return block.let(select(isOne, like(1), checked));
}

/** JavaScript's pow gives NaN where IEEE 754's gives 1. */
function ieeePower64(block: Block, x: Expr, y: Expr): Expr {
  const like = (value: number): Expr => constantLike(x, value);
  const isOne = or(eq(x, like(1)), and(eq(abs(x), like(1)), eq(abs(y), like(Infinity))));
  return block.let(select(isOne, like(1), call("pow", x, y)));
}
