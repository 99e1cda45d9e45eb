import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";

/** Elementwise smallest integer not below x. The derivative is zero. */
export const ceilPrimitive: Primitive = unaryPrimitive({
  name: "ceil",
  takes: "float",
  reference: Math.ceil,
  gradient: null,
  points: [-2.5, -1.25, -0.25, 0.5, 1.25, 3.75],
  corners: [0, -0, 2, -3, 16777217, NaN, Infinity, -Infinity],
});

/** `ceil(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function ceil(x: Tensor): Tensor {
  return applyOne(ceilPrimitive, [x]);
}
