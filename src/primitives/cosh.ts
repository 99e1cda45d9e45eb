import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { multiply } from "./multiply.ts";
import { sinh } from "./sinh.ts";

/** Elementwise `cosh(x)`. */
export const coshPrimitive: Primitive = unaryPrimitive({
  name: "cosh",
  takes: "float",
  reference: Math.cosh,
  gradient: (x, _y, cotangent) => multiply(cotangent, sinh(x)),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 1e-3, 10],
  corners: [0, -0, NaN, Infinity, -Infinity],
});

/** `cosh(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function cosh(x: Tensor): Tensor {
  return applyOne(coshPrimitive, [x]);
}
