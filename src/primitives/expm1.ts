import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { unaryPrimitive } from "./define.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";

/** Elementwise `e^x - 1`, accurate near 0. */
export const expm1Primitive: Primitive = unaryPrimitive({
  name: "expm1",
  takes: "float",
  reference: Math.expm1,
  gradient: (_x, y, cotangent) => multiply(cotangent, add(y, onesLike(y))),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 1e-5, -1e-5],
  corners: [0, -0, 89, -100, NaN, Infinity, -Infinity],
});

/** `e^x - 1`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function expm1(x: Tensor): Tensor {
  return applyOne(expm1Primitive, [x]);
}
