/** Counts of right and wrong decisions at thresholds, precision and recall. */
import { ValueError } from "../errors.ts";
import { concreteShape, dataTensor, type Tensor, type Variable, withScope } from "../graph/index.ts";
import { sameRank } from "../losses/ranks.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { add, divideNoNan, equal, greater, less, logicalAnd, logicalOr, multiply, where } from "../ops/numpy/arithmetic.ts";
import { arange } from "../ops/numpy/create.ts";
import { cast } from "../ops/numpy/elementwise.ts";
import { take } from "../ops/numpy/indexing.ts";
import { sum } from "../ops/numpy/reduce.ts";
import { broadcastTo, expandDims, reshape } from "../ops/numpy/shaping.ts";
import { toFloat } from "../ops/promote.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";

/** Which decisions. */
type Decision = "truePositives" | "falsePositives" | "trueNegatives" | "falseNegatives";

/** What predictions are compared with where only the k largest count: everything that is left is above. */
const lowest = -1e10;

interface CountingOptions {
  thresholds: readonly number[];
  topK: number | null;
  classId: number | null;
}

/** Adds the weighted number of each kind of decision, per threshold. */
function count(
  targets: Partial<Record<Decision, Variable>>,
  yTrue: TensorLike,
  yPred: TensorLike,
  update: UpdateOptions,
  options: CountingOptions,
): void {
  let [t, p] = sameRank(cast(asTensor(yTrue), "float32"), toFloat(yPred));
  let weight = update.sampleWeight === null || update.sampleWeight === undefined ? null : cast(asTensor(update.sampleWeight), "float32");
  const mask = update.mask === null || update.mask === undefined ? null : cast(asTensor(update.mask), "float32");
  if (mask !== null) weight = weight === null ? mask : multiply(...sameRank(weight, mask));
  if (options.topK !== null) p = onlyLargest(p, options.topK);
  if (options.classId !== null) {
    const position = dataTensor(Int32Array.of(options.classId), [1], "int32");
    [t, p] = [take(t, position, -1), take(p, position, -1)];
  }
  if (weight !== null) {
    const shape = concreteShape(p);
    // A weight per sample counts for all of its classes.
    const trailing = Array.from({ length: Math.max(0, p.rank - weight.rank) }, (_, i) => i + weight!.rank);
    const aligned = trailing.length > 0 ? expandDims(weight, trailing) : sameRank(p, weight, false)[1];
    weight = reshape(broadcastTo(aligned, shape), [1, p.size]);
  }
  const count = options.thresholds.length;
  const limits = dataTensor(Float32Array.from(options.thresholds), [count, 1], "float32");
  const size = p.size;
  const predicted = greater(reshape(p, [1, size]), limits);
  const actual = broadcastTo(greater(reshape(t, [1, size]), 0), [count, size]);
  const no = (x: Tensor): Tensor => equal(x, false);
  const kinds: Record<Decision, () => Tensor> = {
    truePositives: () => logicalAnd(actual, predicted),
    falsePositives: () => logicalAnd(no(actual), predicted),
    trueNegatives: () => logicalAnd(no(actual), no(predicted)),
    falseNegatives: () => logicalAnd(actual, no(predicted)),
  };
  for (const [kind, variable] of Object.entries(targets) as [Decision, Variable][]) {
    const hits = cast(kinds[kind](), "float32");
    variable.assign(add(variable, sum(weight === null ? hits : multiply(hits, weight), 1)));
  }
}

/** Predictions that are not among the k largest of their row replaced by the lowest; among equal ones the first count. */
function onlyLargest(p: Tensor, k: number): Tensor {
  const classes = p.dim(-1);
  const own = expandDims(p, -1);
  const other = expandDims(p, -2);
  const position = arange(classes);
  const before = less(reshape(position, [1, classes]), reshape(position, [classes, 1]));
  const ahead = logicalOr(greater(other, own), logicalAnd(equal(other, own), before));
  return where(less(sum(cast(ahead, "int32"), -1), k), p, lowest);
}

/** Thresholds as given: a number or a list from 0 to 1. */
export type Thresholds = number | readonly number[] | null;

function listOf(where: string, thresholds: Thresholds, fallback: number): readonly number[] {
  const list = thresholds === null ? [fallback] : typeof thresholds === "number" ? [thresholds] : thresholds;
  const wrong = thresholds === null ? undefined : list.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined) throw new ValueError({ where, problem: "thresholds must be from 0 to 1", received: String(wrong) });
  return list;
}

/** Options of the counts. */
export interface CountOptions extends MetricOptions {
  /** Predictions above count as positive. Default 0.5. */
  thresholds?: Thresholds;
}
/** Weighted number of decisions of one kind. */
abstract class DecisionCount extends Metric {
  readonly thresholds: Thresholds;
  readonly #kind: Decision;
  readonly #list: readonly number[];
  readonly #accumulator: Variable;
  constructor(name: string, kind: Decision, options: CountOptions) {
    super(name, options, ["thresholds"]);
    this.thresholds = options.thresholds ?? null;
    this.#kind = kind;
    this.#list = listOf(`metric "${this.name}"`, this.thresholds, 0.5);
    this.#accumulator = this.addVariable({ shape: [this.#list.length], name: "accumulator" });
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () =>
      count({ [this.#kind]: this.#accumulator }, yTrue, yPred, options, { thresholds: this.#list, topK: null, classId: null }),
    );
  }
  override result(): Tensor {
    const value = this.#accumulator.read();
    return this.#list.length === 1 ? reshape(value, []) : value;
  }
  protected override options(): Record<string, unknown> {
    return { thresholds: this.thresholds };
  }
}

/** Weighted number of true positives. */
export class TruePositivesMetric extends DecisionCount {
  static override readonly className: string = "TruePositives";
  constructor(options: CountOptions = {}) {
    super("true_positives", "truePositives", options);
  }
}
/** Weighted number of true positives. */
export const TruePositives: CallableClass<typeof TruePositivesMetric> = /* @__PURE__ */ callableClass(TruePositivesMetric);
/** Weighted number of true negatives. */
export class TrueNegativesMetric extends DecisionCount {
  static override readonly className: string = "TrueNegatives";
  constructor(options: CountOptions = {}) {
    super("true_negatives", "trueNegatives", options);
  }
}
/** Weighted number of true negatives. */
export const TrueNegatives: CallableClass<typeof TrueNegativesMetric> = /* @__PURE__ */ callableClass(TrueNegativesMetric);
/** Weighted number of false positives. */
export class FalsePositivesMetric extends DecisionCount {
  static override readonly className: string = "FalsePositives";
  constructor(options: CountOptions = {}) {
    super("false_positives", "falsePositives", options);
  }
}
/** Weighted number of false positives. */
export const FalsePositives: CallableClass<typeof FalsePositivesMetric> = /* @__PURE__ */ callableClass(FalsePositivesMetric);
/** Weighted number of false negatives. */
export class FalseNegativesMetric extends DecisionCount {
  static override readonly className: string = "FalseNegatives";
  constructor(options: CountOptions = {}) {
    super("false_negatives", "falseNegatives", options);
  }
}
/** Weighted number of false negatives. */
export const FalseNegatives: CallableClass<typeof FalseNegativesMetric> = /* @__PURE__ */ callableClass(FalseNegativesMetric);

/** Options of Precision and Recall. */
export interface PrecisionOptions extends CountOptions {
  /** Only the k largest predictions of a sample count as positive. */
  topK?: number | null;
  /** Only this class counts. */
  classId?: number | null;
}
/** True positives as a share of those and one kind of error. */
abstract class PositiveShare extends Metric {
  readonly thresholds: Thresholds;
  readonly topK: number | null;
  readonly classId: number | null;
  readonly #list: readonly number[];
  readonly #error: Decision;
  readonly #hits: Variable;
  readonly #misses: Variable;
  constructor(name: string, error: "falsePositives" | "falseNegatives", options: PrecisionOptions) {
    super(name, options, ["thresholds", "topK", "classId"]);
    this.thresholds = options.thresholds ?? null;
    this.topK = options.topK ?? null;
    this.classId = options.classId ?? null;
    this.#list = listOf(`metric "${this.name}"`, this.thresholds, this.topK === null ? 0.5 : lowest);
    this.#error = error;
    this.#hits = this.addVariable({ shape: [this.#list.length], name: "true_positives" });
    this.#misses = this.addVariable({
      shape: [this.#list.length],
      name: error === "falsePositives" ? "false_positives" : "false_negatives",
    });
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () =>
      count({ truePositives: this.#hits, [this.#error]: this.#misses }, yTrue, yPred, options, {
        thresholds: this.#list,
        topK: this.topK,
        classId: this.classId,
      }),
    );
  }
  override result(): Tensor {
    const hits = this.#hits.read();
    const value = divideNoNan(hits, add(hits, this.#misses));
    return this.#list.length === 1 ? reshape(value, []) : value;
  }
  protected override options(): Record<string, unknown> {
    return { thresholds: this.thresholds, topK: this.topK, classId: this.classId };
  }
}

/** Share of positive predictions that are right. */
export class PrecisionMetric extends PositiveShare {
  static override readonly className: string = "Precision";
  constructor(options: PrecisionOptions = {}) {
    super("precision", "falsePositives", options);
  }
}
/** Share of positive predictions that are right. */
export const Precision: CallableClass<typeof PrecisionMetric> = /* @__PURE__ */ callableClass(PrecisionMetric);
/** Share of positive labels that are found. */
export class RecallMetric extends PositiveShare {
  static override readonly className: string = "Recall";
  constructor(options: PrecisionOptions = {}) {
    super("recall", "falseNegatives", options);
  }
}
/** Share of positive labels that are found. */
export const Recall: CallableClass<typeof RecallMetric> = /* @__PURE__ */ callableClass(RecallMetric);
