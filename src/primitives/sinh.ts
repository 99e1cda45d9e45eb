import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { cosh } from "./cosh.ts";
import { unaryPrimitive } from "./define.ts";
import { multiply } from "./multiply.ts";

/** Elementwise `sinh(x)`. */
export const sinhPrimitive: Primitive = unaryPrimitive({
  name: "sinh",
  takes: "float",
  reference: Math.sinh,
  gradient: (x, _y, cotangent) => multiply(cotangent, cosh(x)),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 1e-3, 10],
  corners: [0, -0, 1e-5, NaN, Infinity, -Infinity],
});

/** `sinh(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function sinh(x: Tensor): Tensor {
  return applyOne(sinhPrimitive, [x]);
}
