import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { unaryPrimitive } from "./define.ts";
import { divide } from "./divide.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";

/** Elementwise `atan(x)`. */
export const atanPrimitive: Primitive = unaryPrimitive({
  name: "atan",
  takes: "float",
  reference: Math.atan,
  gradient: (x, _y, cotangent) => divide(cotangent, add(onesLike(x), multiply(x, x))),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 50, -8],
  corners: [0, -0, 1e10, NaN, Infinity, -Infinity],
});

/** `atan(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function atan(x: Tensor): Tensor {
  return applyOne(atanPrimitive, [x]);
}
