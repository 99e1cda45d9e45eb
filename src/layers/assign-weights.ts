/** Weights set from arrays, all or none. */
import { ShapeError } from "../errors.ts";
import { formatShape, sameShape, type Variable, withScope } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { tensorForWeight } from "./layer-arguments.ts";
import { describe } from "./layer-options.ts";

/** Assigns arrays to weights in order. Throws ShapeError where number or shapes differ; then nothing is assigned. */
export function assignWeights(where: string, weights: readonly Variable[], values: readonly TensorLike[], isBuilt: boolean): void {
  if (!Array.isArray(values) || values.length !== weights.length) {
    throw new ShapeError({
      where,
      problem: "the number of arrays differs from the number of weights",
      expected: `${weights.length}: ${weights.map((weight) => `${weight.path} ${formatShape(weight.shape)}`).join(", ") || "no weights"}`,
      received: Array.isArray(values) ? String(values.length) : describe(values),
      ...(isBuilt ? {} : { advice: "the layer has no weights before it is built: call it once, or build(inputShape)" }),
    });
  }
  const tensors = values.map((value: TensorLike, index) => {
    const weight = weights[index]!;
    const tensor = withScope(where, () => tensorForWeight(value, weight));
    if (sameShape(tensor.shape, weight.shape)) return tensor;
    throw new ShapeError({
      where,
      problem: `array ${index} does not fit the weight "${weight.path}"`,
      expected: formatShape(weight.shape),
      received: formatShape(tensor.shape),
    });
  });
  tensors.forEach((tensor, index) => weights[index]!.assign(tensor));
}
