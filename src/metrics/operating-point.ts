/** One measure of decisions at the threshold where another one is good enough. */
import { ValueError } from "../errors.ts";
import { type Tensor, type Variable, withScope } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { add, divideNoNan, greaterEqual, where } from "../ops/numpy/arithmetic.ts";
import { max } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { countDecisions } from "./decision-counts.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";

/** Options that all metrics of this file take. */
export interface OperatingPointOptions extends MetricOptions {
  /** How many thresholds are tried. Default 200. */
  numThresholds?: number;
  /** Only this class counts. */
  classId?: number | null;
}

/** Measures per threshold. */
interface Measures {
  readonly precision: Tensor;
  /** Also called sensitivity. */
  readonly recall: Tensor;
  readonly specificity: Tensor;
}

/** What the classes of this file share: the largest of one measure where another is at least `value`; 0 where it never is. */
abstract class OperatingPoint extends Metric {
  readonly numThresholds: number;
  readonly classId: number | null;
  protected readonly value: number;
  readonly #thresholds: readonly number[];
  readonly #counts: Readonly<Record<"truePositives" | "falsePositives" | "trueNegatives" | "falseNegatives", Variable>>;

  constructor(name: string, option: string, value: unknown, options: OperatingPointOptions) {
    super(name, options, [option, "numThresholds", "classId"]);
    const where = `metric "${this.name}"`;
    if (typeof value !== "number" || !(value >= 0 && value <= 1))
      throw new ValueError({ where, problem: `${option} must be from 0 to 1`, expected: `{ ${option}: 0.5 }`, received: String(value) });
    this.value = value;
    this.numThresholds = options.numThresholds ?? 200;
    this.classId = options.classId ?? null;
    if (!(Number.isInteger(this.numThresholds) && this.numThresholds > 0))
      throw new ValueError({ where, problem: "numThresholds must be a positive whole number", received: String(this.numThresholds) });
    const last = this.numThresholds - 1;
    this.#thresholds = last === 0 ? [0.5] : Array.from({ length: this.numThresholds }, (_, i) => i / last);
    const shape = [this.numThresholds];
    this.#counts = {
      truePositives: this.addVariable({ shape, name: "true_positives" }),
      falsePositives: this.addVariable({ shape, name: "false_positives" }),
      trueNegatives: this.addVariable({ shape, name: "true_negatives" }),
      falseNegatives: this.addVariable({ shape, name: "false_negatives" }),
    };
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () =>
      countDecisions(this.#counts, yTrue, yPred, options, {
        thresholds: this.#thresholds,
        classId: this.classId,
        even: this.numThresholds > 1,
      }),
    );
  }

  /** The measure that must be good enough, and the one that is asked for. */
  protected abstract pair(measures: Measures): readonly [constrained: Tensor, wanted: Tensor];

  override result(): Tensor {
    const { truePositives: tp, falsePositives: fp, trueNegatives: tn, falseNegatives: fn } = this.#counts;
    const [constrained, wanted] = this.pair({
      precision: divideNoNan(tp, add(tp, fp)),
      recall: divideNoNan(tp, add(tp, fn)),
      specificity: divideNoNan(tn, add(tn, fp)),
    });
    return max(where(greaterEqual(constrained, this.value), wanted, 0));
  }

  protected override options(): Record<string, unknown> {
    return { numThresholds: this.numThresholds, classId: this.classId };
  }
}

/** Best sensitivity (recall) among thresholds whose specificity is at least a given one. */
export class SensitivityAtSpecificityMetric extends OperatingPoint {
  static override readonly className: string = "SensitivityAtSpecificity";
  constructor(options: OperatingPointOptions & { specificity: number }) {
    super("sensitivity_at_specificity", "specificity", options?.specificity, options);
  }
  protected override pair({ specificity, recall }: Measures): readonly [Tensor, Tensor] {
    return [specificity, recall];
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), specificity: this.value };
  }
}
/** Best sensitivity (recall) among thresholds whose specificity is at least a given one. */
export const SensitivityAtSpecificity: CallableClass<typeof SensitivityAtSpecificityMetric> =
  /* @__PURE__ */ callableClass(SensitivityAtSpecificityMetric);
export type SensitivityAtSpecificity = SensitivityAtSpecificityMetric;

/** Best specificity among thresholds whose sensitivity (recall) is at least a given one. */
export class SpecificityAtSensitivityMetric extends OperatingPoint {
  static override readonly className: string = "SpecificityAtSensitivity";
  constructor(options: OperatingPointOptions & { sensitivity: number }) {
    super("specificity_at_sensitivity", "sensitivity", options?.sensitivity, options);
  }
  protected override pair({ specificity, recall }: Measures): readonly [Tensor, Tensor] {
    return [recall, specificity];
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), sensitivity: this.value };
  }
}
/** Best specificity among thresholds whose sensitivity (recall) is at least a given one. */
export const SpecificityAtSensitivity: CallableClass<typeof SpecificityAtSensitivityMetric> =
  /* @__PURE__ */ callableClass(SpecificityAtSensitivityMetric);
export type SpecificityAtSensitivity = SpecificityAtSensitivityMetric;

/** Best precision among thresholds whose recall is at least a given one. */
export class PrecisionAtRecallMetric extends OperatingPoint {
  static override readonly className: string = "PrecisionAtRecall";
  constructor(options: OperatingPointOptions & { recall: number }) {
    super("precision_at_recall", "recall", options?.recall, options);
  }
  protected override pair({ precision, recall }: Measures): readonly [Tensor, Tensor] {
    return [recall, precision];
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), recall: this.value };
  }
}
/** Best precision among thresholds whose recall is at least a given one. */
export const PrecisionAtRecall: CallableClass<typeof PrecisionAtRecallMetric> = /* @__PURE__ */ callableClass(PrecisionAtRecallMetric);
export type PrecisionAtRecall = PrecisionAtRecallMetric;

/** Best recall among thresholds whose precision is at least a given one. */
export class RecallAtPrecisionMetric extends OperatingPoint {
  static override readonly className: string = "RecallAtPrecision";
  constructor(options: OperatingPointOptions & { precision: number }) {
    super("recall_at_precision", "precision", options?.precision, options);
  }
  protected override pair({ precision, recall }: Measures): readonly [Tensor, Tensor] {
    return [precision, recall];
  }
  protected override options(): Record<string, unknown> {
    return { ...super.options(), precision: this.value };
  }
}
/** Best recall among thresholds whose precision is at least a given one. */
export const RecallAtPrecision: CallableClass<typeof RecallAtPrecisionMetric> = /* @__PURE__ */ callableClass(RecallAtPrecisionMetric);
export type RecallAtPrecision = RecallAtPrecisionMetric;
