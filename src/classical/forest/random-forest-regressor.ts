/** A forest that averages. */
import { StateError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { readColumn, readMatrix } from "../../data/samples.ts";
import { determination, fitted, floatTensor, Regressor } from "../estimator.ts";
import {
  type CompleteForestOptions,
  type Forest,
  forestOf,
  forestOptions,
  type ForestOptions,
  importanceTensor,
  predictForest,
  predictRows,
} from "./random-forest.ts";

/** Options of `RandomForestRegressor`. */
export interface RandomForestRegressorOptions extends ForestOptions {}

/** What is learnt. */
interface State {
  readonly forest: Forest;
  readonly outOfBag: { readonly values: Float64Array; readonly score: number } | null;
}

/**
 * Random forest for numbers: trees on samples drawn with replacement, split where the squared error falls most, averaged
 * (L. Breiman, "Random forests", 2001). Looks at all features in each split unless `maxFeatures` says otherwise.
 *
 * @example
 * const forest = await new RandomForestRegressor({ nEstimators: 200, maxFeatures: 0.33 }).fit(xTrain, yTrain);
 * console.log(await forest.score(xTest, yTest)); // R^2
 */
export class RandomForestRegressor extends Regressor {
  override readonly label = "RandomForestRegressor";
  readonly #options: CompleteForestOptions;
  #state: State | null = null;

  constructor(options: RandomForestRegressorOptions = {}) {
    super();
    this.#options = forestOptions(this.label, options, [], null);
  }

  /** Share of squared error that each feature took away; sum 1. Shapes: [features]. */
  get featureImportances(): Tensor {
    return importanceTensor(this.#fitted.forest);
  }

  /** R^2 on the samples that trees did not see, each judged by those trees. Throws StateError without `oobScore: true`. */
  get oobScore(): number {
    return this.#outOfBag.score;
  }

  /** Values of the training samples by trees that did not see them; NaN where all did. Shapes: [n]. */
  get oobPrediction(): Tensor {
    const { values } = this.#outOfBag;
    return floatTensor(values, [values.length]);
  }

  get #outOfBag(): { readonly values: Float64Array; readonly score: number } {
    const { outOfBag } = this.#fitted;
    if (outOfBag === null)
      throw new StateError({ where: this.label, problem: "no out-of-bag score was asked for", advice: "make it with { oobScore: true }" });
    return outOfBag;
  }

  get #fitted(): State {
    return fitted(this.label, this.#state);
  }

  /** Learns. Shapes: x [n, features], y [n]. Throws ShapeError and ValueError for data that is empty, of unequal lengths or not finite. */
  async fit(x: TensorLike, y: TensorLike): Promise<this> {
    const where = `${this.label}.fit`;
    const matrix = await readMatrix(where, x);
    const targets = await readColumn(where, "y", y, matrix.rows);
    // Sums of squares lose fewer digits around the mean.
    const mean = targets.reduce((sum, value) => sum + value, 0) / targets.length;
    const grown = await forestOf(
      matrix,
      {
        labels: new Int32Array(0),
        classes: 0,
        targets: targets.map((value) => value - mean),
        weights: new Float64Array(matrix.rows).fill(1),
        criterion: "squared_error",
      },
      this.#options,
    );
    const forest: Forest = { ...grown, trees: grown.trees.map((tree) => ({ ...tree, values: tree.values.map((value) => value + mean) })) };
    let outOfBag: State["outOfBag"] = null;
    if (this.#options.oobScore) {
      const values = await predictForest(forest, matrix, true);
      const judged = Int32Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]));
      outOfBag = {
        values,
        score: determination(
          Float64Array.from(judged, (row) => targets[row]!),
          Float64Array.from(judged, (row) => values[row]!),
        ),
      };
    }
    this.#state = { forest, outOfBag };
    return this;
  }

  override async predict(x: TensorLike): Promise<Tensor> {
    const { rows, means } = await predictRows(`${this.label}.predict`, this.#fitted.forest, x);
    return floatTensor(means, [rows]);
  }
}
