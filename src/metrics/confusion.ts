/** Counts of right and wrong decisions at thresholds, precision and recall. */
import { ValueError } from "../errors.ts";
import { type Tensor, type Variable, withScope } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { add, divideNoNan } from "../ops/numpy/arithmetic.ts";
import { reshape } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { countDecisions, type Decision, lowestScore } from "./decision-counts.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";

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
      countDecisions({ [this.#kind]: this.#accumulator }, yTrue, yPred, options, { thresholds: this.#list, topK: null, classId: null }),
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
export type TruePositives = TruePositivesMetric;
/** Weighted number of true negatives. */
export class TrueNegativesMetric extends DecisionCount {
  static override readonly className: string = "TrueNegatives";
  constructor(options: CountOptions = {}) {
    super("true_negatives", "trueNegatives", options);
  }
}
/** Weighted number of true negatives. */
export const TrueNegatives: CallableClass<typeof TrueNegativesMetric> = /* @__PURE__ */ callableClass(TrueNegativesMetric);
export type TrueNegatives = TrueNegativesMetric;
/** Weighted number of false positives. */
export class FalsePositivesMetric extends DecisionCount {
  static override readonly className: string = "FalsePositives";
  constructor(options: CountOptions = {}) {
    super("false_positives", "falsePositives", options);
  }
}
/** Weighted number of false positives. */
export const FalsePositives: CallableClass<typeof FalsePositivesMetric> = /* @__PURE__ */ callableClass(FalsePositivesMetric);
export type FalsePositives = FalsePositivesMetric;
/** Weighted number of false negatives. */
export class FalseNegativesMetric extends DecisionCount {
  static override readonly className: string = "FalseNegatives";
  constructor(options: CountOptions = {}) {
    super("false_negatives", "falseNegatives", options);
  }
}
/** Weighted number of false negatives. */
export const FalseNegatives: CallableClass<typeof FalseNegativesMetric> = /* @__PURE__ */ callableClass(FalseNegativesMetric);
export type FalseNegatives = FalseNegativesMetric;

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
    this.#list = listOf(`metric "${this.name}"`, this.thresholds, this.topK === null ? 0.5 : lowestScore);
    this.#error = error;
    this.#hits = this.addVariable({ shape: [this.#list.length], name: "true_positives" });
    this.#misses = this.addVariable({
      shape: [this.#list.length],
      name: error === "falsePositives" ? "false_positives" : "false_negatives",
    });
  }
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () =>
      countDecisions({ truePositives: this.#hits, [this.#error]: this.#misses }, yTrue, yPred, options, {
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
export type Precision = PrecisionMetric;
/** Share of positive labels that are found. */
export class RecallMetric extends PositiveShare {
  static override readonly className: string = "Recall";
  constructor(options: PrecisionOptions = {}) {
    super("recall", "falseNegatives", options);
  }
}
/** Share of positive labels that are found. */
export const Recall: CallableClass<typeof RecallMetric> = /* @__PURE__ */ callableClass(RecallMetric);
export type Recall = RecallMetric;
