/** Running sums. */
import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { cumulativePrimitive, directionOf } from "./cumulative.ts";

/** `out[i] = x[0] + ... + x[i]` along `axis`. Attributes: `axis`, `reverse`. */
export const cumulativeSumPrimitive: Primitive = cumulativePrimitive(
  "cumulativeSum",
  "sum",
  (running, x, exact) => (exact ? running + x : (running + x) | 0),
  ({ attributes, cotangents }) => {
    const { axis, reverse } = directionOf(attributes);
    return [cumulativeSum(cotangents[0]!, axis, !reverse)];
  },
  () => [],
);

/**
 * Running sum along `axis`, from the end where `reverse`. Integers wrap. Shapes: x -> the same.
 * Throws ShapeError where the axis does not exist, DTypeError for bool.
 */
export function cumulativeSum(x: Tensor, axis: number, reverse = false): Tensor {
  return applyOne(cumulativeSumPrimitive, [x], { axis, reverse });
}
