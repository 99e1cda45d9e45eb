/** Generalized cross-entropy. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { oneHot } from "../ops/nn/one-hot.ts";
import { divide, multiply, power, subtract } from "../ops/numpy/arithmetic.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { squeeze } from "../ops/numpy/shaping.ts";
import { toFloat } from "../ops/promote.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Loss, type LossOptions } from "./loss.ts";

function checkedQ(q: number): number {
  if (q > 0 && q < 1) return q;
  throw new ValueError({
    where: "losses.CategoricalGeneralizedCrossEntropy",
    problem: "q must be between 0 and 1",
    expected: "0 < q < 1",
    received: String(q),
    advice: 'q towards 0 is "sparse_categorical_crossentropy", q = 1 the mean absolute error',
  });
}

/** `(1 - p[label]^q) / q`. Shapes: labels [..] or [.., 1], [.., classes] -> [..]. */
export const categoricalGeneralizedCrossEntropy: (yTrue: TensorLike, yPred: TensorLike, options?: { q?: number }) => Tensor = defineOp(
  "categoricalGeneralizedCrossEntropy",
  (yTrue: TensorLike, yPred: TensorLike, options: { q?: number } = {}) => {
    const q = checkedQ(options.q ?? 0.5);
    const p = toFloat(yPred);
    const given = cast(asTensor(yTrue), "int32");
    const labels = given.rank === p.rank && given.shape.at(-1) === 1 ? squeeze(given, -1) : given;
    const own = sum(multiply(p, oneHot(labels, p.dim(-1), { dtype: p.dtype })), -1);
    return divide(subtract(1, power(own, q)), q);
  },
);
/** Options of CategoricalGeneralizedCrossEntropy. */
export interface GeneralizedCrossEntropyOptions extends LossOptions {
  /** Between 0 (cross-entropy) and 1 (mean absolute error): how little wrong labels count. Default 0.5. */
  q?: number;
}
/** Cross-entropy of class numbers of which some are wrong. Zhang and Sabuncu 2018, arXiv:1805.07836. */
export class CategoricalGeneralizedCrossEntropyLoss extends Loss {
  static override readonly className: string = "CategoricalGeneralizedCrossEntropy";
  readonly q: number;
  constructor(options: GeneralizedCrossEntropyOptions = {}) {
    super("categorical_generalized_cross_entropy", options, ["q"]);
    this.q = checkedQ(options.q ?? 0.5);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalGeneralizedCrossEntropy(yTrue, yPred, { q: this.q });
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), q: this.q };
  }
}
/** Cross-entropy of class numbers of which some are wrong. */
export const CategoricalGeneralizedCrossEntropy: CallableClass<typeof CategoricalGeneralizedCrossEntropyLoss> =
  /* @__PURE__ */ callableClass(CategoricalGeneralizedCrossEntropyLoss);
export type CategoricalGeneralizedCrossEntropy = CategoricalGeneralizedCrossEntropyLoss;
