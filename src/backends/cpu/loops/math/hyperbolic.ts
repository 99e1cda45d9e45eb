/**
 * Hyperbolic functions but tanh, and their inverses, in float32. Coefficients: weighted minimax fits (see
 * docs/math-accuracy.md).
 */
import { abs, add, type Block, constantLike, div, fma, gt, lt, mul, select, sqrt, sub } from "../block.ts";
import type { Expr } from "../ir.ts";
import { scaledExp } from "./exponential.ts";
import { bitsLike, call, copySign, oddPolynomial, polynomial, twoSum } from "./floats.ts";
import { log1p, logPairOf } from "./log1p.ts";

/** sinh x = x + x^3 p(x^2) to 3e-10 for |x| <= 1. */
const sinhSmall = [0.16666667, 0.0083333105, 0.00019842896, 2.7822132e-6];
/** asinh x = x + x^3 p(x^2) to 6e-10 for |x| <= 1. */
const asinhSmall = [
  -0.1666666, 0.07499705, -0.044599354, 0.030061232, -0.020993454, 0.013585598, -0.0070211245, 0.002398409, -0.00038817478,
];
/** acosh(1 + t) = sqrt(2 t) (1 + t p(t)) to 4e-10 for 0 <= t <= 1. */
const acoshSmall = [-0.083333306, 0.018749278, -0.0055738473, 0.0018705538, -0.0006310456, 0.00017494583, -2.6719335e-5];
/** atanh x = x + x^3 p(x^2) to 2e-9 for |x| <= 0.5. */
const atanhSmall = [0.33333302, 0.20002453, 0.14223786, 0.11816386, 0.05160436, 0.1763785];

/** Hyperbolic sine: a polynomial up to 1, then (e^|x| - e^-|x|) / 2. */
export function sinh(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("sinh", value);
  const x = block.let(value);
  const size = block.let(abs(x));
  const half = scaledExp(block, size, -1);
  const large = copySign(sub(half, div(constantLike(x, 0.25), half)), x);
  return block.let(select(lt(size, constantLike(x, 1)), oddPolynomial(block, x, sinhSmall), large));
}

/** Hyperbolic cosine, (e^|x| + e^-|x|) / 2. */
export function cosh(block: Block, x: Expr): Expr {
  if (x.type === "f64") return call("cosh", x);
  const half = scaledExp(block, abs(x), -1);
  return block.let(add(half, div(constantLike(x, 0.25), half)));
}

/** Inverse hyperbolic sine: a polynomial up to 1, then log(|x| + sqrt(x^2 + 1)). */
export function asinh(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("asinh", value);
  const x = block.let(value);
  const size = block.let(abs(x));
  const root = sqrt(fma(size, size, constantLike(x, 1)));
  const large = logOfSum(block, size, block.let(root));
  return block.let(copySign(select(lt(size, constantLike(x, 1)), oddPolynomial(block, size, asinhSmall), large), x));
}

/** Inverse hyperbolic cosine: sqrt(2 t) times a polynomial in t = x - 1 up to 1, then log(x + sqrt(x^2 - 1)). NaN below 1. */
export function acosh(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("acosh", value);
  const x = block.let(value);
  const t = block.let(sub(x, constantLike(x, 1)));
  const base = block.let(sqrt(add(t, t)));
  const near = fma(mul(base, t), polynomial(t, acoshSmall), base);
  const root = sqrt(mul(t, add(x, constantLike(x, 1))));
  return block.let(select(lt(t, constantLike(x, 1)), near, logOfSum(block, x, block.let(root))));
}

/** log(x + root); where x is so large that root would overflow, log x + ln 2. Infinity and NaN stay. */
function logOfSum(block: Block, x: Expr, root: Expr): Expr {
  const isHuge = block.let(gt(x, constantLike(x, 2 ** 30)));
  const sum = twoSum(block, x, block.let(select(isHuge, constantLike(x, 0), root)));
  const result = logPairOf(block, sum.high, sum.low, select(isHuge, bitsLike(x, 1), bitsLike(x, 0)));
  return block.let(select(lt(x, constantLike(x, Infinity)), result, x));
}

/** Inverse hyperbolic tangent: a polynomial up to 0.5, then log1p(2 |x| / (1 - |x|)) / 2. NaN beyond 1. */
export function atanh(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("atanh", value);
  const x = block.let(value);
  const size = block.let(abs(x));
  const one = constantLike(x, 1);
  const half = mul(constantLike(x, 0.5), log1p(block, div(add(size, size), sub(one, size))));
  return block.let(select(lt(size, constantLike(x, 0.5)), oddPolynomial(block, x, atanhSmall), copySign(half, x)));
}
