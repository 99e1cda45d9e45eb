/** A forest that votes. */
import { StateError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { type ClassWeight, weightsOfClasses } from "../class-weights.ts";
import { checkChoice, Classifier, classesOf, fitted, floatTensor, labelTensor, readTraining } from "../estimator.ts";
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

/** Options of `RandomForestClassifier`. */
export interface RandomForestClassifierOptions extends ForestOptions {
  /** Impurity: "gini" (default), `1 - sum p^2`, or "entropy", `- sum p log2 p`. */
  readonly criterion?: "gini" | "entropy";
  /** Weights of the samples by class. Default null. */
  readonly classWeight?: ClassWeight;
}

/** What is learnt. */
interface State {
  readonly classes: readonly number[];
  readonly forest: Forest;
  readonly outOfBag: { readonly shares: Float64Array; readonly score: number } | null;
}

/**
 * Random forest for classes: trees on samples drawn with replacement, each split the best of a few random features
 * (L. Breiman, "Random forests", 2001); the class shares of the leaves are averaged. Splits are looked for among at most
 * `maxBins` bins per feature. Trees are grown on all cores and depend on `seed` alone.
 *
 * @example
 * const forest = await new RandomForestClassifier({ nEstimators: 200, oobScore: true }).fit(xTrain, yTrain);
 * console.log(forest.oobScore, await forest.score(xTest, yTest), await forest.featureImportances.data());
 */
export class RandomForestClassifier extends Classifier {
  override readonly label = "RandomForestClassifier";
  readonly #options: CompleteForestOptions;
  readonly #criterion: "gini" | "entropy";
  readonly #classWeight: ClassWeight;
  #state: State | null = null;

  constructor(options: RandomForestClassifierOptions = {}) {
    super();
    const { criterion = "gini", classWeight = null, ...rest } = options;
    this.#options = forestOptions(this.label, rest, ["classWeight"], "sqrt");
    checkChoice(this.label, "criterion", criterion, ["gini", "entropy"]);
    this.#criterion = criterion;
    this.#classWeight = classWeight;
  }

  override get classes(): readonly number[] {
    return this.#fitted.classes;
  }

  /** Share of impurity that each feature took away; sum 1. Shapes: [features]. */
  get featureImportances(): Tensor {
    return importanceTensor(this.#fitted.forest);
  }

  /** Accuracy on the samples that trees did not see, each judged by those trees. Throws StateError without `oobScore: true`. */
  get oobScore(): number {
    return this.#outOfBag.score;
  }

  /** Class shares of the training samples by trees that did not see them; NaN where all did. Shapes: [n, classes]. */
  get oobDecisionFunction(): Tensor {
    const { shares } = this.#outOfBag;
    const { classes } = this.#fitted;
    return floatTensor(shares, [shares.length / classes.length, classes.length]);
  }

  get #outOfBag(): { readonly shares: Float64Array; readonly score: number } {
    const { outOfBag } = this.#fitted;
    if (outOfBag === null)
      throw new StateError({ where: this.label, problem: "no out-of-bag score was asked for", advice: "make it with { oobScore: true }" });
    return outOfBag;
  }

  get #fitted(): State {
    return fitted(this.label, this.#state);
  }

  /**
   * Learns. Shapes: x [n, features], y [n] whole numbers. Throws ShapeError and ValueError for data that is empty, of
   * unequal lengths, not finite, or of one class only.
   */
  async fit(x: TensorLike, y: TensorLike): Promise<this> {
    const where = `${this.label}.fit`;
    const { matrix, labels } = await readTraining(where, x, y);
    const known = classesOf(where, labels);
    const { classes, codes } = known;
    const perClass = weightsOfClasses(where, known, this.#classWeight);
    const weights = Float64Array.from(codes, (code) => perClass[code]!);
    const forest = await forestOf(
      matrix,
      { labels: codes, classes: classes.length, targets: new Float64Array(0), weights, criterion: this.#criterion },
      this.#options,
    );
    let outOfBag: State["outOfBag"] = null;
    if (this.#options.oobScore) {
      const shares = await predictForest(forest, matrix, true);
      const best = bestCodes(shares, classes.length);
      let judged = 0;
      let hits = 0;
      codes.forEach((code, row) => {
        if (Number.isNaN(shares[row * classes.length])) return;
        judged++;
        if (best[row] === code) hits++;
      });
      outOfBag = { shares, score: hits / judged };
    }
    this.#state = { classes, forest, outOfBag };
    return this;
  }

  override async predict(x: TensorLike): Promise<Tensor> {
    const { classes, forest } = this.#fitted;
    const { means } = await predictRows(`${this.label}.predict`, forest, x);
    return labelTensor(bestCodes(means, classes.length).map((code) => classes[code]!));
  }

  /** Class shares, averaged over the trees. Shapes: x [n, features] -> [n, classes]. */
  async predictProba(x: TensorLike): Promise<Tensor> {
    const { classes, forest } = this.#fitted;
    const { rows, means } = await predictRows(`${this.label}.predictProba`, forest, x);
    return floatTensor(means, [rows, classes.length]);
  }
}

function bestCodes(shares: Float64Array, classes: number): Int32Array {
  return Int32Array.from({ length: shares.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (shares[row * classes + k]! > shares[row * classes + best]!) best = k;
    return best;
  });
}
