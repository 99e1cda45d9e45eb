/** log(1 + x) in float32, from the parts of log (see docs/math-accuracy.md). */
import { abs, add, type Block, constantLike, fma, lt, max, select, sub } from "../block.ts";
import type { Expr } from "../ir.ts";
import { bitsLike, call, powerOfTwo, twoSum } from "./floats.ts";
import { combine, splitExponent, withLimits } from "./logarithm.ts";

/** log of the pair (high + low) 2^shift; high is positive and normal, low its rounding error. */
export function logPairOf(block: Block, high: Expr, low: Expr, shift: Expr): Expr {
  const { exponent, fraction } = splitExponent(block, high);
  const down = powerOfTwo(high, max(sub(bitsLike(high, 0), exponent), bitsLike(high, -126)));
  return combine(block, block.let(add(exponent, shift)), block.let(fma(low, down, fraction)));
}

/** log(1 + x), accurate near 0: the rounding error of 1 + x is carried into f. */
export function log1p(block: Block, value: Expr): Expr {
  if (value.type === "f64") return call("log1p", value);
  const x = block.let(value);
  const sum = twoSum(block, constantLike(x, 1), x);
  const finite = logPairOf(block, sum.high, sum.low, bitsLike(x, 0));
  // sum.low is NaN where x is infinite; withLimits looks at 1 + x.
  const limited = withLimits(block, sum.high, finite);
  return block.let(select(lt(abs(x), constantLike(x, 2 ** -24)), x, limited));
}
