import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { binaryPrimitive } from "./define.ts";
import { divide } from "./divide.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";

/** Elementwise angle of the point (y, x): `atan2(x, y)`, x the sine's side. */
export const atan2Primitive: Primitive = binaryPrimitive({
  name: "atan2",
  takes: "float",
  reference: Math.atan2,
  gradient: (x, y, _out, cotangent, needed) => {
    const scaled = divide(cotangent, add(multiply(x, x), multiply(y, y)));
    return [needed[0] ? multiply(scaled, y) : null, needed[1] ? negate(multiply(scaled, x)) : null];
  },
  points: [
    [1.5, 2],
    [-0.75, 0.5],
    [3, -1.25],
    [-2, -0.3],
    [0.1, 10],
    [10, 0.1],
  ],
  corners: [
    [0, 0],
    [0, 1],
    [0, -1],
    [1, 0],
    [-1, 0],
    [NaN, 1],
    [1, NaN],
    [Infinity, 1],
    [1, Infinity],
    [1, -Infinity],
    [Infinity, Infinity],
  ],
});

/** `atan2(x, y)`, elementwise. Shapes: two equal shapes -> the same. Throws ShapeError or DTypeError unless both agree and have a float dtype. */
export function atan2(x: Tensor, y: Tensor): Tensor {
  return applyOne(atan2Primitive, [x, y]);
}
