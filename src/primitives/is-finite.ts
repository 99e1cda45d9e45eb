import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";

/** Elementwise: whether x is neither infinite nor NaN (bool). */
export const isFinitePrimitive: Primitive = unaryPrimitive({
  name: "isFinite",
  takes: "float",
  gives: "bool",
  reference: (x) => (Number.isFinite(x) ? 1 : 0),
  gradient: null,
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3],
  corners: [0, -0, NaN, Infinity, -Infinity],
});

/** `x is finite`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function isFinite(x: Tensor): Tensor {
  return applyOne(isFinitePrimitive, [x]);
}
