import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { isFloat } from "../dtype/index.ts";
import { binaryPrimitive } from "./define.ts";
import { divide } from "./divide.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";
import { round } from "./round.ts";
import { subtract } from "./subtract.ts";

/** Elementwise remainder of truncated division (C's fmod, StableHLO's remainder): the sign is that of x. Integer x rem 0 is 0. */
export const remainderPrimitive: Primitive = binaryPrimitive({
  name: "remainder",
  takes: "number",
  reference: (x, y, dtype) => (isFloat(dtype) || y !== 0 ? x % y : 0),
  gradient: (x, y, out, cotangent, needed) => [
    cotangent,
    // The quotient is an integer; rounding removes the error of the subtraction.
    needed[1] ? negate(multiply(cotangent, round(divide(subtract(x, out), y)))) : null,
  ],
  points: [
    [1.5, 2],
    [-0.75, 0.5],
    [3, -1.25],
    [-2, -0.3],
    [0.1, 10],
    [7.3, 2],
  ],
  corners: [
    [0, 0],
    [-0, 0],
    [0, -0],
    [Infinity, -Infinity],
    [Infinity, Infinity],
    [NaN, 1],
    [1, NaN],
    [Infinity, 0],
    [1, 0],
    [-1, 0],
    [0, Infinity],
    [3e38, 3e38],
  ],
  integers: [
    [7, 2],
    [-7, 2],
    [7, -2],
    [0, 5],
    [5, 0],
    [0, 0],
    [2147483647, 1],
    [-2147483648, -1],
    [-2147483648, 0],
    [123456789, 987654321],
  ],
});

/** `x - y trunc(x / y)`, elementwise. Shapes: two equal shapes -> the same. Throws ShapeError or DTypeError unless both agree and have a number dtype. */
export function remainder(x: Tensor, y: Tensor): Tensor {
  return applyOne(remainderPrimitive, [x, y]);
}
