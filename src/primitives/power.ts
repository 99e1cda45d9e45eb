import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { binaryPrimitive } from "./define.ts";
import { equal } from "./equal.ts";
import { onesLike, zerosLike } from "./full.ts";
import { greater } from "./greater.ts";
import { log } from "./log.ts";
import { multiply } from "./multiply.ts";
import { select } from "./select.ts";
import { subtract } from "./subtract.ts";

/** JavaScript's `**`, with IEEE 754's pow(1, NaN) = pow(1, +-inf) = pow(-1, +-inf) = 1. */
function ieeePower(x: number, y: number): number {
  if (x === 1) return 1;
  if (x === -1 && Math.abs(y) === Infinity) return 1;
  return x ** y;
}

/**
 * Elementwise `x^y`. A negative x with a fractional y is NaN, x^0 and 1^y are 1 (IEEE 754 pow).
 * The gradient of y is 0 where x <= 0, as TensorFlow's (docs/subgradients.md).
 */
export const powerPrimitive: Primitive = binaryPrimitive({
  name: "power",
  takes: "float",
  reference: ieeePower,
  gradient: (x, y, out, cotangent, needed) => {
    const zero = zerosLike(x);
    const one = onesLike(x);
    let first: Tensor | null = null;
    if (needed[0]) {
      // d/dx x^y = y x^(y-1); where y is 0 the exponent is replaced, so that 0^-1 does not make a NaN.
      const flat = equal(y, zero);
      const exponent = subtract(select(flat, one, y), one);
      first = multiply(cotangent, multiply(y, power(x, exponent)));
    }
    let second: Tensor | null = null;
    if (needed[1]) {
      const positive = greater(x, zero);
      const logarithm = select(positive, log(select(positive, x, one)), zero);
      second = select(positive, multiply(cotangent, multiply(out, logarithm)), zero);
    }
    return [first, second];
  },
  points: [
    [1.5, 2],
    [0.75, 0.5],
    [3, -1.25],
    [2, -0.3],
    [0.1, 3],
    [10, 0.01],
  ],
  corners: [
    [0, 0],
    [0, 2],
    [0, -1],
    [-2, 2],
    [-2, 3],
    [-2, 0.5],
    [1, NaN],
    [NaN, 0],
    [2, 1000],
    [Infinity, -1],
    [-Infinity, 3],
    [1, Infinity],
    [0.5, Infinity],
    [NaN, 1],
    [-0, 3],
  ],
});

/** `x^y`, elementwise. Shapes: two equal shapes -> the same. Throws ShapeError or DTypeError unless both agree and have a float dtype. */
export function power(x: Tensor, y: Tensor): Tensor {
  return applyOne(powerPrimitive, [x, y]);
}
