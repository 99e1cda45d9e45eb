/** Intersections over unions of labelled regions. */
import { epsilon } from "../config/index.ts";
import { ValueError } from "../errors.ts";
import { dataTensor, type Tensor, type Variable, withScope } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import {
  add,
  divide,
  divideNoNan,
  greater,
  greaterEqual,
  less,
  logicalAnd,
  multiply,
  notEqual,
  subtract,
  where,
} from "../ops/numpy/arithmetic.ts";
import { eye } from "../ops/numpy/create.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { scatter, take } from "../ops/numpy/indexing.ts";
import { argmax, sum } from "../ops/numpy/reduce.ts";
import { broadcastTo, reshape } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";
import { weightsFor } from "./update-weights.ts";

/** Options that all metrics of this file but BinaryIoU take. */
export interface IoUBaseOptions extends MetricOptions {
  /** Number of classes: class numbers are 0 to numClasses - 1, others are left out. */
  numClasses: number;
  /** A label that does not count. Default null: none. */
  ignoreClass?: number | null;
  /** Whether predictions are class numbers; else scores of which the largest counts. Default true. */
  sparseYPred?: boolean;
  /** Axis of the scores. Default -1. */
  axis?: number;
}
/** Options of MeanIoU. */
export interface MeanIoUOptions extends IoUBaseOptions {
  /** Whether labels are class numbers; else one-hot. Default true. */
  sparseYTrue?: boolean;
}
/** Options of IoU. */
export interface IoUOptions extends MeanIoUOptions {
  /** Classes of which the mean is taken. */
  targetClassIds: readonly number[];
}

const meanOptions = ["numClasses", "ignoreClass", "sparseYTrue", "sparseYPred", "axis"] as const;

/** The mean of `|A and B| / |A or B|` over classes that occur, from a confusion matrix. */
export class IoUMetric extends Metric {
  static override readonly className: string = "IoU";
  readonly numClasses: number;
  readonly targetClassIds: readonly number[];
  readonly ignoreClass: number | null;
  readonly sparseYTrue: boolean;
  readonly sparseYPred: boolean;
  readonly axis: number;
  readonly #matrix: Variable;

  constructor(options: IoUOptions, name = "io_u", known: readonly string[] = [...meanOptions, "targetClassIds"]) {
    super(name, options, known);
    const where = `metric "${this.name}"`;
    this.numClasses = options.numClasses;
    if (!(Number.isInteger(this.numClasses) && this.numClasses > 0))
      throw new ValueError({ where, problem: "numClasses must be a positive whole number", received: String(this.numClasses) });
    this.targetClassIds = options.targetClassIds;
    const ids: unknown = this.targetClassIds;
    const wrong: unknown = Array.isArray(ids) ? this.targetClassIds.find((id) => !(id >= 0 && id < this.numClasses)) : "none";
    if (wrong !== undefined)
      throw new ValueError({
        where,
        problem: "targetClassIds must be a list of class numbers",
        expected: `numbers from 0 to ${this.numClasses - 1}`,
        received: JSON.stringify(wrong),
      });
    this.ignoreClass = options.ignoreClass ?? null;
    this.sparseYTrue = options.sparseYTrue ?? true;
    this.sparseYPred = options.sparseYPred ?? true;
    this.axis = options.axis ?? -1;
    this.#matrix = this.addVariable({ shape: [this.numClasses, this.numClasses], name: "total_confusion_matrix" });
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () => {
      const numbers = (given: TensorLike, sparse: boolean): Tensor => (sparse ? cast(asTensor(given), "int32") : argmax(given, this.axis));
      const labels = numbers(yTrue, this.sparseYTrue);
      const t = reshape(labels, [-1]);
      const p = reshape(numbers(yPred, this.sparseYPred), [-1]);
      const classes = this.numClasses;
      const known = (x: Tensor): Tensor => logicalAnd(greaterEqual(x, 0), less(x, classes));
      let counted = logicalAnd(known(t), known(p));
      if (this.ignoreClass !== null) counted = logicalAnd(counted, notEqual(t, this.ignoreClass));
      const given = weightsFor(labels, options);
      const weight = given === null ? asTensor(1, "float32") : reshape(broadcastTo(given, labels.shape), [-1]);
      const position = where(counted, add(multiply(t, classes), p), 0);
      const cells = scatter(reshape(position, [t.size, 1]), where(counted, weight, 0), [classes * classes]);
      this.#matrix.assign(add(this.#matrix, reshape(cells, [classes, classes])));
    });
  }

  override result(): Tensor {
    const matrix = this.#matrix.read();
    const both = sum(multiply(matrix, eye(this.numClasses, this.numClasses)), 0);
    const either = subtract(add(sum(matrix, 0), sum(matrix, 1)), both);
    const targets = dataTensor(Int32Array.from(this.targetClassIds), [this.targetClassIds.length], "int32");
    const union = take(either, targets, 0);
    const valid = sum(cast(greater(union, 1e-9), "float32"));
    return divideNoNan(sum(divide(take(both, targets, 0), add(union, epsilon()))), valid);
  }

  protected override options(): Record<string, unknown> {
    const { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis } = this;
    return { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis };
  }
}
/** Mean intersection over union of some classes. */
export const IoU: CallableClass<typeof IoUMetric> = /* @__PURE__ */ callableClass(IoUMetric);
export type IoU = IoUMetric;

function allClasses(options: IoUBaseOptions): number[] {
  return Array.from({ length: options?.numClasses ?? 0 }, (_, i) => i);
}

/** Mean intersection over union of all classes. */
export class MeanIoUMetric extends IoUMetric {
  static override readonly className: string = "MeanIoU";
  constructor(options: MeanIoUOptions) {
    super({ ...options, targetClassIds: allClasses(options) }, "mean_io_u");
  }
  protected override options(): Record<string, unknown> {
    const { targetClassIds: _all, ...rest } = super.options();
    return rest;
  }
}
/** Mean intersection over union of all classes. */
export const MeanIoU: CallableClass<typeof MeanIoUMetric> = /* @__PURE__ */ callableClass(MeanIoUMetric);
export type MeanIoU = MeanIoUMetric;

/** Mean intersection over union of some classes, for one-hot labels. */
export class OneHotIoUMetric extends IoUMetric {
  static override readonly className: string = "OneHotIoU";
  constructor(options: IoUBaseOptions & { targetClassIds: readonly number[] }) {
    super({ sparseYPred: false, ...options, sparseYTrue: false }, "one_hot_io_u");
  }
  protected override options(): Record<string, unknown> {
    const { sparseYTrue: _never, ...rest } = super.options();
    return rest;
  }
}
/** Mean intersection over union of some classes, for one-hot labels. */
export const OneHotIoU: CallableClass<typeof OneHotIoUMetric> = /* @__PURE__ */ callableClass(OneHotIoUMetric);
export type OneHotIoU = OneHotIoUMetric;

/** Mean intersection over union of all classes, for one-hot labels. */
export class OneHotMeanIoUMetric extends IoUMetric {
  static override readonly className: string = "OneHotMeanIoU";
  constructor(options: IoUBaseOptions) {
    super({ sparseYPred: false, ...options, sparseYTrue: false, targetClassIds: allClasses(options) }, "one_hot_mean_io_u");
  }
  protected override options(): Record<string, unknown> {
    const { sparseYTrue: _never, targetClassIds: _all, ...rest } = super.options();
    return rest;
  }
}
/** Mean intersection over union of all classes, for one-hot labels. */
export const OneHotMeanIoU: CallableClass<typeof OneHotMeanIoUMetric> = /* @__PURE__ */ callableClass(OneHotMeanIoUMetric);
export type OneHotMeanIoU = OneHotMeanIoUMetric;

/** Options of BinaryIoU. */
export interface BinaryIoUOptions extends MetricOptions {
  /** Default [0, 1]. */
  targetClassIds?: readonly number[];
  /** Predictions from here on are class 1. Default 0.5. */
  threshold?: number;
}
/** Mean intersection over union of classes 0 and 1, predictions being compared with a threshold. */
export class BinaryIoUMetric extends IoUMetric {
  static override readonly className: string = "BinaryIoU";
  readonly threshold: number;
  constructor(options: BinaryIoUOptions = {}) {
    const { targetClassIds = [0, 1], threshold, ...rest } = options;
    super({ ...rest, numClasses: 2, targetClassIds }, "binary_io_u", ["numClasses", "targetClassIds"]);
    this.threshold = threshold ?? 0.5;
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    super.updateState(yTrue, greaterEqual(yPred, this.threshold), options);
  }
  protected override options(): Record<string, unknown> {
    return { targetClassIds: this.targetClassIds, threshold: this.threshold };
  }
}
/** Mean intersection over union of classes 0 and 1. */
export const BinaryIoU: CallableClass<typeof BinaryIoUMetric> = /* @__PURE__ */ callableClass(BinaryIoUMetric);
export type BinaryIoU = BinaryIoUMetric;
