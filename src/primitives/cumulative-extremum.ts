/** The way back through running maxima and minima. */
import { concreteShape, type GradientContext, type Tensor } from "../graph/index.ts";
import { directionOf, shifted } from "./cumulative.ts";
import { cumulativeMax } from "./cumulative-max.ts";
import { cumulativeMin } from "./cumulative-min.ts";
import { full, zerosLike } from "./full.ts";
import { iota } from "./iota.ts";
import { notEqual } from "./not-equal.ts";
import { select } from "./select.ts";
import { takeAlongAxisScatterAdd } from "./take-along-axis-scatter-add.ts";

/** Gradient rule of a running extremum: each cotangent goes to the element that set the value, the first of equals. */
export function extremumGradient({ inputs, outputs, attributes, cotangents }: GradientContext): (Tensor | null)[] {
  const { axis, reverse } = directionOf(attributes);
  const y = outputs[0]!;
  const shape = concreteShape(y);
  const extent = shape[axis]!;
  const first = full(shape, reverse ? extent - 1 : 0, "int32");
  // Where the running value changes, the element at that place set it; elsewhere the one before did.
  const changed = select(notEqual(y, shifted(y, axis, 1, reverse, 0)), iota(shape, axis, "int32"), first);
  const owner = reverse ? cumulativeMin(changed, axis, true) : cumulativeMax(changed, axis, false);
  return [takeAlongAxisScatterAdd(zerosLike(inputs[0]!), owner, cotangents[0]!, axis)];
}
