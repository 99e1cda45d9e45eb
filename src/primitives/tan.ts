import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { unaryPrimitive } from "./define.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";

/** Elementwise `tan(x)`. */
export const tanPrimitive: Primitive = unaryPrimitive({
  name: "tan",
  takes: "float",
  reference: Math.tan,
  gradient: (_x, y, cotangent) => multiply(cotangent, add(onesLike(y), multiply(y, y))),
  points: [-1, -0.25, 0.5, 1.25, 3, 10],
  corners: [0, -0, NaN, Infinity, -Infinity],
});

/** `tan(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function tan(x: Tensor): Tensor {
  return applyOne(tanPrimitive, [x]);
}
