/** Weighted harmonic means of precision and recall. */
import { epsilon } from "../config/index.ts";
import { ShapeError, StateError, ValueError } from "../errors.ts";
import { formatShape, type Tensor, type Variable, withScope } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { add, divide, greater, greaterEqual, logicalAnd, multiply, subtract } from "../ops/numpy/arithmetic.ts";
import { abs, cast } from "../ops/numpy/elementwise.ts";
import { max, mean, sum } from "../ops/numpy/reduce.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";
import { weightsFor } from "./update-weights.ts";

/** How the scores of classes become one: not at all (null), of all decisions together, their mean, or weighted by support. */
export type FScoreAverage = "micro" | "macro" | "weighted" | null;

/** Options of F1Score. */
export interface F1ScoreOptions extends MetricOptions {
  /** Default null: one score per class. */
  average?: FScoreAverage;
  /** Predictions above count as positive; null (default): the largest of each sample. */
  threshold?: number | null;
}
/** Options of FBetaScore. */
export interface FBetaScoreOptions extends F1ScoreOptions {
  /** How much recall weighs against precision. Default 1. */
  beta?: number;
}

type Counts = Readonly<Record<"truePositives" | "falsePositives" | "falseNegatives" | "support", Variable>>;

/** `(1 + beta^2) p r / (beta^2 p + r)`, p precision and r recall. Shapes of labels and predictions: [batch, classes]. */
export class FBetaScoreMetric extends Metric {
  static override readonly className: string = "FBetaScore";
  readonly average: FScoreAverage;
  readonly beta: number;
  readonly threshold: number | null;
  #counts: Counts | null = null;

  constructor(options: FBetaScoreOptions = {}, name = "fbeta_score", known: readonly string[] = ["beta"]) {
    super(name, options, ["average", "threshold", ...known]);
    this.average = options.average ?? null;
    this.beta = options.beta ?? 1;
    this.threshold = options.threshold ?? null;
    const where = `metric "${this.name}"`;
    if (![null, "micro", "macro", "weighted"].includes(this.average))
      throw new ValueError({
        where,
        problem: "there is no such average",
        expected: 'null, "micro", "macro" or "weighted"',
        received: JSON.stringify(this.average),
      });
    if (!(this.beta > 0)) throw new ValueError({ where, problem: "beta must be positive", received: String(this.beta) });
    if (this.threshold !== null && !(this.threshold > 0 && this.threshold <= 1))
      throw new ValueError({ where, problem: "the threshold must be above 0 and at most 1", received: String(this.threshold) });
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () => {
      const [t, p] = [cast(asTensor(yTrue), "float32"), cast(asTensor(yPred), "float32")];
      if (t.rank !== 2 || p.rank !== 2) {
        throw new ShapeError({
          where: `metric "${this.name}"`,
          problem: "labels and predictions must have two axes",
          expected: "[batch, classes]; labels that are class numbers become rows with ops.oneHot",
          received: `${formatShape(t.shape)} and ${formatShape(p.shape)}`,
        });
      }
      const shape = this.average === "micro" ? [] : [p.dim(-1)];
      const counts = (this.#counts ??= {
        truePositives: this.addVariable({ shape, name: "true_positives" }),
        falsePositives: this.addVariable({ shape, name: "false_positives" }),
        falseNegatives: this.addVariable({ shape, name: "false_negatives" }),
        support: this.addVariable({ shape, name: "intermediate_weights" }),
      });
      // A row of zeros chooses no class.
      const largest = (): Tensor => logicalAnd(greaterEqual(p, max(p, -1, true)), greater(abs(p), 1e-9));
      const chosen = cast(this.threshold === null ? largest() : greater(p, this.threshold), "float32");
      const weight = weightsFor(t, options);
      const axis = this.average === "micro" ? null : 0;
      const count = (variable: Variable, hits: Tensor): void =>
        variable.assign(add(variable, sum(weight === null ? hits : multiply(hits, weight), axis)));
      count(counts.truePositives, multiply(chosen, t));
      count(counts.falsePositives, multiply(chosen, subtract(1, t)));
      count(counts.falseNegatives, multiply(subtract(1, chosen), t));
      count(counts.support, t);
    });
  }

  override result(): Tensor {
    if (this.#counts === null)
      throw new StateError({ where: `metric "${this.name}"`, problem: "the classes are not known yet", advice: "call updateState first" });
    const { truePositives: tp, falsePositives: fp, falseNegatives: fn, support } = this.#counts;
    const precision = divide(tp, add(add(tp, fp), epsilon()));
    const recall = divide(tp, add(add(tp, fn), epsilon()));
    const square = this.beta ** 2;
    const scores = multiply(divide(multiply(precision, recall), add(add(multiply(square, precision), recall), epsilon())), 1 + square);
    if (this.average === null) return scores;
    if (this.average === "weighted") return sum(multiply(scores, divide(support, add(sum(support), epsilon()))));
    return mean(scores);
  }

  protected override options(): Record<string, unknown> {
    return { average: this.average, beta: this.beta, threshold: this.threshold };
  }
}
/** Weighted harmonic mean of precision and recall. */
export const FBetaScore: CallableClass<typeof FBetaScoreMetric> = /* @__PURE__ */ callableClass(FBetaScoreMetric);
export type FBetaScore = FBetaScoreMetric;

/** `2 p r / (p + r)`, p precision and r recall. */
export class F1ScoreMetric extends FBetaScoreMetric {
  static override readonly className: string = "F1Score";
  constructor(options: F1ScoreOptions = {}) {
    super(options, "f1_score", []);
  }
  protected override options(): Record<string, unknown> {
    return { average: this.average, threshold: this.threshold };
  }
}
/** Harmonic mean of precision and recall. */
export const F1Score: CallableClass<typeof F1ScoreMetric> = /* @__PURE__ */ callableClass(F1ScoreMetric);
export type F1Score = F1ScoreMetric;
