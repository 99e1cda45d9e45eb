import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { unaryPrimitive } from "./define.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";
import { rsqrt } from "./rsqrt.ts";

/** Elementwise `asinh(x)`. */
export const asinhPrimitive: Primitive = unaryPrimitive({
  name: "asinh",
  takes: "float",
  reference: Math.asinh,
  gradient: (x, _y, cotangent) => multiply(cotangent, rsqrt(add(onesLike(x), multiply(x, x)))),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 1e-3, 1000],
  corners: [0, -0, 1e-5, NaN, Infinity, -Infinity],
});

/** `asinh(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function asinh(x: Tensor): Tensor {
  return applyOne(asinhPrimitive, [x]);
}
