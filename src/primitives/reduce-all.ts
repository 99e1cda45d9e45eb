import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { logicalSamples, reductionPrimitive } from "./reduction.ts";

/** Whether all elements are true, over `attributes.axes`, of bool. */
export const reduceAllPrimitive: Primitive = reductionPrimitive({
  name: "reduceAll",
  reducer: "all",
  takes: "bool",
  initial: () => 1,
  combine: (all, x) => (all !== 0 && x !== 0 ? 1 : 0),
  gradient: null,
  samples: logicalSamples,
});

/** Whether all elements are true of x, over `axes`; x itself where `axes` is empty. The axes leave the shape. Throws ShapeError or DTypeError where x does not fit. */
export function reduceAll(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : applyOne(reduceAllPrimitive, [x], { axes });
}
