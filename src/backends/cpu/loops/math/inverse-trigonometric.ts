/** asin, acos, atan and atan2 in float32. Coefficients: weighted minimax fits (see docs/math-accuracy.md). */
import { abs, add, type Block, constantLike, div, eq, fma, gt, le, lt, max, min, mul, ne, select, sqrt, sub } from "../block.ts";
import type { Expr } from "../ir.ts";
import { bitsLike, call, copySign, flipSign, polynomial, signBit } from "./floats.ts";

/** asin x = x + x^3 p(x^2) to 3e-10 for |x| <= 0.5. */
const asinSmall = [0.1666666, 0.07500521, 0.04451369, 0.03183493, 0.0143363075, 0.037658818];
/** atan x = x + x^3 p(x^2) to 7e-10 for |x| <= tan(pi/8). */
const atanSmall = [-0.33333316, 0.19998528, -0.14244393, 0.10599191, -0.06090134];
/** pi/2 as a float and what it lacks. */
const halfPiHigh = 1.5707963705062866;
const halfPiLow = -4.3711390001862426e-8;
/** pi/4 in two parts; small multiples of the first are exact. */
const quarterPiHigh = 0.78539752960205078125;
const quarterPiLow = 6.337953975283657e-7;
const tanEighthPi = 0.41421356237309503;

/** asin of |x| <= 0.5, or of sqrt((1 - |x|) / 2) beyond, as base + tail, with the test. */
function reducedAsin(block: Block, x: Expr): { isSmall: Expr; base: Expr; tail: Expr } {
  const size = block.let(abs(x));
  const isSmall = block.let(le(size, constantLike(x, 0.5)));
  const half = block.let(mul(constantLike(x, 0.5), sub(constantLike(x, 1), size)));
  const square = block.let(select(isSmall, mul(size, size), half));
  const base = block.let(select(isSmall, size, sqrt(half)));
  return { isSmall, base, tail: block.let(mul(mul(base, square), polynomial(square, asinSmall))) };
}

/** Inverse sine; beyond 0.5 as pi/2 - 2 asin sqrt((1 - |x|) / 2). NaN beyond 1. */
export function asin(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("asin", value);
  const x = block.let(value);
  const { isSmall, base, tail } = reducedAsin(block, x);
  const large = sub(sub(constantLike(x, halfPiHigh), add(base, base)), sub(add(tail, tail), constantLike(x, halfPiLow)));
  return block.let(copySign(select(isSmall, add(base, tail), large), x));
}

/** Inverse cosine. NaN beyond 1. */
export function acos(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("acos", value);
  const x = block.let(value);
  const { isSmall, base, tail } = reducedAsin(block, x);
  const angle = block.let(add(base, tail));
  const middle = sub(constantLike(x, halfPiHigh), sub(flipSign(angle, signBit(x)), constantLike(x, halfPiLow)));
  const double = block.let(add(angle, angle));
  const left = sub(constantLike(x, 2 * halfPiHigh), sub(double, constantLike(x, 2 * halfPiLow)));
  return block.let(select(isSmall, middle, select(lt(x, constantLike(x, 0)), left, double)));
}

/** steps pi/4 + sign atan(t), |t| <= tan(pi/8); `sign` is 1 or -1. */
function quarterTurns(block: Block, steps: Expr, t: Expr, sign: Expr): Expr {
  const square = block.let(mul(t, t));
  const signed = block.let(mul(t, sign));
  const tail = fma(mul(signed, square), polynomial(square, atanSmall), mul(steps, constantLike(t, quarterPiLow)));
  return block.let(fma(steps, constantLike(t, quarterPiHigh), add(signed, tail)));
}

/** Inverse tangent: (x - 1)/(x + 1) beyond tan(pi/8) and -1/x beyond tan(3 pi/8), with pi/4 and pi/2 added. */
export function atan(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("atan", value);
  const x = block.let(value);
  const size = block.let(abs(x));
  const [zero, one] = [constantLike(x, 0), constantLike(x, 1)];
  const isMiddle = block.let(gt(size, constantLike(x, tanEighthPi)));
  const isLarge = block.let(gt(size, constantLike(x, 1 + Math.SQRT2)));
  const numerator = select(isLarge, constantLike(x, -1), select(isMiddle, sub(size, one), size));
  const denominator = select(isLarge, size, select(isMiddle, add(size, one), one));
  const t = block.let(div(numerator, denominator));
  const steps = block.let(select(isLarge, constantLike(x, 2), select(isMiddle, one, zero)));
  return block.let(copySign(quarterTurns(block, steps, t, one), x));
}

/** The angle of the point (x, y), with the signs and zeros of C's atan2: atan2(+-0, -0) = +-pi. */
export function atan2(block: Block, ordinate: Expr, abscissa: Expr): Expr {
  if (ordinate.type === "f64") return call("atan2", ordinate, abscissa);
  const y = block.let(ordinate);
  const x = block.let(abscissa);
  const like = (value: number): Expr => constantLike(x, value);
  const ySize = block.let(abs(y));
  const xSize = block.let(abs(x));
  const large = block.let(max(xSize, ySize));
  const small = block.let(min(xSize, ySize));
  // Infinite sides count as 1 and finite ones beside them as 0; huge ones are halved twice so that their sum is finite.
  const isInfinite = block.let(eq(large, like(Infinity)));
  const scale = block.let(select(gt(large, like(2 ** 126)), like(0.25), like(1)));
  const b = block.let(select(isInfinite, like(1), mul(large, scale)));
  const a = block.let(select(isInfinite, select(eq(small, like(Infinity)), like(1), like(0)), mul(small, scale)));
  const isMiddle = block.let(gt(a, mul(b, like(tanEighthPi))));
  const quotient = div(select(isMiddle, sub(a, b), a), select(isMiddle, add(a, b), b));
  const t = block.let(select(eq(b, like(0)), like(0), quotient));
  // Mirrored at 45 degrees where |y| > |x|, then at 90 where x is negative.
  const isSteep = block.let(gt(ySize, xSize));
  const isLeft = block.let(ne(signBit(x), bitsLike(x, 0)));
  const first = select(isMiddle, like(1), like(0));
  const second = block.let(select(isSteep, sub(like(2), first), first));
  const steps = block.let(select(isLeft, sub(like(4), second), second));
  const flips = block.let(select(isSteep, like(-1), like(1)));
  const sign = block.let(select(isLeft, mul(flips, like(-1)), flips));
  return block.let(copySign(quarterTurns(block, steps, t, sign), y));
}
