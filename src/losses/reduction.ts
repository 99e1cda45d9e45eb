/** How the losses of samples become one number. */
import { ValueError } from "../errors.ts";
import { concreteShape, type Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { divide, divideNoNan, multiply } from "../ops/numpy/arithmetic.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { broadcastTo } from "../ops/numpy/shaping.ts";
import { sameRank } from "./ranks.ts";

/** "sum_over_batch_size" (and "mean"): the mean; "mean_with_sample_weight": divided by the sum of weights; null and "none": no reduction. */
export type Reduction = "sum_over_batch_size" | "sum" | "mean" | "mean_with_sample_weight" | "none" | null;

const known: readonly unknown[] = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", null];

/** `reduction` if it is one. Throws ValueError. */
export function checkReduction(where: string, reduction: Reduction): Reduction {
  if (known.includes(reduction)) return reduction;
  throw new ValueError({
    where,
    problem: "there is no such reduction",
    expected: known.map((r) => JSON.stringify(r)).join(", "),
    received: JSON.stringify(reduction),
  });
}

/**
 * Weights with a mask applied: masked entries weigh 0. For means, the others weigh `total / valid` times as much, so that
 * masked entries do not count in the denominator.
 */
export function maskedWeight(sampleWeight: Tensor | null, mask: Tensor, reduction: Reduction): Tensor {
  let factor = cast(mask, "float32");
  if (reduction === "mean" || reduction === "sum_over_batch_size") factor = multiply(factor, divideNoNan(factor.size, sum(factor)));
  if (sampleWeight === null) return factor;
  const [weight, aligned] = sameRank(cast(sampleWeight, "float32"), factor);
  return multiply(weight, aligned);
}

/** Values times weights (which broadcast, with Keras's alignment of ranks), reduced. */
export function reduceWeighted(values: Tensor, sampleWeight: TensorLike | null, mask: TensorLike | null, reduction: Reduction): Tensor {
  let weight = sampleWeight === null ? null : asTensor(sampleWeight);
  if (mask !== null) weight = maskedWeight(weight, asTensor(mask), reduction);
  let weighted = values;
  if (weight !== null) {
    const [aligned, factor] = sameRank(values, cast(weight, values.dtype));
    weighted = multiply(aligned, factor);
    weight = factor;
  }
  if (reduction === null || reduction === "none" || weighted.rank === 0) return weighted;
  const total = sum(weighted);
  if (reduction === "sum") return total;
  if (reduction === "mean_with_sample_weight" && weight !== null)
    return divideNoNan(total, sum(broadcastTo(weight, concreteShape(weighted))));
  return divide(total, weighted.size);
}
