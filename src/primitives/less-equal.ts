import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { comparePrimitive } from "./define.ts";

/** Elementwise `x <= y`; the result is bool and has no derivative. */
export const lessEqualPrimitive: Primitive = comparePrimitive("lessEqual", (x, y) => x <= y);

/** `x <= y`, elementwise. Shapes: two equal shapes -> the same, bool. Throws ShapeError or DTypeError unless both agree. */
export function lessEqual(x: Tensor, y: Tensor): Tensor {
  return applyOne(lessEqualPrimitive, [x, y]);
}
