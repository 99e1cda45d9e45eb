/** Running maxima. */
import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { cumulativePrimitive } from "./cumulative.ts";
import { extremumGradient } from "./cumulative-extremum.ts";
import { nd } from "./define.ts";

/** `out[i] = max(x[0], ..., x[i])` along `axis`; NaN from the first NaN on. Attributes: `axis`, `reverse`. */
export const cumulativeMaxPrimitive: Primitive = cumulativePrimitive(
  "cumulativeMax",
  "max",
  (running, x) => Math.max(running, x),
  (context) => extremumGradient(context),
  () => [{ inputs: [nd([1, 3, 2, 3, -5, 5, NaN, 7])], attributes: { axis: 0, reverse: false }, differentiable: false }],
);

/**
 * Running maximum along `axis`, from the end where `reverse`. The gradient goes to the element that set the value, the
 * first of equals. Shapes: x -> the same. Throws ShapeError where the axis does not exist, DTypeError for bool.
 */
export function cumulativeMax(x: Tensor, axis: number, reverse = false): Tensor {
  return applyOne(cumulativeMaxPrimitive, [x], { axis, reverse });
}
