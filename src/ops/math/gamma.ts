/** The incomplete gamma function. */
import { concreteShape, parameterTensor, Subgraph, type Tensor, typeOf } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import type { BinaryOp } from "../numpy/arithmetic.ts";
import { binary, constantLike } from "../promote.ts";

/** Lanczos's coefficients for g = 7 (Godfrey 2001, A note on the computation of the convergent Lanczos approximation): 1e-15. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]; // prettier-ignore

/** `log(Gamma(x))` for x > 0. */
function logGamma(x: Tensor): Tensor {
  const c = (value: number): Tensor => constantLike(value, x);
  const z = P.subtract(x, c(1));
  const sum = lanczos.slice(1).reduce((total, k, i) => P.add(total, P.divide(c(k), P.add(z, c(i + 1)))), c(lanczos[0]!));
  const t = P.add(z, c(7.5));
  return P.add(P.subtract(P.multiply(P.add(z, c(0.5)), P.log(t)), t), P.add(P.log(sum), c(0.5 * Math.log(2 * Math.PI))));
}

/** Most steps of the series or the fraction: enough for arguments up to about 10^5. */
const mostSteps = 4000;

/** Repeats `step` on elementwise state until `isDone` of the last state holds everywhere. */
function repeated(
  init: readonly Tensor[],
  constants: readonly Tensor[],
  step: (state: Tensor[], fixed: Tensor[]) => Tensor[],
  isActive: (state: Tensor[]) => Tensor,
): Tensor[] {
  const fresh = (list: readonly Tensor[]): Tensor[] =>
    list.map((x) => {
      const { shape, dtype } = typeOf(x);
      return parameterTensor(shape, dtype);
    });
  const [asked, askedFixed, given, fixed] = [fresh(init), fresh(constants), fresh(init), fresh(constants)];
  const active = isActive(asked);
  const goesOn = P.reduceAny(active, concreteShape(active).map((_, axis) => axis)); // prettier-ignore
  const condition = new Subgraph([...asked, ...askedFixed], [goesOn]);
  return P.whileLoop(condition, new Subgraph([...given, ...fixed], step(given, fixed)), init, constants, mostSteps);
}

/** `sum of x^n / (a (a + 1) .. (a + n))` (Abramowitz and Stegun 6.5.29), for x below a + 1. */
function series(a: Tensor, x: Tensor, epsilon: number): Tensor {
  const c = (value: number): Tensor => constantLike(value, a);
  const first = P.divide(c(1), a);
  const [, , sum] = repeated(
    [a, first, first],
    [x],
    ([n, term, total], [fixed]) => {
      const one = constantLike(1, n!);
      const next = P.add(n!, one);
      const grown = P.multiply(term!, P.divide(fixed!, next));
      return [next, grown, P.add(total!, grown)];
    },
    ([, term, total]) => P.greater(term!, P.multiply(total!, constantLike(epsilon, total!))),
  );
  return sum!;
}

/** The continued fraction of the upper function (6.5.31) by Lentz's method, for x from a + 1 on. */
function fraction(a: Tensor, x: Tensor, epsilon: number): Tensor {
  const c = (value: number): Tensor => constantLike(value, a);
  const b = P.add(P.subtract(x, a), c(1));
  const tiny = c(1e-30);
  const inverse = P.divide(c(1), b);
  const [, , , , result] = repeated(
    [c(0), b, P.divide(c(1), tiny), inverse, inverse, c(0)],
    [a],
    ([i, base, upper, lower, h], [fixed]) => {
      const k = (value: number): Tensor => constantLike(value, h!);
      const next = P.add(i!, k(1));
      const an = P.multiply(P.negate(next), P.subtract(next, fixed!));
      const grown = P.add(base!, k(2));
      const safe = (y: Tensor): Tensor => P.select(P.less(P.abs(y), k(1e-30)), k(1e-30), y);
      const d = P.divide(k(1), safe(P.add(P.multiply(an, lower!), grown)));
      const e = safe(P.add(grown, P.divide(an, upper!)));
      const ratio = P.multiply(d, e);
      return [next, grown, e, d, P.multiply(h!, ratio), ratio];
    },
    (state) => {
      const ratio = state[5]!;
      return P.greater(P.abs(P.subtract(ratio, constantLike(1, ratio))), constantLike(epsilon, ratio));
    },
  );
  return result!;
}

/**
 * Regularized lower incomplete gamma function `P(a, x) = 1 / Gamma(a) * integral of t^(a - 1) e^-t from 0 to x`, for a > 0
 * and x >= 0 (NaN elsewhere). The gradient by x is `x^(a - 1) e^-x / Gamma(a)`; none flows to a.
 */
export const gammainc: BinaryOp = defineOp("gammainc", (x1: TensorLike, x2: TensorLike) =>
  binary(
    x1,
    x2,
    (a, x) => {
      const epsilon = a.dtype === "float64" ? 2 ** -52 : 2 ** -23;
      const c = (value: number): Tensor => constantLike(value, a);
      const isValid = P.and(P.greater(a, c(0)), P.greaterEqual(x, c(0)));
      const isZero = P.equal(x, c(0));
      const isEndless = P.equal(x, c(Infinity));
      const [order, at] = [P.select(isValid, a, c(1)), P.select(P.and(isValid, P.not(P.or(isZero, isEndless))), x, c(1))];
      const isLow = P.less(at, P.add(order, c(1)));
      const scale = P.exp(P.subtract(P.subtract(P.multiply(order, P.log(at)), at), logGamma(order)));
      const low = P.multiply(scale, series(order, P.select(isLow, at, order), epsilon));
      const high = P.subtract(c(1), P.multiply(scale, fraction(order, P.select(isLow, P.add(order, c(1)), at), epsilon)));
      const inside = P.select(isZero, c(0), P.select(isEndless, c(1), P.select(isLow, low, high)));
      const value = P.select(isValid, inside, c(NaN));
      return P.withGradient(P.stopGradient(value), [x], (cotangent) => {
        const density = P.exp(P.subtract(P.subtract(P.multiply(P.subtract(order, c(1)), P.log(at)), at), logGamma(order)));
        return [P.multiply(cotangent, density)];
      });
    },
    true,
  ),
);
