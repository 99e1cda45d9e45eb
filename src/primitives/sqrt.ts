import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { divide } from "./divide.ts";
import { fullLike } from "./full.ts";
import { multiply } from "./multiply.ts";

/** Elementwise square root. The gradient at 0 is infinite. */
export const sqrtPrimitive: Primitive = unaryPrimitive({
  name: "sqrt",
  takes: "float",
  reference: Math.sqrt,
  gradient: (_x, y, cotangent) => divide(multiply(cotangent, fullLike(y, 0.5)), y),
  points: [0.01, 0.25, 0.5, 1, 2, 100],
  corners: [0, -0, -1, NaN, Infinity, -Infinity],
});

/** `sqrt(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function sqrt(x: Tensor): Tensor {
  return applyOne(sqrtPrimitive, [x]);
}
