import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { binaryPrimitive } from "./define.ts";

/** Elementwise `x or y`: logical on bool, bitwise on int32. */
export const orPrimitive: Primitive = binaryPrimitive({
  name: "or",
  takes: "logical",
  reference: (x, y) => x | y,
  gradient: null,
  points: [],
  integers: [
    [12, 10],
    [-1, 5],
    [0, 7],
    [2147483647, -2147483648],
  ],
  booleans: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
});

/** `x or y`, elementwise. Shapes: two equal shapes -> the same. Throws ShapeError or DTypeError unless both agree and have bool or int32. */
export function or(x: Tensor, y: Tensor): Tensor {
  return applyOne(orPrimitive, [x, y]);
}
