import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";
import { sin } from "./sin.ts";

/** Elementwise `cos(x)`. */
export const cosPrimitive: Primitive = unaryPrimitive({
  name: "cos",
  takes: "float",
  reference: Math.cos,
  gradient: (x, _y, cotangent) => negate(multiply(cotangent, sin(x))),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 100, -31.5],
  corners: [0, -0, 1e4, NaN, Infinity, -Infinity],
});

/** `cos(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function cos(x: Tensor): Tensor {
  return applyOne(cosPrimitive, [x]);
}
