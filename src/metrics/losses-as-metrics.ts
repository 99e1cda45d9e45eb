/** Means of losses, as metrics. */
import type { Tensor } from "../graph/index.ts";
import {
  type CrossentropyLossOptions,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from "../losses/crossentropy.ts";
import { klDivergence, poisson } from "../losses/divergence.ts";
import { categoricalHinge, hinge, squaredHinge } from "../losses/hinge.ts";
import type { LossFunction } from "../losses/loss.ts";
import {
  aligned,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from "../losses/regression.ts";
import { cosineSimilarity } from "../losses/similarity.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { subtract } from "../ops/numpy/arithmetic.ts";
import { negative, sqrt, square } from "../ops/numpy/elementwise.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { MeanOfFunction } from "./mean.ts";
import type { MetricOptions } from "./metric.ts";

/** Mean of a loss function without options. */
abstract class MeanOfLoss extends MeanOfFunction {
  readonly #loss: LossFunction;
  constructor(name: string, loss: LossFunction, options: MetricOptions) {
    super(name, options);
    this.#loss = loss;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return this.#loss(yTrue, yPred);
  }
}

/** Mean squared error. */
export class MeanSquaredErrorMetric extends MeanOfLoss {
  static override readonly className: string = "MeanSquaredError";
  constructor(options: MetricOptions = {}) {
    super("mean_squared_error", meanSquaredError, options);
  }
}
/** Mean squared error. */
export const MeanSquaredError: CallableClass<typeof MeanSquaredErrorMetric> = /* @__PURE__ */ callableClass(MeanSquaredErrorMetric);
export type MeanSquaredError = MeanSquaredErrorMetric;

/** Mean absolute error. */
export class MeanAbsoluteErrorMetric extends MeanOfLoss {
  static override readonly className: string = "MeanAbsoluteError";
  constructor(options: MetricOptions = {}) {
    super("mean_absolute_error", meanAbsoluteError, options);
  }
}
/** Mean absolute error. */
export const MeanAbsoluteError: CallableClass<typeof MeanAbsoluteErrorMetric> = /* @__PURE__ */ callableClass(MeanAbsoluteErrorMetric);
export type MeanAbsoluteError = MeanAbsoluteErrorMetric;

/** Mean absolute percentage error. */
export class MeanAbsolutePercentageErrorMetric extends MeanOfLoss {
  static override readonly className: string = "MeanAbsolutePercentageError";
  constructor(options: MetricOptions = {}) {
    super("mean_absolute_percentage_error", meanAbsolutePercentageError, options);
  }
}
/** Mean absolute percentage error. */
export const MeanAbsolutePercentageError: CallableClass<typeof MeanAbsolutePercentageErrorMetric> =
  /* @__PURE__ */ callableClass(MeanAbsolutePercentageErrorMetric);
export type MeanAbsolutePercentageError = MeanAbsolutePercentageErrorMetric;

/** Mean squared logarithmic error. */
export class MeanSquaredLogarithmicErrorMetric extends MeanOfLoss {
  static override readonly className: string = "MeanSquaredLogarithmicError";
  constructor(options: MetricOptions = {}) {
    super("mean_squared_logarithmic_error", meanSquaredLogarithmicError, options);
  }
}
/** Mean squared logarithmic error. */
export const MeanSquaredLogarithmicError: CallableClass<typeof MeanSquaredLogarithmicErrorMetric> =
  /* @__PURE__ */ callableClass(MeanSquaredLogarithmicErrorMetric);
export type MeanSquaredLogarithmicError = MeanSquaredLogarithmicErrorMetric;

/** Mean logarithm of the hyperbolic cosine of the error. */
export class LogCoshErrorMetric extends MeanOfLoss {
  static override readonly className: string = "LogCoshError";
  constructor(options: MetricOptions = {}) {
    super("logcosh", logCosh, options);
  }
}
/** Mean logarithm of the hyperbolic cosine of the error. */
export const LogCoshError: CallableClass<typeof LogCoshErrorMetric> = /* @__PURE__ */ callableClass(LogCoshErrorMetric);
export type LogCoshError = LogCoshErrorMetric;

/** Mean divergence of the targets from the predictions. */
export class KLDivergenceMetric extends MeanOfLoss {
  static override readonly className: string = "KLDivergence";
  constructor(options: MetricOptions = {}) {
    super("kl_divergence", klDivergence, options);
  }
}
/** Mean divergence of the targets from the predictions. */
export const KLDivergence: CallableClass<typeof KLDivergenceMetric> = /* @__PURE__ */ callableClass(KLDivergenceMetric);
export type KLDivergence = KLDivergenceMetric;

/** Mean Poisson loss. */
export class PoissonMetric extends MeanOfLoss {
  static override readonly className: string = "Poisson";
  constructor(options: MetricOptions = {}) {
    super("poisson", poisson, options);
  }
}
/** Mean Poisson loss. */
export const Poisson: CallableClass<typeof PoissonMetric> = /* @__PURE__ */ callableClass(PoissonMetric);
export type Poisson = PoissonMetric;

/** Mean missing margin. */
export class HingeMetric extends MeanOfLoss {
  static override readonly className: string = "Hinge";
  constructor(options: MetricOptions = {}) {
    super("hinge", hinge, options);
  }
}
/** Mean missing margin. */
export const Hinge: CallableClass<typeof HingeMetric> = /* @__PURE__ */ callableClass(HingeMetric);
export type Hinge = HingeMetric;

/** Mean squared missing margin. */
export class SquaredHingeMetric extends MeanOfLoss {
  static override readonly className: string = "SquaredHinge";
  constructor(options: MetricOptions = {}) {
    super("squared_hinge", squaredHinge, options);
  }
}
/** Mean squared missing margin. */
export const SquaredHinge: CallableClass<typeof SquaredHingeMetric> = /* @__PURE__ */ callableClass(SquaredHingeMetric);
export type SquaredHinge = SquaredHingeMetric;

/** Mean missing margin over the best wrong class. */
export class CategoricalHingeMetric extends MeanOfLoss {
  static override readonly className: string = "CategoricalHinge";
  constructor(options: MetricOptions = {}) {
    super("categorical_hinge", categoricalHinge, options);
  }
}
/** Mean missing margin over the best wrong class. */
export const CategoricalHinge: CallableClass<typeof CategoricalHingeMetric> = /* @__PURE__ */ callableClass(CategoricalHingeMetric);
export type CategoricalHinge = CategoricalHingeMetric;

/** Root of the mean squared error. */
export class RootMeanSquaredErrorMetric extends MeanOfFunction {
  static override readonly className: string = "RootMeanSquaredError";
  constructor(options: MetricOptions = {}) {
    super("root_mean_squared_error", options);
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    const [t, p] = aligned(yTrue, yPred);
    return square(subtract(p, t));
  }
  override result(): Tensor {
    return sqrt(super.result());
  }
}
/** Root of the mean squared error. */
export const RootMeanSquaredError: CallableClass<typeof RootMeanSquaredErrorMetric> =
  /* @__PURE__ */ callableClass(RootMeanSquaredErrorMetric);
export type RootMeanSquaredError = RootMeanSquaredErrorMetric;

/** Options of CosineSimilarity. */
export interface CosineMetricOptions extends MetricOptions {
  /** Default -1. */
  axis?: number;
}
/** Mean cosine of the angle between targets and predictions: 1 for the same direction. */
export class CosineSimilarityMetric extends MeanOfFunction {
  static override readonly className: string = "CosineSimilarity";
  readonly axis: number;
  constructor(options: CosineMetricOptions = {}) {
    super("cosine_similarity", options, ["axis"]);
    this.axis = options.axis ?? -1;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return negative(cosineSimilarity(yTrue, yPred, { axis: this.axis }));
  }
  protected override options(): Record<string, unknown> {
    return { axis: this.axis };
  }
}
/** Mean cosine of the angle between targets and predictions. */
export const CosineSimilarity: CallableClass<typeof CosineSimilarityMetric> = /* @__PURE__ */ callableClass(CosineSimilarityMetric);
export type CosineSimilarity = CosineSimilarityMetric;

/** Options of the cross-entropies as metrics. */
export type CrossentropyMetricOptions = MetricOptions & CrossentropyLossOptions;

/** Mean cross-entropy of labels 0 and 1. */
export class BinaryCrossentropyMetric extends MeanOfFunction {
  static override readonly className: string = "BinaryCrossentropy";
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  constructor(options: MetricOptions & Omit<CrossentropyLossOptions, "axis"> = {}) {
    super("binary_crossentropy", options, ["fromLogits", "labelSmoothing"]);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = options.labelSmoothing ?? 0;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return binaryCrossentropy(yTrue, yPred, { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing });
  }
  protected override options(): Record<string, unknown> {
    return { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing };
  }
}
/** Mean cross-entropy of labels 0 and 1. */
export const BinaryCrossentropy: CallableClass<typeof BinaryCrossentropyMetric> = /* @__PURE__ */ callableClass(BinaryCrossentropyMetric);
export type BinaryCrossentropy = BinaryCrossentropyMetric;

/** Mean cross-entropy of one-hot labels. */
export class CategoricalCrossentropyMetric extends MeanOfFunction {
  static override readonly className: string = "CategoricalCrossentropy";
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  constructor(options: CrossentropyMetricOptions = {}) {
    super("categorical_crossentropy", options, ["fromLogits", "labelSmoothing", "axis"]);
    this.fromLogits = options.fromLogits ?? false;
    this.labelSmoothing = options.labelSmoothing ?? 0;
    this.axis = options.axis ?? -1;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return categoricalCrossentropy(yTrue, yPred, { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: this.axis });
  }
  protected override options(): Record<string, unknown> {
    return { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: this.axis };
  }
}
/** Mean cross-entropy of one-hot labels. */
export const CategoricalCrossentropy: CallableClass<typeof CategoricalCrossentropyMetric> =
  /* @__PURE__ */ callableClass(CategoricalCrossentropyMetric);
export type CategoricalCrossentropy = CategoricalCrossentropyMetric;

/** Mean cross-entropy of class numbers. */
export class SparseCategoricalCrossentropyMetric extends MeanOfFunction {
  static override readonly className: string = "SparseCategoricalCrossentropy";
  readonly fromLogits: boolean;
  readonly axis: number;
  constructor(options: MetricOptions & Omit<CrossentropyLossOptions, "labelSmoothing"> = {}) {
    super("sparse_categorical_crossentropy", options, ["fromLogits", "axis"]);
    this.fromLogits = options.fromLogits ?? false;
    this.axis = options.axis ?? -1;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return sparseCategoricalCrossentropy(yTrue, yPred, { fromLogits: this.fromLogits, axis: this.axis });
  }
  protected override options(): Record<string, unknown> {
    return { fromLogits: this.fromLogits, axis: this.axis };
  }
}
/** Mean cross-entropy of class numbers. */
export const SparseCategoricalCrossentropy: CallableClass<typeof SparseCategoricalCrossentropyMetric> =
  /* @__PURE__ */ callableClass(SparseCategoricalCrossentropyMetric);
export type SparseCategoricalCrossentropy = SparseCategoricalCrossentropyMetric;
