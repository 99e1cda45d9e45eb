/** Running products. */
import { applyOne, concreteShape, type Primitive, type Tensor } from "../graph/index.ts";
import { add } from "./add.ts";
import { cumulativePrimitive, directionOf, shifted } from "./cumulative.ts";
import { nd } from "./define.ts";
import { multiply } from "./multiply.ts";

/**
 * `s[i] = cotangent[i] + x[i + 1] s[i + 1]`: what flows into the partial product that ends at i, later factors included.
 * A linear recurrence solved by doubling (Blelloch 1990, Prefix sums and their applications, section 1.4), so that
 * zeros among the factors need no division.
 */
function pulledBack(x: Tensor, cotangent: Tensor, axis: number, reverse: boolean): Tensor {
  const extent = concreteShape(x)[axis]!;
  let factor = shifted(x, axis, 1, !reverse, 0);
  let sum = cotangent;
  for (let distance = 1; distance < extent; distance *= 2) {
    sum = add(sum, multiply(factor, shifted(sum, axis, distance, !reverse, 0)));
    if (distance * 2 < extent) factor = multiply(factor, shifted(factor, axis, distance, !reverse, 0));
  }
  return sum;
}

/** `out[i] = x[0] * ... * x[i]` along `axis`. Attributes: `axis`, `reverse`. */
export const cumulativeProdPrimitive: Primitive = cumulativePrimitive(
  "cumulativeProd",
  "prod",
  (running, x, exact) => (exact ? running * x : Math.imul(running, x)),
  ({ inputs, outputs, attributes, cotangents }) => {
    const { axis, reverse } = directionOf(attributes);
    // d out[j] / d x[i] = (product before i) * (product of i + 1 to j).
    const before = shifted(outputs[0]!, axis, 1, reverse, 1);
    return [multiply(before, pulledBack(inputs[0]!, cotangents[0]!, axis, reverse))];
  },
  () => [{ inputs: [nd([2, 0, -1.5, 0, 3])], attributes: { axis: 0, reverse: false } }],
);

/**
 * Running product along `axis`, from the end where `reverse`. Integers wrap. Shapes: x -> the same.
 * Throws ShapeError where the axis does not exist, DTypeError for bool.
 */
export function cumulativeProd(x: Tensor, axis: number, reverse = false): Tensor {
  return applyOne(cumulativeProdPrimitive, [x], { axis, reverse });
}
