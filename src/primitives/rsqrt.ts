import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { fullLike } from "./full.ts";
import { multiply } from "./multiply.ts";

/** Elementwise reciprocal square root. */
export const rsqrtPrimitive: Primitive = unaryPrimitive({
  name: "rsqrt",
  takes: "float",
  reference: (x) => 1 / Math.sqrt(x),
  gradient: (_x, y, cotangent) => multiply(multiply(cotangent, fullLike(y, -0.5)), multiply(y, multiply(y, y))),
  points: [0.04, 0.25, 0.5, 1, 2, 100],
  corners: [0, -1, NaN, Infinity, -Infinity],
});

/** `1 / sqrt(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function rsqrt(x: Tensor): Tensor {
  return applyOne(rsqrtPrimitive, [x]);
}
