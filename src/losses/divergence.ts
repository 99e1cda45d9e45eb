/** Losses of predicted distributions and counts. */
import { epsilon } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { add, clip, divide, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { log } from "../ops/numpy/elementwise.ts";
import { mean, sum } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Loss, type LossFunction, type LossOptions } from "./loss.ts";
import { aligned } from "./regression.ts";

/** `sum(t log(t / p))`, both in [1e-7, 1]. Shapes: [.., n] -> [..]. */
export const klDivergence: LossFunction = defineOp("klDivergence", (yTrue: TensorLike, yPred: TensorLike) => {
  const [t, p] = aligned(yTrue, yPred).map((x) => clip(x, epsilon(), 1)) as [Tensor, Tensor];
  return sum(multiply(t, log(divide(t, p))), -1);
});
/** Kullback and Leibler's divergence of the targets from the predictions. */
export class KLDivergenceLoss extends Loss {
  static override readonly className: string = "KLDivergence";
  constructor(options: LossOptions = {}) {
    super("kl_divergence", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return klDivergence(yTrue, yPred);
  }
}
/** Kullback and Leibler's divergence of the targets from the predictions. */
export const KLDivergence: CallableClass<typeof KLDivergenceLoss> = /* @__PURE__ */ callableClass(KLDivergenceLoss);
export type KLDivergence = KLDivergenceLoss;

/** `mean(p - t log(p + 1e-7))`. Shapes: [.., n] -> [..]. */
export const poisson: LossFunction = defineOp("poisson", (yTrue: TensorLike, yPred: TensorLike) => {
  const [t, p] = aligned(yTrue, yPred);
  return mean(subtract(p, multiply(t, log(add(p, epsilon())))), -1);
});
/** Negative log-likelihood of counts, without its constant. */
export class PoissonLoss extends Loss {
  static override readonly className: string = "Poisson";
  constructor(options: LossOptions = {}) {
    super("poisson", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return poisson(yTrue, yPred);
  }
}
/** Negative log-likelihood of counts, without its constant. */
export const Poisson: CallableClass<typeof PoissonLoss> = /* @__PURE__ */ callableClass(PoissonLoss);
export type Poisson = PoissonLoss;
