/** Running minima. */
import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { cumulativePrimitive } from "./cumulative.ts";
import { extremumGradient } from "./cumulative-extremum.ts";
import { nd } from "./define.ts";

/** `out[i] = min(x[0], ..., x[i])` along `axis`; NaN from the first NaN on. Attributes: `axis`, `reverse`. */
export const cumulativeMinPrimitive: Primitive = cumulativePrimitive(
  "cumulativeMin",
  "min",
  (running, x) => Math.min(running, x),
  (context) => extremumGradient(context),
  () => [{ inputs: [nd([1, 3, 2, 3, -5, 5, NaN, 7])], attributes: { axis: 0, reverse: false }, differentiable: false }],
);

/**
 * Running minimum along `axis`, from the end where `reverse`. The gradient goes to the element that set the value, the
 * first of equals. Shapes: x -> the same. Throws ShapeError where the axis does not exist, DTypeError for bool.
 */
export function cumulativeMin(x: Tensor, axis: number, reverse = false): Tensor {
  return applyOne(cumulativeMinPrimitive, [x], { axis, reverse });
}
