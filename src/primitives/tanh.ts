import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { onesLike } from "./full.ts";
import { multiply } from "./multiply.ts";
import { subtract } from "./subtract.ts";

/** Elementwise `tanh(x)`. */
export const tanhPrimitive: Primitive = unaryPrimitive({
  name: "tanh",
  takes: "float",
  reference: Math.tanh,
  gradient: (_x, y, cotangent) => multiply(cotangent, subtract(onesLike(y), multiply(y, y))),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3, 1e-3, 0.01],
  corners: [0, -0, 10, -10, 1e-5, NaN, Infinity, -Infinity],
});

/** `tanh(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function tanh(x: Tensor): Tensor {
  return applyOne(tanhPrimitive, [x]);
}
