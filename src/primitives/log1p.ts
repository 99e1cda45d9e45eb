import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { unaryPrimitive } from "./define.ts";
import { divide } from "./divide.ts";
import { onesLike } from "./full.ts";

/** Elementwise `ln(1 + x)`, accurate near 0. */
export const log1pPrimitive: Primitive = unaryPrimitive({
  name: "log1p",
  takes: "float",
  reference: Math.log1p,
  gradient: (x, _y, cotangent) => divide(cotangent, add(x, onesLike(x))),
  points: [-0.75, -0.25, 1e-5, -1e-5, 0.5, 1.25, 3, 1000],
  corners: [0, -0, -1, -2, NaN, Infinity, -Infinity],
});

/** `ln(1 + x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function log1p(x: Tensor): Tensor {
  return applyOne(log1pPrimitive, [x]);
}
