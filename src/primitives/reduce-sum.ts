import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { numbers } from "./define.ts";
import { reductionPrimitive, reductionSamples } from "./reduction.ts";
import { unreduce } from "./unreduce.ts";

/** Sum over `attributes.axes`; 0 of nothing. */
export const reduceSumPrimitive: Primitive = reductionPrimitive({
  name: "reduceSum",
  reducer: "sum",
  takes: "number",
  initial: () => 0,
  combine: (sum, x) => sum + x,
  gradient: ({ inputs, attributes, cotangents }) => [unreduce(cotangents[0]!, inputs[0]!, numbers(attributes, "axes"))],
  samples: reductionSamples,
});

/** Sum of x over `axes`; x itself where `axes` is empty. The axes leave the shape. Throws ShapeError or DTypeError where x does not fit. */
export function reduceSum(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : applyOne(reduceSumPrimitive, [x], { axes });
}
