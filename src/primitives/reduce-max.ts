import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { dtypes } from "../dtype/index.ts";
import { convert } from "./convert.ts";
import { numbers } from "./define.ts";
import { divide } from "./divide.ts";
import { equal } from "./equal.ts";
import { multiply } from "./multiply.ts";
import { reduceSum } from "./reduce-sum.ts";
import { reductionPrimitive, reductionSamples } from "./reduction.ts";
import { unreduce } from "./unreduce.ts";

/**
 * Maximum over `attributes.axes`; NaN wins; of nothing, the lowest value of the dtype. Equal extremes share the gradient
 * evenly, as TensorFlow's do (docs/subgradients.md).
 */
export const reduceMaxPrimitive: Primitive = reductionPrimitive({
  name: "reduceMax",
  reducer: "max",
  takes: "number",
  initial: (dtype) => dtypes[dtype].range[0],
  combine: (max, x) => Math.max(max, x),
  gradient: ({ inputs, outputs, attributes, cotangents }) => {
    const axes = numbers(attributes, "axes");
    const x = inputs[0]!;
    if (x.size === 0) return [null];
    const chosen = convert(equal(x, unreduce(outputs[0]!, x, axes)), x.dtype);
    const share = divide(cotangents[0]!, reduceSum(chosen, axes));
    return [multiply(chosen, unreduce(share, x, axes))];
  },
  samples: reductionSamples,
});

/** Maximum of x over `axes`; x itself where `axes` is empty. The axes leave the shape. Throws ShapeError or DTypeError where x does not fit. */
export function reduceMax(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : applyOne(reduceMaxPrimitive, [x], { axes });
}
