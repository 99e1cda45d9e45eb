import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";

/** Elementwise sign: -1, 0 or 1, NaN for NaN. The derivative is zero. */
export const signPrimitive: Primitive = unaryPrimitive({
  name: "sign",
  takes: "signed",
  reference: Math.sign,
  gradient: null,
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3],
  corners: [0, -0, NaN, Infinity, -Infinity],
  integers: [0, 1, -1, 7, -2147483648, 2147483647],
});

/** `sign(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has float or int32. */
export function sign(x: Tensor): Tensor {
  return applyOne(signPrimitive, [x]);
}
