/** Area under a curve of decisions. */
import { epsilon } from "../config/index.ts";
import { StateError, ValueError } from "../errors.ts";
import { dataTensor, type Tensor, type Variable, withScope } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { sigmoid } from "../ops/nn/activation.ts";
import {
  add,
  divide,
  divideNoNan,
  equal,
  greater,
  logicalAnd,
  maximum,
  minimum,
  multiply,
  subtract,
  where,
} from "../ops/numpy/arithmetic.ts";
import { log } from "../ops/numpy/elementwise.ts";
import { getItem } from "../ops/numpy/indexing.ts";
import { mean, sum } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass, isSerialized, type SerializedObject } from "../serialization/index.ts";
import { countDecisions } from "./decision-counts.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";

/** Which curve: true over false positives, precision over recall, or the gains of both. */
export type AUCCurve = "ROC" | "PR" | "PRGAIN";
/** How the area between two thresholds is taken. */
export type AUCSummation = "interpolation" | "minoring" | "majoring";

/** Options of AUC. */
export interface AUCOptions extends MetricOptions {
  /** Points of the curve. Default 200. */
  numThresholds?: number;
  /** Default "ROC". */
  curve?: AUCCurve;
  /** Default "interpolation". */
  summationMethod?: AUCSummation;
  /** The points of the curve between 0 and 1, instead of numThresholds even ones. */
  thresholds?: readonly number[] | null;
  /** Whether each label has a curve of its own, of whose areas the mean is taken. Default false. */
  multiLabel?: boolean;
  /** With multiLabel: how many labels. Default: as many as the first predictions have. */
  numLabels?: number | null;
  /** Weights of the labels: a list, or Keras's JSON of an array. */
  labelWeights?: readonly number[] | SerializedObject | null;
  /** Whether predictions are logits. Default false. */
  fromLogits?: boolean;
}

const curves: Readonly<Record<string, AUCCurve>> = { ROC: "ROC", roc: "ROC", PR: "PR", pr: "PR", PRGAIN: "PRGAIN", prgain: "PRGAIN" };
const summations: Readonly<Record<string, AUCSummation>> = {
  interpolation: "interpolation",
  Interpolation: "interpolation",
  minoring: "minoring",
  Minoring: "minoring",
  majoring: "majoring",
  Majoring: "majoring",
};

/** The numbers of a list, or of an array as Keras writes it. */
function listOf(weights: readonly number[] | SerializedObject | null): readonly number[] | null {
  return isSerialized(weights) ? (weights.config as { value: readonly number[] }).value : weights;
}

/**
 * Area under the curve that decisions draw as the threshold moves, by Riemann sums over the thresholds; between precision
 * and recall by the interpolation of Davis and Goadrich 2006, ICML, section 4. "PRGAIN": Flach and Kull 2015, NeurIPS.
 */
export class AUCMetric extends Metric {
  static override readonly className: string = "AUC";
  readonly numThresholds: number;
  readonly curve: AUCCurve;
  readonly summationMethod: AUCSummation;
  readonly multiLabel: boolean;
  readonly numLabels: number | null;
  readonly labelWeights: readonly number[] | null;
  readonly fromLogits: boolean;
  readonly #own: readonly number[] | null;
  /** Where decisions are made: those of the options or evenly spaced ones, with an end just below 0 and one just above 1. */
  readonly thresholds: readonly number[];
  readonly #even: boolean;
  #counts: Record<"truePositives" | "falsePositives" | "trueNegatives" | "falseNegatives", Variable> | null = null;

  constructor(options: AUCOptions = {}) {
    super("auc", options, [
      "numThresholds",
      "curve",
      "summationMethod",
      "thresholds",
      "multiLabel",
      "numLabels",
      "labelWeights",
      "fromLogits",
    ]);
    const where = `metric "${this.name}"`;
    const named = <T>(what: string, known: Readonly<Record<string, T>>, given: string): T => {
      const found = known[given];
      if (found !== undefined) return found;
      const expected = [...new Set(Object.values(known))].map((name) => `"${String(name)}"`).join(", ");
      throw new ValueError({ where, problem: `there is no such ${what}`, expected, received: JSON.stringify(given) });
    };
    this.curve = named("curve", curves, options.curve ?? "ROC");
    this.summationMethod = named("summationMethod", summations, options.summationMethod ?? "interpolation");
    this.#own = options.thresholds === null || options.thresholds === undefined ? null : [...options.thresholds].sort((a, b) => a - b);
    if (this.#own?.some((threshold) => !(threshold >= 0 && threshold <= 1)) === true)
      throw new ValueError({ where, problem: "thresholds must be from 0 to 1", received: this.#own.join(", ") });
    this.numThresholds = this.#own === null ? (options.numThresholds ?? 200) : this.#own.length + 2;
    if (!(Number.isInteger(this.numThresholds) && this.numThresholds > 1))
      throw new ValueError({ where, problem: "numThresholds must be a whole number, 2 or more", received: String(this.numThresholds) });
    const last = this.numThresholds - 1;
    const inner = this.#own ?? Array.from({ length: this.numThresholds - 2 }, (_, i) => (i + 1) / last);
    this.thresholds = [-epsilon(), ...inner, 1 + epsilon()];
    this.#even =
      this.#own === null ||
      (this.numThresholds > 2 && [0, ...inner, 1].every((value, i) => Math.abs(value - i / last) <= epsilon() + 1e-5 * (i / last)));
    this.multiLabel = options.multiLabel ?? false;
    this.numLabels = options.numLabels ?? null;
    this.labelWeights = listOf(options.labelWeights ?? null);
    this.fromLogits = options.fromLogits ?? false;
    if (this.multiLabel && this.numLabels !== null) this.#build(this.numLabels);
    else if (this.numLabels !== null)
      throw new ValueError({ where, problem: "numLabels needs multiLabel", received: String(this.numLabels) });
    if (!this.multiLabel) this.#build(null);
  }

  #build(labels: number | null): NonNullable<typeof this.counts> {
    const shape = labels === null ? [this.numThresholds] : [this.numThresholds, labels];
    return (this.#counts ??= {
      truePositives: this.addVariable({ shape, name: "true_positives" }),
      falsePositives: this.addVariable({ shape, name: "false_positives" }),
      trueNegatives: this.addVariable({ shape, name: "true_negatives" }),
      falseNegatives: this.addVariable({ shape, name: "false_negatives" }),
    });
  }

  /** The counts per threshold; null before the number of labels is known. */
  get counts(): Readonly<Record<"truePositives" | "falsePositives" | "trueNegatives" | "falseNegatives", Variable>> | null {
    return this.#counts;
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () => {
      const prediction = this.fromLogits ? sigmoid(yPred) : asTensor(yPred);
      const counts = this.#counts ?? this.#build(prediction.dim(-1));
      countDecisions(counts, yTrue, prediction, options, {
        thresholds: this.thresholds,
        multiLabel: this.multiLabel,
        labelWeights: this.multiLabel ? null : this.labelWeights,
        even: this.#even,
      });
    });
  }

  override result(): Tensor {
    const counts = this.#counts;
    if (counts === null)
      throw new StateError({
        where: `metric "${this.name}"`,
        problem: "the number of labels is not known yet",
        advice: "call updateState first, or give numLabels",
      });
    const [tp, fp] = [counts.truePositives.read(), counts.falsePositives.read()];
    const [tn, fn] = [counts.trueNegatives.read(), counts.falseNegatives.read()];
    const areas =
      this.curve === "PR" && this.summationMethod === "interpolation" ? this.#interpolated(tp, fp, fn) : this.#rectangles(tp, fp, tn, fn);
    if (!this.multiLabel) return sum(areas);
    const perLabel = sum(areas, 0);
    if (this.labelWeights === null) return mean(perLabel);
    const weights = dataTensor(Float32Array.from(this.labelWeights), [this.labelWeights.length], "float32");
    return divideNoNan(sum(multiply(perLabel, weights)), sum(weights));
  }

  /** At all thresholds but the last, and at all but the first. */
  #ends(x: Tensor): [Tensor, Tensor] {
    const last = this.numThresholds - 1;
    return [getItem(x, [{ start: 0, stop: last }]), getItem(x, [{ start: 1, stop: last + 1 }])];
  }

  #interpolated(tp: Tensor, fp: Tensor, fn: Tensor): Tensor {
    const [tpBelow, tpAbove] = this.#ends(tp);
    const [pBelow, pAbove] = this.#ends(add(tp, fp));
    const gained = subtract(tpBelow, tpAbove);
    const slope = divideNoNan(gained, maximum(subtract(pBelow, pAbove), 0));
    const intercept = subtract(tpAbove, multiply(slope, pAbove));
    const known = logicalAnd(greater(pBelow, 0), greater(pAbove, 0));
    const ratio = where(known, divideNoNan(pBelow, maximum(pAbove, 0)), 1);
    const positives = maximum(add(tpAbove, this.#ends(fn)[1]), 0);
    return divideNoNan(multiply(slope, add(gained, multiply(intercept, log(ratio)))), positives);
  }

  #rectangles(tp: Tensor, fp: Tensor, tn: Tensor, fn: Tensor): Tensor {
    const recall = divideNoNan(tp, add(tp, fn));
    let [x, y]: [Tensor, Tensor] = [divideNoNan(fp, add(fp, tn)), recall];
    if (this.curve === "PR") [x, y] = [recall, divideNoNan(tp, add(tp, fp))];
    if (this.curve === "PRGAIN") {
      const scale = divideNoNan(add(tp, fn), add(tn, fp));
      const none = equal(tp, 0);
      x = maximum(where(none, 0, subtract(1, multiply(scale, divideNoNan(fn, tp)))), 0);
      y = where(none, 1, subtract(1, multiply(scale, divideNoNan(fp, tp))));
    }
    const [xBelow, xAbove] = this.#ends(x);
    const [yBelow, yAbove] = this.#ends(y);
    const heights = {
      interpolation: () => divide(add(yBelow, yAbove), 2),
      minoring: () => minimum(yBelow, yAbove),
      majoring: () => maximum(yBelow, yAbove),
    }[this.summationMethod]();
    return multiply(subtract(xBelow, xAbove), heights);
  }

  protected override options(): Record<string, unknown> {
    const { numThresholds, curve, summationMethod, multiLabel, numLabels, labelWeights, fromLogits } = this;
    const thresholds = this.#own === null ? {} : { thresholds: this.#own };
    return { numThresholds, curve, summationMethod, multiLabel, numLabels, labelWeights, fromLogits, ...thresholds };
  }
}
/** Area under a curve of decisions. */
export const AUC: CallableClass<typeof AUCMetric> = /* @__PURE__ */ callableClass(AUCMetric);
export type AUC = AUCMetric;
