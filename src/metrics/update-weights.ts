/** Sample weights and masks of an update, as one factor for every value. */
import { isPlainObject, type Tensor } from "../graph/index.ts";
import { sameRank } from "../losses/ranks.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { multiply } from "../ops/numpy/arithmetic.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { expandDims } from "../ops/numpy/shaping.ts";
import type { UpdateOptions } from "./metric.ts";

/** Options of an update: null stands for none, and sample weights may stand alone, as in Keras, where they are the third argument. */
export function updateOptions(given: unknown): UpdateOptions {
  if (given === null || given === undefined) return {};
  return isPlainObject(given) ? given : { sampleWeight: given as TensorLike };
}

/** The weights as a tensor of the rank of `values` (what is masked weighs 0); null where there are none. */
export function weightsFor(values: Tensor, asked: UpdateOptions): Tensor | null {
  const options = updateOptions(asked);
  const given = [options.sampleWeight, options.mask].flatMap((weight) =>
    weight === null || weight === undefined ? [] : [cast(asTensor(weight), "float32")],
  );
  if (given.length === 0) return null;
  const weight = given.reduce((a, b) => multiply(...sameRank(a, b)));
  if (weight.rank >= values.rank) return sameRank(values, weight, false)[1];
  return expandDims(
    weight,
    Array.from({ length: values.rank - weight.rank }, (_, i) => weight.rank + i),
  );
}
