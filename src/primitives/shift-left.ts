import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { binaryPrimitive } from "./define.ts";

/** Elementwise `x << y`. The count is taken modulo 32. */
export const shiftLeftPrimitive: Primitive = binaryPrimitive({
  name: "shiftLeft",
  takes: "integer",
  reference: (x, y) => x << y,
  gradient: null,
  points: [],
  integers: [
    [1, 0],
    [1, 31],
    [-1, 4],
    [-2147483648, 31],
    [12345, 3],
    [-12345, 16],
    [5, 32],
    [5, 33],
  ],
});

/** `x << y`, elementwise. Shapes: two equal shapes -> the same. Throws ShapeError or DTypeError unless both agree and have int32. */
export function shiftLeft(x: Tensor, y: Tensor): Tensor {
  return applyOne(shiftLeftPrimitive, [x, y]);
}
