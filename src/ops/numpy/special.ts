/** Special functions as compositions: the complementary error function, Bessel's I0. */
import type { Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike, toFloat } from "../promote.ts";
import type { UnaryOp } from "./elementwise.ts";

/** `sum of coefficients[i] x^(n - 1 - i)`, by Horner's rule. */
function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  return coefficients.slice(1).reduce((sum, k) => P.add(P.multiply(sum, x), constantLike(k, x)), constantLike(coefficients[0]!, x));
}

/**
 * Chebyshev fit of `log(erfc(z) / t) + z^2` in `t = 1 / (1 + z / 2)`, z >= 0: relative error of erfc below 1.2e-7 (Press,
 * Teukolsky, Vetterling, Flannery, Numerical Recipes, 6.2).
 */
const tail = [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223];

/** Steps of the continued fraction of erfc (Abramowitz and Stegun 7.1.14), below 1e-15 from 2.5 on. */
const fractionDepth = 60;

/** `1 - erf(x)`, accurate where it is small. The gradient is `-2 / sqrt(pi) e^(-x^2)`. */
export const erfc: UnaryOp = defineOp("erfc", (input: TensorLike) => {
  const x = toFloat(input);
  const c = (value: number): Tensor => constantLike(value, x);
  const size = P.abs(x);
  let far: Tensor;
  let near: Tensor;
  if (x.dtype === "float64") {
    const z = P.maximum(size, c(2));
    let fraction = z;
    for (let n = fractionDepth; n >= 1; n--) fraction = P.add(z, P.divide(c(n / 2), fraction));
    far = P.divide(P.multiply(P.exp(P.negate(P.multiply(z, z))), c(1 / Math.sqrt(Math.PI))), fraction);
    near = P.less(x, c(2.5));
  } else {
    const t = P.divide(c(1), P.add(c(1), P.multiply(c(0.5), size)));
    // Two powers: in the sum of the exponents the polynomial would lose digits.
    far = P.multiply(P.multiply(t, P.exp(polynomial(t, tail))), P.exp(P.negate(P.multiply(size, size))));
    near = P.less(x, c(0.5));
  }
  const value = P.select(near, P.subtract(c(1), P.erf(x)), far);
  return P.withGradient(value, [x], (cotangent) => [
    P.multiply(cotangent, P.multiply(c(-2 / Math.sqrt(Math.PI)), P.exp(P.negate(P.multiply(x, x))))),
  ]);
});

/** Where the series of I0 hands over to its asymptotic expansion. */
const meeting = 20;
/** `sum of (x^2 / 4)^k / k!^2` (Abramowitz and Stegun 9.6.12), highest power first. */
const series = factors(45, (k) => 1 / (k * k));
/** `sqrt(2 pi x) e^-x I0(x) = sum of (1 * 9 * 25 * ..) / (k! (8 x)^k)` (9.7.1), highest power of 1 / x first. */
const expansion = factors(20, (k) => (2 * k - 1) ** 2 / (8 * k));

function factors(count: number, ratio: (k: number) => number): number[] {
  const list = [1];
  for (let k = 1; k < count; k++) list.push(list[k - 1]! * ratio(k));
  return list.reverse();
}

/** Beyond it I0 is infinite in every format. */
const infiniteFrom = 720;

/** Modified Bessel function of the first kind and order 0. */
export const i0: UnaryOp = defineOp("i0", (input: TensorLike) => {
  const x = toFloat(input);
  const c = (value: number): Tensor => constantLike(value, x);
  const size = P.abs(x);
  const isSmall = P.lessEqual(size, c(meeting));
  const small = P.select(isSmall, x, c(0));
  const near = polynomial(P.multiply(c(0.25), P.multiply(small, small)), series);
  const large = P.minimum(P.select(isSmall, c(meeting), size), c(infiniteFrom));
  // e^x leaves the range before I0 does.
  const half = P.exp(P.multiply(c(0.5), large));
  const root = P.sqrt(P.multiply(c(2 * Math.PI), large));
  const far = P.multiply(P.multiply(polynomial(P.divide(c(1), large), expansion), P.divide(half, root)), half);
  return P.select(isSmall, near, far);
});
