import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { binaryPrimitive } from "./define.ts";

/** Elementwise `x y`; int32 keeps the low 32 bits. */
export const multiplyPrimitive: Primitive = binaryPrimitive({
  name: "multiply",
  takes: "number",
  reference: (x, y, dtype) => (dtype === "int32" ? Math.imul(x, y) : x * y),
  gradient: (x, y, _out, cotangent, needed) => [needed[0] ? multiply(cotangent, y) : null, needed[1] ? multiply(cotangent, x) : null],
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

/** `x y`, elementwise. Shapes: two equal shapes -> the same. Throws ShapeError or DTypeError unless both agree and have a number dtype. */
export function multiply(x: Tensor, y: Tensor): Tensor {
  return applyOne(multiplyPrimitive, [x, y]);
}
