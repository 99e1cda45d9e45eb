import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";

/** Elementwise `-x`. */
export const negatePrimitive: Primitive = unaryPrimitive({
  name: "negate",
  takes: "number",
  reference: (x) => -x,
  gradient: (_x, _y, cotangent) => negate(cotangent),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3],
  corners: [0, -0, NaN, Infinity, -Infinity],
  integers: [0, 1, -1, 7, -2147483648, 2147483647],
});

/** `-x`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a number dtype. */
export function negate(x: Tensor): Tensor {
  return applyOne(negatePrimitive, [x]);
}
