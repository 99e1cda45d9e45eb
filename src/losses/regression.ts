/** Losses of predicted numbers. Each function gives the mean over the last axis; each class reduces further. */
import { epsilon } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { softplus } from "../ops/nn/activation.ts";
import { add, divide, lessEqual, maximum, multiply, subtract, where } from "../ops/numpy/arithmetic.ts";
import { abs, log, square } from "../ops/numpy/elementwise.ts";
import { mean } from "../ops/numpy/reduce.ts";
import { castTo, toFloat } from "../ops/promote.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Loss, type LossFunction, type LossOptions } from "./loss.ts";
import { sameRank } from "./ranks.ts";

/** Targets in the dtype of the predictions, both of one rank. */
export function aligned(yTrue: TensorLike, yPred: TensorLike): [Tensor, Tensor] {
  const prediction = toFloat(yPred);
  return sameRank(castTo(asTensor(yTrue), prediction.dtype), prediction);
}

/** `mean((yTrue - yPred)^2)`. Shapes: [.., n] -> [..]. */
export const meanSquaredError: LossFunction = defineOp("meanSquaredError", (yTrue: TensorLike, yPred: TensorLike) => {
  const [t, p] = aligned(yTrue, yPred);
  return mean(square(subtract(t, p)), -1);
});
/** Mean squared error. */
export class MeanSquaredErrorLoss extends Loss {
  static override readonly className: string = "MeanSquaredError";
  constructor(options: LossOptions = {}) {
    super("mean_squared_error", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanSquaredError(yTrue, yPred);
  }
}
/** Mean squared error. */
export const MeanSquaredError: CallableClass<typeof MeanSquaredErrorLoss> = /* @__PURE__ */ callableClass(MeanSquaredErrorLoss);
export type MeanSquaredError = MeanSquaredErrorLoss;

/** `mean(|yTrue - yPred|)`. Shapes: [.., n] -> [..]. */
export const meanAbsoluteError: LossFunction = defineOp("meanAbsoluteError", (yTrue: TensorLike, yPred: TensorLike) => {
  const [t, p] = aligned(yTrue, yPred);
  return mean(abs(subtract(t, p)), -1);
});
/** Mean absolute error. */
export class MeanAbsoluteErrorLoss extends Loss {
  static override readonly className: string = "MeanAbsoluteError";
  constructor(options: LossOptions = {}) {
    super("mean_absolute_error", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanAbsoluteError(yTrue, yPred);
  }
}
/** Mean absolute error. */
export const MeanAbsoluteError: CallableClass<typeof MeanAbsoluteErrorLoss> = /* @__PURE__ */ callableClass(MeanAbsoluteErrorLoss);
export type MeanAbsoluteError = MeanAbsoluteErrorLoss;

/** `100 mean(|(yTrue - yPred) / max(|yTrue|, 1e-7)|)`. Shapes: [.., n] -> [..]. */
export const meanAbsolutePercentageError: LossFunction = defineOp("meanAbsolutePercentageError", (yTrue: TensorLike, yPred: TensorLike) => {
  const [t, p] = aligned(yTrue, yPred);
  return multiply(100, mean(abs(divide(subtract(t, p), maximum(abs(t), epsilon()))), -1));
});
/** Mean absolute percentage error. */
export class MeanAbsolutePercentageErrorLoss extends Loss {
  static override readonly className: string = "MeanAbsolutePercentageError";
  constructor(options: LossOptions = {}) {
    super("mean_absolute_percentage_error", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanAbsolutePercentageError(yTrue, yPred);
  }
}
/** Mean absolute percentage error. */
export const MeanAbsolutePercentageError: CallableClass<typeof MeanAbsolutePercentageErrorLoss> =
  /* @__PURE__ */ callableClass(MeanAbsolutePercentageErrorLoss);
export type MeanAbsolutePercentageError = MeanAbsolutePercentageErrorLoss;

/** `mean((log(yTrue + 1) - log(yPred + 1))^2)`; both are at least 1e-7. Shapes: [.., n] -> [..]. */
export const meanSquaredLogarithmicError: LossFunction = defineOp("meanSquaredLogarithmicError", (yTrue: TensorLike, yPred: TensorLike) => {
  const [t, p] = aligned(yTrue, yPred);
  const logarithm = (x: Tensor): Tensor => log(add(maximum(x, epsilon()), 1));
  return mean(square(subtract(logarithm(p), logarithm(t))), -1);
});
/** Mean squared logarithmic error. */
export class MeanSquaredLogarithmicErrorLoss extends Loss {
  static override readonly className: string = "MeanSquaredLogarithmicError";
  constructor(options: LossOptions = {}) {
    super("mean_squared_logarithmic_error", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanSquaredLogarithmicError(yTrue, yPred);
  }
}
/** Mean squared logarithmic error. */
export const MeanSquaredLogarithmicError: CallableClass<typeof MeanSquaredLogarithmicErrorLoss> =
  /* @__PURE__ */ callableClass(MeanSquaredLogarithmicErrorLoss);
export type MeanSquaredLogarithmicError = MeanSquaredLogarithmicErrorLoss;

/** `mean(e^2 / 2)` for errors up to `delta` (default 1), else `mean(delta |e| - delta^2 / 2)`. Huber 1964. Shapes: [.., n] -> [..]. */
export const huber: (yTrue: TensorLike, yPred: TensorLike, options?: { delta?: number }) => Tensor = defineOp(
  "huber",
  (yTrue: TensorLike, yPred: TensorLike, options: { delta?: number } = {}) => {
    const delta = options.delta ?? 1;
    const [t, p] = aligned(yTrue, yPred);
    const error = subtract(p, t);
    const size = abs(error);
    return mean(where(lessEqual(size, delta), multiply(0.5, square(error)), subtract(multiply(delta, size), 0.5 * delta * delta)), -1);
  },
);
/** Options of Huber. */
export interface HuberOptions extends LossOptions {
  /** Where the square becomes linear. Default 1. */
  delta?: number;
}
/** Squared for small errors, absolute for large ones. */
export class HuberLoss extends Loss {
  static override readonly className: string = "Huber";
  readonly delta: number;
  constructor(options: HuberOptions = {}) {
    super("huber_loss", options, ["delta"]);
    this.delta = options.delta ?? 1;
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return huber(yTrue, yPred, { delta: this.delta });
  }
  protected override options(): Record<string, unknown> {
    // Keras does not write it: files hold it where it says something.
    return this.delta === 1 ? super.options() : { ...super.options(), delta: this.delta };
  }
}
/** Squared for small errors, absolute for large ones. */
export const Huber: CallableClass<typeof HuberLoss> = /* @__PURE__ */ callableClass(HuberLoss);
export type Huber = HuberLoss;

/** `mean(log(cosh(yPred - yTrue)))`, without overflow. Shapes: [.., n] -> [..]. */
export const logCosh: LossFunction = defineOp("logCosh", (yTrue: TensorLike, yPred: TensorLike) => {
  const [t, p] = aligned(yTrue, yPred);
  const error = subtract(p, t);
  return mean(subtract(add(error, softplus(multiply(error, -2))), Math.LN2), -1);
});
/** Logarithm of the hyperbolic cosine of the error. */
export class LogCoshLoss extends Loss {
  static override readonly className: string = "LogCosh";
  constructor(options: LossOptions = {}) {
    super("log_cosh", options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return logCosh(yTrue, yPred);
  }
}
/** Logarithm of the hyperbolic cosine of the error. */
export const LogCosh: CallableClass<typeof LogCoshLoss> = /* @__PURE__ */ callableClass(LogCoshLoss);
export type LogCosh = LogCoshLoss;
