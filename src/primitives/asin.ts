import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";
import { rsqrt } from "./rsqrt.ts";
import { subtract } from "./subtract.ts";

/** Elementwise `asin(x)`. */
export const asinPrimitive: Primitive = unaryPrimitive({
  name: "asin",
  takes: "float",
  reference: Math.asin,
  gradient: (x, _y, cotangent) => multiply(cotangent, rsqrt(subtract(onesLike(x), multiply(x, x)))),
  points: [-0.9, -0.5, -0.25, 0.1, 0.5, 0.95],
  corners: [0, -0, 1, -1, 1.5, NaN, Infinity, -Infinity],
});

/** `asin(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function asin(x: Tensor): Tensor {
  return applyOne(asinPrimitive, [x]);
}
