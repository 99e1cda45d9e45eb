/** Correlations of targets and predictions. */
import { epsilon } from "../config/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { Axis } from "../ops/arguments.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { add, divide, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { square } from "../ops/numpy/elementwise.ts";
import { mean, std, variance } from "../ops/numpy/reduce.ts";
import { aligned } from "../losses/regression.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { MeanOfFunction } from "./mean.ts";
import type { MetricOptions } from "./metric.ts";

/** Options of correlations. */
export interface CorrelationOptions extends MetricOptions {
  /** Axis (or axes) along which values belong together. Default -1. */
  axis?: number | readonly number[];
}
type CorrelationFunction = (yTrue: TensorLike, yPred: TensorLike, options?: { axis?: number | readonly number[] }) => Tensor;

/** Pearson's `mean((t - mean(t)) (p - mean(p))) / (std(t) std(p))` along an axis. Shapes: [.., n] -> [..]. */
export const pearsonCorrelation: CorrelationFunction = defineOp(
  "pearsonCorrelation",
  (yTrue: TensorLike, yPred: TensorLike, options: { axis?: number | readonly number[] } = {}) => {
    const axis: Axis = options.axis ?? -1;
    const standard = (x: Tensor): Tensor => {
      const centered = subtract(x, mean(x, axis, true));
      return divide(centered, std(centered, axis, true));
    };
    const [t, p] = aligned(yTrue, yPred);
    return mean(multiply(standard(t), standard(p)), axis);
  },
);

/**
 * Lin's `2 cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p))^2)` along an axis: 1 only where t = p. Lin 1989, Biometrics 45.
 * Shapes: [.., n] -> [..].
 */
export const concordanceCorrelation: CorrelationFunction = defineOp(
  "concordanceCorrelation",
  (yTrue: TensorLike, yPred: TensorLike, options: { axis?: number | readonly number[] } = {}) => {
    const axis: Axis = options.axis ?? -1;
    const [t, p] = aligned(yTrue, yPred);
    const [tMean, pMean] = [mean(t, axis, true), mean(p, axis, true)];
    // The mean of p's deviations is 0: t may be measured from anywhere.
    const covariance = multiply(subtract(t, pMean), subtract(p, pMean));
    const spread = add(add(variance(t, axis, true), variance(p, axis, true)), square(subtract(tMean, pMean)));
    return mean(divide(multiply(2, covariance), add(spread, epsilon())), axis);
  },
);

/** What both classes keep. */
abstract class Correlation extends MeanOfFunction {
  readonly axis: number | readonly number[];
  readonly #correlation: CorrelationFunction;
  constructor(name: string, correlation: CorrelationFunction, options: CorrelationOptions) {
    super(name, options, ["axis"]);
    this.axis = options.axis ?? -1;
    this.#correlation = correlation;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return this.#correlation(yTrue, yPred, { axis: this.axis });
  }
  protected override options(): Record<string, unknown> {
    return { axis: this.axis };
  }
}

/** Mean correlation of Pearson: 1 where predictions rise linearly with targets. */
export class PearsonCorrelationMetric extends Correlation {
  static override readonly className: string = "PearsonCorrelation";
  constructor(options: CorrelationOptions = {}) {
    super("pearson_correlation", pearsonCorrelation, options);
  }
}
/** Mean correlation of Pearson. */
export const PearsonCorrelation: CallableClass<typeof PearsonCorrelationMetric> = /* @__PURE__ */ callableClass(PearsonCorrelationMetric);
export type PearsonCorrelation = PearsonCorrelationMetric;

/** Mean concordance of Lin: 1 where predictions are the targets. */
export class ConcordanceCorrelationMetric extends Correlation {
  static override readonly className: string = "ConcordanceCorrelation";
  constructor(options: CorrelationOptions = {}) {
    super("concordance_correlation", concordanceCorrelation, options);
  }
}
/** Mean concordance of Lin. */
export const ConcordanceCorrelation: CallableClass<typeof ConcordanceCorrelationMetric> =
  /* @__PURE__ */ callableClass(ConcordanceCorrelationMetric);
export type ConcordanceCorrelation = ConcordanceCorrelationMetric;
