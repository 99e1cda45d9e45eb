import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { exp } from "./exp.ts";
import { fullLike } from "./full.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";

/**
 * erf in float64, from the series of its even and odd parts (Abramowitz and Stegun 7.1.6 for |x| < 3) and the continued
 * fraction of erfc (7.1.14, evaluated backwards) beyond. Relative error below 1e-14.
 */
function erf64(x: number): number {
  const a = Math.abs(x);
  if (!(a < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  const scale = (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a);
  if (a < 3) {
    // erf(a) = 2/sqrt(pi) e^(-a^2) sum of 2^n a^(2n+1) / (2n+1)!!, all terms positive.
    let term = a;
    let sum = a;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return x < 0 ? -scale * sum : scale * sum;
  }
  // erfc(a) = e^(-a^2) / sqrt(pi) / (a + (1/2) / (a + 1 / (a + (3/2) / (a + ...)))).
  let fraction = a;
  for (let n = 60; n >= 1; n--) fraction = a + n / 2 / fraction;
  const value = 1 - scale / 2 / fraction;
  return x < 0 ? -value : value;
}

/** Elementwise `erf(x)`. */
export const erfPrimitive: Primitive = unaryPrimitive({
  name: "erf",
  takes: "float",
  reference: erf64,
  gradient: (x, _y, cotangent) => multiply(multiply(cotangent, fullLike(x, 2 / Math.sqrt(Math.PI))), exp(negate(multiply(x, x)))),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 0.7, -4],
  corners: [0, -0, 6, -6, 1e-5, NaN, Infinity, -Infinity],
});

/** `erf(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function erf(x: Tensor): Tensor {
  return applyOne(erfPrimitive, [x]);
}
