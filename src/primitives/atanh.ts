import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { divide } from "./divide.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";
import { subtract } from "./subtract.ts";

/** Elementwise `atanh(x)`. */
export const atanhPrimitive: Primitive = unaryPrimitive({
  name: "atanh",
  takes: "float",
  reference: Math.atanh,
  gradient: (x, _y, cotangent) => divide(cotangent, subtract(onesLike(x), multiply(x, x))),
  points: [-0.9, -0.5, -0.25, 0.1, 0.5, 0.95, 1e-3, 0.75],
  corners: [0, -0, 1e-5, 1, -1, 2, NaN, Infinity, -Infinity],
});

/** `atanh(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function atanh(x: Tensor): Tensor {
  return applyOne(atanhPrimitive, [x]);
}
