import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { cos } from "./cos.ts";
import { unaryPrimitive } from "./define.ts";
import { multiply } from "./multiply.ts";

/** Elementwise `sin(x)`. */
export const sinPrimitive: Primitive = unaryPrimitive({
  name: "sin",
  takes: "float",
  reference: Math.sin,
  gradient: (x, _y, cotangent) => multiply(cotangent, cos(x)),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 100, -31.5],
  corners: [0, -0, 1e4, NaN, Infinity, -Infinity],
});

/** `sin(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function sin(x: Tensor): Tensor {
  return applyOne(sinPrimitive, [x]);
}
