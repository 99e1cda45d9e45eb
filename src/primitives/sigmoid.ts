import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";
import { subtract } from "./subtract.ts";

/** Elementwise `1 / (1 + e^-x)`. */
export const sigmoidPrimitive: Primitive = unaryPrimitive({
  name: "sigmoid",
  takes: "float",
  reference: (x) => 1 / (1 + Math.exp(-x)),
  gradient: (_x, y, cotangent) => multiply(cotangent, multiply(y, subtract(onesLike(y), y))),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3],
  corners: [0, 20, -20, 88, -88, 104, -104, NaN, Infinity, -Infinity],
});

/** `1 / (1 + e^-x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function sigmoid(x: Tensor): Tensor {
  return applyOne(sigmoidPrimitive, [x]);
}
