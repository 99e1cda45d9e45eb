import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { logicalSamples, reductionPrimitive } from "./reduction.ts";

/** Whether any element is true, over `attributes.axes`, of bool. */
export const reduceAnyPrimitive: Primitive = reductionPrimitive({
  name: "reduceAny",
  reducer: "any",
  takes: "bool",
  initial: () => 0,
  combine: (any, x) => (any !== 0 || x !== 0 ? 1 : 0),
  gradient: null,
  samples: logicalSamples,
});

/** Whether any element is true of x, over `axes`; x itself where `axes` is empty. The axes leave the shape. Throws ShapeError or DTypeError where x does not fit. */
export function reduceAny(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : applyOne(reduceAnyPrimitive, [x], { axes });
}
