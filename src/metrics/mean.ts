/** Sums and means over batches. */
import { concreteShape, type Tensor, type Variable, withScope } from "../graph/index.ts";
import { maskedWeight } from "../losses/reduction.ts";
import { sameRank } from "../losses/ranks.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { add, divideNoNan, multiply } from "../ops/numpy/arithmetic.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { mean, type ReduceOp, sum } from "../ops/numpy/reduce.ts";
import { broadcastTo } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass, registeredName } from "../serialization/index.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";
import { updateOptions } from "./update-weights.ts";

function axesFrom(first: number, rank: number): number[] {
  return Array.from({ length: Math.max(0, rank - first) }, (_, i) => first + i);
}

/**
 * One weighted value per sample, and the weights: values are reduced over the axes that weights do not have, multiplied,
 * then reduced to one axis. Weights are combined with the mask; a mask alone counts as weights 0 and 1.
 */
function perSample(given: TensorLike, asked: UpdateOptions, reduce: ReduceOp): { values: Tensor; weight: Tensor | null } {
  const options = updateOptions(asked);
  let values = cast(asTensor(given), "float32");
  let weight = options.sampleWeight === null || options.sampleWeight === undefined ? null : cast(asTensor(options.sampleWeight), "float32");
  if (options.mask !== null && options.mask !== undefined) weight = maskedWeight(weight, asTensor(options.mask), "sum");
  if (weight !== null) {
    [values, weight] = sameRank(values, weight);
    const rank = weight.rank;
    if (values.rank > rank) values = reduce(values, axesFrom(rank, values.rank));
    weight = broadcastTo(weight, concreteShape(values));
    values = multiply(values, weight);
    if (rank > 1) weight = reduce(weight, axesFrom(1, rank));
  }
  return { values: values.rank > 1 ? reduce(values, axesFrom(1, values.rank)) : values, weight };
}

/** Sum of all values. */
export class SumMetric extends Metric {
  static override readonly className: string = "Sum";
  readonly total: Variable;
  constructor(options: MetricOptions = {}) {
    super("sum", options);
    this.total = this.addVariable({ shape: [], name: "total" });
  }
  override updateState(values: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () => this.total.assign(add(this.total, sum(perSample(values, options, sum).values))));
  }
  override result(): Tensor {
    return this.total.read();
  }
}
/** Sum of all values. */
export const Sum: CallableClass<typeof SumMetric> = /* @__PURE__ */ callableClass(SumMetric);
export type Sum = SumMetric;

/** Total and count of values: what all means share. */
export abstract class MeanBase extends Metric {
  readonly total: Variable;
  readonly count: Variable;
  constructor(defaultName: string, options: MetricOptions = {}, known: readonly string[] = []) {
    super(defaultName, options, known);
    this.total = this.addVariable({ shape: [], name: "total" });
    this.count = this.addVariable({ shape: [], name: "count" });
  }
  /** Adds values with weights. */
  protected accumulate(given: TensorLike, options: UpdateOptions): void {
    const { values, weight } = perSample(given, options, mean);
    this.total.assign(add(this.total, sum(values)));
    this.count.assign(add(this.count, weight === null ? (values.rank > 0 ? values.dim(0) : 1) : sum(weight)));
  }
  override result(): Tensor {
    return divideNoNan(this.total, this.count);
  }
}

/** Weighted mean of all values. */
export class MeanMetric extends MeanBase {
  static override readonly className: string = "Mean";
  constructor(options: MetricOptions = {}) {
    super("mean", options);
  }
  override updateState(values: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () => this.accumulate(values, options));
  }
}
/** Weighted mean of all values. */
export const Mean: CallableClass<typeof MeanMetric> = /* @__PURE__ */ callableClass(MeanMetric);
export type Mean = MeanMetric;

/** A function of targets and predictions whose values are averaged. */
export type MetricFunction = (yTrue: TensorLike, yPred: TensorLike) => Tensor;

/** A function of one's own whose values are averaged. */
export type CustomMetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** Mean over samples of a function of targets and predictions. Subclasses give the function by `values`. */
export abstract class MeanOfFunction extends MeanBase {
  /** One value per sample (or element). */
  protected abstract values(yTrue: TensorLike, yPred: TensorLike): Tensor;
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () => this.accumulate(this.values(yTrue, yPred), options));
  }
}

/** Options of MeanMetricWrapper. */
export interface MeanMetricWrapperOptions extends MetricOptions {
  fn: CustomMetricFunction;
}
/** Mean over samples of a user's function. */
export class MeanMetricWrapperMetric extends MeanOfFunction {
  static override readonly className: string = "MeanMetricWrapper";
  readonly fn: CustomMetricFunction;
  constructor(options: MeanMetricWrapperOptions) {
    super(options.fn.name === "" ? "metric" : options.fn.name, options, ["fn"]);
    this.fn = options.fn;
  }
  protected override values(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return this.fn(asTensor(yTrue), asTensor(yPred));
  }
  protected override options(): Record<string, unknown> {
    return {
      fn: { module: "builtins", class_name: "function", config: registeredName(this.fn) ?? this.fn.name, registered_name: "function" },
    };
  }
}
/** Mean over samples of a user's function. */
export const MeanMetricWrapper: CallableClass<typeof MeanMetricWrapperMetric> = /* @__PURE__ */ callableClass(MeanMetricWrapperMetric);
export type MeanMetricWrapper = MeanMetricWrapperMetric;
