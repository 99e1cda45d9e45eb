/** Smooth losses of margins that Keras lacks: exponential (boosting) and logistic (regression with labels -1 and 1). */
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { softplus } from "../ops/nn/activation.ts";
import { multiply } from "../ops/numpy/arithmetic.ts";
import { exp, negative } from "../ops/numpy/elementwise.ts";
import { mean } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { signedLabels } from "./hinge.ts";
import { Loss, type LossFunction, type LossOptions } from "./loss.ts";

/** `-t p` with labels -1 and 1. */
function missingMargin(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [label, p] = signedLabels(yTrue, yPred);
  return negative(multiply(label, p));
}

/** `mean(e^(-t p))` for labels -1 and 1 (0 counts as -1 where all are 0 or 1). Freund and Schapire 1997. Shapes: [.., n] -> [..]. */
export const exponential: LossFunction = defineOp("exponential", (yTrue: TensorLike, yPred: TensorLike) =>
  mean(exp(missingMargin(yTrue, yPred)), -1),
);
/** Mean exponential of the missing margin. */
export class ExponentialLoss extends Loss {
  static override readonly className: string = "Exponential";
  static readonly package: string = "nabla";
  constructor(options: LossOptions = {}) {
    super("exponential", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return exponential(yTrue, yPred);
  }
}
/** Mean exponential of the missing margin. */
export const Exponential: CallableClass<typeof ExponentialLoss> = /* @__PURE__ */ callableClass(ExponentialLoss);
export type Exponential = ExponentialLoss;

/** `mean(log(1 + e^(-t p)))` for labels -1 and 1 (0 counts as -1 where all are 0 or 1). Shapes: [.., n] -> [..]. */
export const logistic: LossFunction = defineOp("logistic", (yTrue: TensorLike, yPred: TensorLike) =>
  mean(softplus(missingMargin(yTrue, yPred)), -1),
);
/** Mean logistic loss of the margin. */
export class LogisticLoss extends Loss {
  static override readonly className: string = "Logistic";
  static readonly package: string = "nabla";
  constructor(options: LossOptions = {}) {
    super("logistic", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return logistic(yTrue, yPred);
  }
}
/** Mean logistic loss of the margin. */
export const Logistic: CallableClass<typeof LogisticLoss> = /* @__PURE__ */ callableClass(LogisticLoss);
export type Logistic = LogisticLoss;
