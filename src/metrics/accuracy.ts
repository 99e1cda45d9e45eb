/** Shares of right answers. */
import { concreteShape, type Tensor } from "../graph/index.ts";
import { sameRank } from "../losses/ranks.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { defineOp } from "../ops/define-op.ts";
import { equal, greater, less, logicalAnd } from "../ops/numpy/arithmetic.ts";
import { cast, isfinite } from "../ops/numpy/elementwise.ts";
import { takeAlongAxis } from "../ops/numpy/indexing.ts";
import { argmax, mean, sum } from "../ops/numpy/reduce.ts";
import { expandDims, reshape, squeeze } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { MeanOfFunction } from "./mean.ts";
import type { MetricOptions } from "./metric.ts";

/** Whether `yTrue = yPred`, elementwise, as 1 and 0. */
export const accuracy: (yTrue: TensorLike, yPred: TensorLike) => Tensor = defineOp("accuracy", (yTrue: TensorLike, yPred: TensorLike) => {
  const prediction = asTensor(yPred);
  const [t, p] = sameRank(cast(asTensor(yTrue), prediction.dtype), prediction);
  return cast(equal(t, p), "float32");
});
/** Share of predictions that equal the labels. */
export class AccuracyMetric extends MeanOfFunction {
  static override readonly className: string = "Accuracy";
  constructor(options: MetricOptions = {}) {
    super("accuracy", options);
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return accuracy(yTrue, yPred);
  }
}
/** Share of predictions that equal the labels. */
export const Accuracy: CallableClass<typeof AccuracyMetric> = /* @__PURE__ */ callableClass(AccuracyMetric);
export type Accuracy = AccuracyMetric;

/** Mean over the last axis of `yTrue = (yPred > threshold)`. */
export const binaryAccuracy: (yTrue: TensorLike, yPred: TensorLike, options?: { threshold?: number }) => Tensor = defineOp(
  "binaryAccuracy",
  (yTrue: TensorLike, yPred: TensorLike, options: { threshold?: number } = {}) => {
    const [t, p] = sameRank(asTensor(yTrue), asTensor(yPred));
    return mean(cast(equal(t, cast(greater(p, options.threshold ?? 0.5), t.dtype)), "float32"), -1);
  },
);
/** Options of BinaryAccuracy. */
export interface BinaryAccuracyOptions extends MetricOptions {
  /** Predictions above count as 1. Default 0.5. */
  threshold?: number;
}
/** Share of predictions on the right side of a threshold. */
export class BinaryAccuracyMetric extends MeanOfFunction {
  static override readonly className: string = "BinaryAccuracy";
  readonly threshold: number;
  constructor(options: BinaryAccuracyOptions = {}) {
    super("binary_accuracy", options, ["threshold"]);
    this.threshold = options.threshold ?? 0.5;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return binaryAccuracy(yTrue, yPred, { threshold: this.threshold });
  }
  protected override options(): Record<string, unknown> {
    return { threshold: this.threshold };
  }
}
/** Share of predictions on the right side of a threshold. */
export const BinaryAccuracy: CallableClass<typeof BinaryAccuracyMetric> = /* @__PURE__ */ callableClass(BinaryAccuracyMetric);
export type BinaryAccuracy = BinaryAccuracyMetric;

/** Whether the largest prediction is at the largest target. Shapes: [.., classes] -> [..]. */
export const categoricalAccuracy: (yTrue: TensorLike, yPred: TensorLike) => Tensor = defineOp(
  "categoricalAccuracy",
  (yTrue: TensorLike, yPred: TensorLike) => cast(equal(argmax(yTrue, -1), argmax(yPred, -1)), "float32"),
);
/** Share of samples whose largest prediction is at the one of the one-hot label. */
export class CategoricalAccuracyMetric extends MeanOfFunction {
  static override readonly className: string = "CategoricalAccuracy";
  constructor(options: MetricOptions = {}) {
    super("categorical_accuracy", options);
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return categoricalAccuracy(yTrue, yPred);
  }
}
/** Share of samples whose largest prediction is at the one of the one-hot label. */
export const CategoricalAccuracy: CallableClass<typeof CategoricalAccuracyMetric> =
  /* @__PURE__ */ callableClass(CategoricalAccuracyMetric);
export type CategoricalAccuracy = CategoricalAccuracyMetric;

/** Class numbers without a last axis of extent 1. */
function labelsFor(yTrue: TensorLike, yPred: Tensor): Tensor {
  const t = asTensor(yTrue);
  return cast(t.rank === yPred.rank && t.shape.at(-1) === 1 ? squeeze(t, -1) : t, "int32");
}

/** Whether the largest prediction is at the class number. Shapes: [..] or [.., 1], [.., classes] -> [..]. */
export const sparseCategoricalAccuracy: (yTrue: TensorLike, yPred: TensorLike) => Tensor = defineOp(
  "sparseCategoricalAccuracy",
  (yTrue: TensorLike, yPred: TensorLike) => {
    const p = asTensor(yPred);
    return cast(equal(labelsFor(yTrue, p), argmax(p, -1)), "float32");
  },
);
/** Share of samples whose largest prediction is at their class number. */
export class SparseCategoricalAccuracyMetric extends MeanOfFunction {
  static override readonly className: string = "SparseCategoricalAccuracy";
  constructor(options: MetricOptions = {}) {
    super("sparse_categorical_accuracy", options);
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return sparseCategoricalAccuracy(yTrue, yPred);
  }
}
/** Share of samples whose largest prediction is at their class number. */
export const SparseCategoricalAccuracy: CallableClass<typeof SparseCategoricalAccuracyMetric> =
  /* @__PURE__ */ callableClass(SparseCategoricalAccuracyMetric);
export type SparseCategoricalAccuracy = SparseCategoricalAccuracyMetric;

/** Whether fewer than k predictions are greater than that of the class number (ties count as in), and it is finite. */
export const sparseTopKCategoricalAccuracy: (yTrue: TensorLike, yPred: TensorLike, options?: { k?: number }) => Tensor = defineOp(
  "sparseTopKCategoricalAccuracy",
  (yTrue: TensorLike, yPred: TensorLike, options: { k?: number } = {}) => {
    const p = asTensor(yPred);
    const labels = labelsFor(yTrue, p);
    const own = takeAlongAxis(p, expandDims(labels, -1), -1);
    const above = sum(cast(greater(p, own), "int32"), -1);
    const inside = logicalAnd(less(above, options.k ?? 5), isfinite(reshape(own, concreteShape(labels))));
    return cast(inside, "float32");
  },
);
/** `sparseTopKCategoricalAccuracy` of one-hot labels. Shapes: [.., classes] -> [..]. */
export const topKCategoricalAccuracy: (yTrue: TensorLike, yPred: TensorLike, options?: { k?: number }) => Tensor = defineOp(
  "topKCategoricalAccuracy",
  (yTrue: TensorLike, yPred: TensorLike, options: { k?: number } = {}) => sparseTopKCategoricalAccuracy(argmax(yTrue, -1), yPred, options),
);
/** Options of the top-k accuracies. */
export interface TopKOptions extends MetricOptions {
  /** Default 5. */
  k?: number;
}
/** Share of samples whose one-hot label is among the k largest predictions. */
export class TopKCategoricalAccuracyMetric extends MeanOfFunction {
  static override readonly className: string = "TopKCategoricalAccuracy";
  readonly k: number;
  constructor(options: TopKOptions = {}) {
    super("top_k_categorical_accuracy", options, ["k"]);
    this.k = options.k ?? 5;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return topKCategoricalAccuracy(yTrue, yPred, { k: this.k });
  }
  protected override options(): Record<string, unknown> {
    return { k: this.k };
  }
}
/** Share of samples whose one-hot label is among the k largest predictions. */
export const TopKCategoricalAccuracy: CallableClass<typeof TopKCategoricalAccuracyMetric> =
  /* @__PURE__ */ callableClass(TopKCategoricalAccuracyMetric);
export type TopKCategoricalAccuracy = TopKCategoricalAccuracyMetric;

/** Share of samples whose class number is among the k largest predictions. */
export class SparseTopKCategoricalAccuracyMetric extends MeanOfFunction {
  static override readonly className: string = "SparseTopKCategoricalAccuracy";
  readonly k: number;
  constructor(options: TopKOptions = {}) {
    super("sparse_top_k_categorical_accuracy", options, ["k"]);
    this.k = options.k ?? 5;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return sparseTopKCategoricalAccuracy(yTrue, yPred, { k: this.k });
  }
  protected override options(): Record<string, unknown> {
    return { k: this.k };
  }
}
/** Share of samples whose class number is among the k largest predictions. */
export const SparseTopKCategoricalAccuracy: CallableClass<typeof SparseTopKCategoricalAccuracyMetric> =
  /* @__PURE__ */ callableClass(SparseTopKCategoricalAccuracyMetric);
export type SparseTopKCategoricalAccuracy = SparseTopKCategoricalAccuracyMetric;
