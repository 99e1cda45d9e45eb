/** Losses of margins, for labels -1 and 1 (0 counts as -1 where all labels are 0 or 1). */
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { add, equal, logicalOr, maximum, multiply, subtract, where } from "../ops/numpy/arithmetic.ts";
import { square } from "../ops/numpy/elementwise.ts";
import { all, max, mean, sum } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Loss, type LossFunction, type LossOptions } from "./loss.ts";
import { aligned } from "./regression.ts";

/** Labels -1 and 1 beside the predictions: where all labels are 0 or 1, 0 becomes -1. */
export function signedLabels(yTrue: TensorLike, yPred: TensorLike): [Tensor, Tensor] {
  const [t, p] = aligned(yTrue, yPred);
  const binary = all(logicalOr(equal(t, 0), equal(t, 1)));
  return [where(binary, subtract(multiply(2, t), 1), t), p];
}

function margins(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [label, p] = signedLabels(yTrue, yPred);
  return maximum(subtract(1, multiply(label, p)), 0);
}

/** `mean(max(1 - t p, 0))`. Shapes: [.., n] -> [..]. */
export const hinge: LossFunction = defineOp("hinge", (yTrue: TensorLike, yPred: TensorLike) => mean(margins(yTrue, yPred), -1));
/** Mean missing margin. */
export class HingeLoss extends Loss {
  static override readonly className: string = "Hinge";
  constructor(options: LossOptions = {}) {
    super("hinge", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return hinge(yTrue, yPred);
  }
}
/** Mean missing margin. */
export const Hinge: CallableClass<typeof HingeLoss> = /* @__PURE__ */ callableClass(HingeLoss);
export type Hinge = HingeLoss;

/** `mean(max(1 - t p, 0)^2)`. Shapes: [.., n] -> [..]. */
export const squaredHinge: LossFunction = defineOp("squaredHinge", (yTrue: TensorLike, yPred: TensorLike) =>
  mean(square(margins(yTrue, yPred)), -1),
);
/** Mean squared missing margin. */
export class SquaredHingeLoss extends Loss {
  static override readonly className: string = "SquaredHinge";
  constructor(options: LossOptions = {}) {
    super("squared_hinge", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return squaredHinge(yTrue, yPred);
  }
}
/** Mean squared missing margin. */
export const SquaredHinge: CallableClass<typeof SquaredHingeLoss> = /* @__PURE__ */ callableClass(SquaredHingeLoss);
export type SquaredHinge = SquaredHingeLoss;

/** `max(max((1 - t) p) - sum(t p) + 1, 0)`. Shapes: [.., classes] -> [..]. */
export const categoricalHinge: LossFunction = defineOp("categoricalHinge", (yTrue: TensorLike, yPred: TensorLike) => {
  const [t, p] = aligned(yTrue, yPred);
  const right = sum(multiply(t, p), -1);
  const wrong = max(multiply(subtract(1, t), p), -1);
  return maximum(add(subtract(wrong, right), 1), 0);
});
/** Missing margin of the true class over the best other one. */
export class CategoricalHingeLoss extends Loss {
  static override readonly className: string = "CategoricalHinge";
  constructor(options: LossOptions = {}) {
    super("categorical_hinge", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalHinge(yTrue, yPred);
  }
}
/** Missing margin of the true class over the best other one. */
export const CategoricalHinge: CallableClass<typeof CategoricalHingeLoss> = /* @__PURE__ */ callableClass(CategoricalHingeLoss);
export type CategoricalHinge = CategoricalHingeLoss;
