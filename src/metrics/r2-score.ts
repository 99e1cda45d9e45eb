/** Coefficient of determination. */
import { ShapeError, StateError, ValueError } from "../errors.ts";
import { concreteShape, formatShape, type Tensor, type Variable, withScope } from "../graph/index.ts";
import { sameRank } from "../losses/ranks.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { add, divide, greater, multiply, subtract, where } from "../ops/numpy/arithmetic.ts";
import { cast, isinf, square } from "../ops/numpy/elementwise.ts";
import { mean, sum } from "../ops/numpy/reduce.ts";
import { broadcastTo } from "../ops/numpy/shaping.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";
import { Metric, type MetricOptions, type UpdateOptions } from "./metric.ts";
import { weightsFor } from "./update-weights.ts";

/** Options of R2Score. */
export interface R2ScoreOptions extends MetricOptions {
  /** How the scores of outputs become one: their mean (default), weighted by variance, or not at all (null). */
  classAggregation?: "uniform_average" | "variance_weighted_average" | null;
  /** Independent regressors of the adjusted score. Default 0: not adjusted. */
  numRegressors?: number;
}

interface Sums {
  readonly squares: Variable;
  readonly sum: Variable;
  readonly residual: Variable;
  readonly count: Variable;
}

/** `1 - sum((t - p)^2) / sum((t - mean(t))^2)`: 1 is perfect, 0 no better than the mean. Shapes: [batch, outputs]. */
export class R2ScoreMetric extends Metric {
  static override readonly className: string = "R2Score";
  readonly classAggregation: "uniform_average" | "variance_weighted_average" | null;
  readonly numRegressors: number;
  readonly #samples: Variable;
  #sums: Sums | null = null;

  constructor(options: R2ScoreOptions = {}) {
    super("r2_score", options, ["classAggregation", "numRegressors"]);
    this.classAggregation = options.classAggregation === undefined ? "uniform_average" : options.classAggregation;
    this.numRegressors = options.numRegressors ?? 0;
    const where = `metric "${this.name}"`;
    if (![null, "uniform_average", "variance_weighted_average"].includes(this.classAggregation))
      throw new ValueError({
        where,
        problem: "there is no such classAggregation",
        expected: '"uniform_average", "variance_weighted_average" or null',
        received: JSON.stringify(this.classAggregation),
      });
    if (!(Number.isInteger(this.numRegressors) && this.numRegressors >= 0))
      throw new ValueError({ where, problem: "numRegressors must be a whole number, 0 or more", received: String(this.numRegressors) });
    this.#samples = this.addVariable({ shape: [], name: "num_samples" });
  }

  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    withScope(`metric "${this.name}"`, () => {
      const [t, p] = sameRank(cast(asTensor(yTrue), "float32"), cast(asTensor(yPred), "float32"));
      if (t.rank !== 2 || p.rank !== 2)
        throw new ShapeError({
          where: `metric "${this.name}"`,
          problem: "targets and predictions must have two axes",
          expected: "[batch, outputs]",
          received: `${formatShape(t.shape)} and ${formatShape(p.shape)}`,
        });
      const shape = [p.dim(-1)];
      const sums = (this.#sums ??= {
        squares: this.addVariable({ shape, name: "squared_sum" }),
        sum: this.addVariable({ shape, name: "sum" }),
        residual: this.addVariable({ shape, name: "residual" }),
        count: this.addVariable({ shape, name: "count" }),
      });
      const weight = broadcastTo(weightsFor(t, options) ?? asTensor(1, "float32"), concreteShape(t));
      const weighted = multiply(t, weight);
      const extend = (variable: Variable, values: Tensor): void => variable.assign(add(variable, sum(values, 0)));
      extend(sums.sum, weighted);
      extend(sums.squares, multiply(t, weighted));
      extend(sums.residual, multiply(square(subtract(t, p)), weight));
      extend(sums.count, weight);
      this.#samples.assign(add(this.#samples, t.size));
    });
  }

  override result(): Tensor {
    if (this.#sums === null)
      throw new StateError({ where: `metric "${this.name}"`, problem: "the outputs are not known yet", advice: "call updateState first" });
    const { squares, sum: total, residual, count } = this.#sums;
    const spread = subtract(squares, multiply(total, divide(total, count)));
    const raw = subtract(1, divide(residual, spread));
    const scores = where(isinf(raw), 0, raw);
    let score = scores;
    if (this.classAggregation === "uniform_average") score = mean(scores);
    else if (this.classAggregation === "variance_weighted_average") score = divide(sum(multiply(spread, scores)), sum(spread));
    if (this.numRegressors === 0) return score;
    // With fewer samples than regressors there is nothing to adjust by.
    const left = subtract(subtract(this.#samples, this.numRegressors), 1);
    const enough = greater(left, 0);
    const adjusted = subtract(1, divide(multiply(subtract(1, score), subtract(this.#samples, 1)), where(enough, left, 1)));
    return where(enough, adjusted, score);
  }

  protected override options(): Record<string, unknown> {
    return { classAggregation: this.classAggregation, numRegressors: this.numRegressors };
  }
}
/** Coefficient of determination. */
export const R2Score: CallableClass<typeof R2ScoreMetric> = /* @__PURE__ */ callableClass(R2ScoreMetric);
export type R2Score = R2ScoreMetric;
