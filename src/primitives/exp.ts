import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { multiply } from "./multiply.ts";

/** Elementwise `e^x`. */
export const expPrimitive: Primitive = unaryPrimitive({
  name: "exp",
  takes: "float",
  reference: Math.exp,
  gradient: (_x, y, cotangent) => multiply(cotangent, y),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3],
  corners: [0, 88, 89, -87, -104, 100, -100, NaN, Infinity, -Infinity],
});

/** `e^x`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function exp(x: Tensor): Tensor {
  return applyOne(expPrimitive, [x]);
}
