import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { divide } from "./divide.ts";

/** Elementwise `ln x`. */
export const logPrimitive: Primitive = unaryPrimitive({
  name: "log",
  takes: "float",
  reference: Math.log,
  gradient: (x, _y, cotangent) => divide(cotangent, x),
  points: [0.01, 0.5, 0.99, 1.5, 3, 1000],
  corners: [0, -0, -1, 1, 1e-40, NaN, Infinity, -Infinity],
});

/** `ln x`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function log(x: Tensor): Tensor {
  return applyOne(logPrimitive, [x]);
}
