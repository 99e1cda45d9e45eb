import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";
import { multiply } from "./multiply.ts";
import { sign } from "./sign.ts";

/** Elementwise `|x|`. The gradient at 0 is 0, as TensorFlow's (docs/subgradients.md). */
export const absPrimitive: Primitive = unaryPrimitive({
  name: "abs",
  takes: "signed",
  reference: (x) => Math.abs(x),
  gradient: (x, _y, cotangent) => multiply(cotangent, sign(x)),
  points: [-2.5, -1, -0.25, 0.5, 1.25, 3],
  corners: [0, -0, NaN, Infinity, -Infinity],
  integers: [0, 1, -1, 7, -2147483648, 2147483647],
});

/** `|x|`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has float or int32. */
export function abs(x: Tensor): Tensor {
  return applyOne(absPrimitive, [x]);
}
