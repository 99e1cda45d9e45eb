/** expm1, tanh and the sigmoid in float32, from the parts of exp. Coefficients: weighted minimax fits (see docs/math-accuracy.md). */
import { abs, add, type Block, constantLike, div, fma, lt, neg, select, sub } from "../block.ts";
import type { Expr } from "../ir.ts";
import { clamp, exp, reduce, scaledExp } from "./exponential.ts";
import { bitsLike, call, copySign, oddPolynomial, powerOfTwo } from "./floats.ts";

/** tanh x = x + x^3 p(x^2) to 5e-9 for |x| <= 0.625. */
const tanhSmall = [-0.3333328, 0.1333141, -0.053737268, 0.020631723, -0.005697346];

/** e^x - 1, accurate near 0. */
export function expm1(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("expm1", value);
  const x = block.let(value);
  const { k, expm1: part } = reduce(block, clamp(x, -20, 88.8, block));
  // 2^k (e^r - 1) + (2^k - 1), halved so that 2^128 does not overflow on the way.
  const scale = block.let(powerOfTwo(x, sub(k, bitsLike(x, 1))));
  const half = block.let(fma(scale, part, sub(scale, constantLike(x, 0.5))));
  return block.let(select(lt(abs(x), constantLike(x, 2 ** -24)), x, add(half, half)));
}

/** Hyperbolic tangent: a polynomial up to 0.625, then 1 - 2 / (e^2|x| + 1). */
export function tanh(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("tanh", value);
  const x = block.let(value);
  const size = block.let(abs(x));
  const power = scaledExp(block, add(size, size), 0);
  const one = constantLike(x, 1);
  const large = sub(one, div(constantLike(x, 2), add(power, one)));
  return block.let(copySign(select(lt(size, constantLike(x, 0.625)), oddPolynomial(block, size, tanhSmall), large), x));
}

/** 1 / (1 + e^-x), accurate down to the smallest results: e^x / (1 + e^x) for negative x. */
export function sigmoid(block: Block, value: Expr): Expr {
  const x = block.let(value);
  const one = constantLike(x, 1);
  const power = block.let(exp(block, neg(abs(x))));
  return block.let(div(select(lt(x, constantLike(x, 0)), power, one), add(one, power)));
}
