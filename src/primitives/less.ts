import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { comparePrimitive } from "./define.ts";

/** Elementwise `x < y`; the result is bool and has no derivative. */
export const lessPrimitive: Primitive = comparePrimitive("less", (x, y) => x < y);

/** `x < y`, elementwise. Shapes: two equal shapes -> the same, bool. Throws ShapeError or DTypeError unless both agree. */
export function less(x: Tensor, y: Tensor): Tensor {
  return applyOne(lessPrimitive, [x, y]);
}
