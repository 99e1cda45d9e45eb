/** The error function. Coefficients of float32: weighted minimax fits (see docs/math-accuracy.md). */
import { abs, add, type Block, constantLike, div, fma, gt, lt, mul, neg, select, sub } from "../block.ts";
import type { Expr } from "../ir.ts";
import { exp } from "./exponential.ts";
import { call, copySign, polynomial } from "./floats.ts";

/** erf x = x + x p(x^2) to 2e-9 for |x| <= 1. */
const small = [0.12837917, -0.37612626, 0.11283579, -0.026853347, 0.005187162, -0.0007997853, 7.806903e-5];
/** erf x = 1 - e^-g(x) to 3e-11 for 1 <= x <= 4. */
const large = [-0.00018804023, 1.1295785, 0.6332197, 0.10841884, -0.025208455, 0.004204642, -0.00044135255, 2.1688104e-5];

/** erf x = 2/sqrt(pi) integral of e^(-t^2) from 0 to x. */
export function erf(block: Block, value: Expr): Expr {
  const x = block.let(value);
  if (x.type === "f64") return erf64(block, x);
  const size = block.let(abs(x));
  const square = block.let(mul(x, x));
  const near = fma(x, polynomial(square, small), x);
  const limited = block.let(select(gt(size, constantLike(x, 4)), constantLike(x, 4), size));
  const far = sub(constantLike(x, 1), exp(block, neg(polynomial(limited, large))));
  return block.let(select(lt(size, constantLike(x, 1)), near, copySign(far, x)));
}

/** Terms of the two expansions in float64: both are below 1e-16 where they meet. */
const seriesTerms = 50;
const fractionDepth = 60;
const meetingPoint = 2.5;

/**
 * erf in float64: below 2.5 its series 2/sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (2n+1)!! (Abramowitz and Stegun 7.1.6),
 * beyond 1 minus the continued fraction of erfc (7.1.14).
 */
function erf64(block: Block, x: Expr): Expr {
  const like = (value: number): Expr => constantLike(x, value);
  const size = block.let(abs(x));
  const limited = block.let(select(gt(size, like(6)), like(6), size));
  const square = block.let(mul(limited, limited));
  const factor = block.let(mul(like(2 / Math.sqrt(Math.PI)), call("exp", neg(square))));
  const result = block.declare("erf", like(0));
  block.if(
    gt(limited, like(meetingPoint)),
    (then) => {
      let fraction: Expr = limited;
      for (let n = fractionDepth; n >= 1; n--) fraction = then.let(add(limited, div(like(n / 2), fraction)));
      then.set(result, sub(like(1), div(mul(factor, like(0.5)), fraction)));
    },
    (otherwise) => {
      let sum: Expr = like(1);
      for (let n = seriesTerms; n >= 1; n--) sum = otherwise.let(add(like(1), mul(mul(square, like(2 / (2 * n + 1))), sum)));
      otherwise.set(result, mul(mul(factor, limited), sum));
    },
  );
  const magnitude: Expr = { op: "get", type: "f64", variable: result };
  const signed = select(lt(x, like(0)), neg(magnitude), magnitude);
  // 0 keeps its sign, NaN stays.
  return block.let(select(gt(size, like(0)), signed, x));
}
