import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { binaryPrimitive } from "./define.ts";

/** Elementwise `x xor y`: logical on bool, bitwise on int32. */
export const xorPrimitive: Primitive = binaryPrimitive({
  name: "xor",
  takes: "logical",
  reference: (x, y) => x ^ y,
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

/** `x xor y`, elementwise. Shapes: two equal shapes -> the same. Throws ShapeError or DTypeError unless both agree and have bool or int32. */
export function xor(x: Tensor, y: Tensor): Tensor {
  return applyOne(xorPrimitive, [x, y]);
}
