import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { binaryPrimitive } from "./define.ts";
import { zerosLike } from "./full.ts";
import { lessEqual } from "./less-equal.ts";
import { select } from "./select.ts";

/**
 * Elementwise `min(x, y)`. NaN if either operand is NaN. A tie gives the whole gradient to x, as TensorFlow does
 * (docs/subgradients.md).
 */
export const minimumPrimitive: Primitive = binaryPrimitive({
  name: "minimum",
  takes: "number",
  reference: (x, y) => Math.min(x, y),
  gradient: (x, y, _out, cotangent, needed) => {
    const first = lessEqual(x, y);
    const zero = zerosLike(cotangent);
    return [needed[0] ? select(first, cotangent, zero) : null, needed[1] ? select(first, zero, cotangent) : null];
  },
  points: [
    [1.5, 2],
    [-0.75, 0.5],
    [3, -1.25],
    [-2, -0.3],
    [0.1, 10],
    [100, 0.01],
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
    [2, 2],
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

/** `min(x, y)`, elementwise. Shapes: two equal shapes -> the same. Throws ShapeError or DTypeError unless both agree and have a number dtype. */
export function minimum(x: Tensor, y: Tensor): Tensor {
  return applyOne(minimumPrimitive, [x, y]);
}
