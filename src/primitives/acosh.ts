import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { unaryPrimitive } from "./define.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";
import { rsqrt } from "./rsqrt.ts";
import { subtract } from "./subtract.ts";

/** Elementwise `acosh(x)`. */
export const acoshPrimitive: Primitive = unaryPrimitive({
  name: "acosh",
  takes: "float",
  reference: Math.acosh,
  gradient: (x, _y, cotangent) => multiply(cotangent, rsqrt(multiply(subtract(x, onesLike(x)), add(x, onesLike(x))))),
  points: [1.1, 1.5, 2, 3.25, 10, 1000],
  corners: [1, 0.5, -2, NaN, Infinity, -Infinity],
});

/** `acosh(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function acosh(x: Tensor): Tensor {
  return applyOne(acoshPrimitive, [x]);
}
