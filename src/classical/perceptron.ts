/** Rosenblatt's perceptron. */
import type { Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { checkOptions } from "../serialization/index.ts";
import { shuffled } from "../data/random-indices.ts";
import { type Matrix, readMatrix } from "../data/samples.ts";
import { checkNumber, Classifier, classesOf, fitted, floatTensor, labelTensor, readTraining } from "./estimator.ts";

/** Options of `Perceptron`. */
export interface PerceptronOptions {
  /** Passes over the samples at most. Default 1000. */
  readonly maxEpochs?: number;
  /** Length of a correction. Default 1: for two classes it only scales the weights. */
  readonly learningRate?: number;
  /** Whether there is a bias. Default true. */
  readonly fitIntercept?: boolean;
  /** Whether samples come in another order in each pass. Default true. */
  readonly shuffle?: boolean;
  /** Seed of the orders. Default 0. */
  readonly seed?: number;
}

/** What a perceptron learns. */
interface State {
  readonly classes: readonly number[];
  readonly features: number;
  /** One row per output: features, then the bias. */
  readonly weights: readonly Float64Array[];
  readonly mistakes: readonly number[];
}

/**
 * A linear classifier, `sign(w x + b)`, that corrects itself by `w += rate y x` on every sample that it gets wrong, until
 * a pass brings no mistake: reached in finitely many steps where a plane divides the classes, and never elsewhere
 * (F. Rosenblatt, "The perceptron", 1958; A. Novikoff, 1962). More than two classes: one against the rest.
 *
 * @example
 * const perceptron = await new Perceptron({ seed: 1 }).fit(x, y);
 * console.log(perceptron.converged, await perceptron.score(x, y));
 */
export class Perceptron extends Classifier {
  override readonly label = "Perceptron";
  readonly #options: Required<PerceptronOptions>;
  #state: State | null = null;

  constructor(options: PerceptronOptions = {}) {
    super();
    checkOptions("Perceptron", options, ["maxEpochs", "learningRate", "fitIntercept", "shuffle", "seed"]);
    this.#options = { maxEpochs: 1000, learningRate: 1, fitIntercept: true, shuffle: true, seed: 0, ...options };
    const { maxEpochs, learningRate } = this.#options;
    checkNumber(this.label, "maxEpochs", maxEpochs, Number.isInteger(maxEpochs) && maxEpochs > 0, "a whole number from 1");
    checkNumber(this.label, "learningRate", learningRate, learningRate > 0, "a number above 0");
  }

  override get classes(): readonly number[] {
    return this.#fitted.classes;
  }

  /** Mistakes of each pass, all outputs together: the last is 0 where it converged. */
  get mistakes(): readonly number[] {
    return this.#fitted.mistakes;
  }

  /** Whether the last pass brought no mistake. */
  get converged(): boolean {
    return this.mistakes.at(-1) === 0;
  }

  /** Weights. Shapes: [1, features] for two classes, else [classes, features]. */
  get coef(): Tensor {
    const { weights, features } = this.#fitted;
    return floatTensor(Float64Array.from(weights.flatMap((row) => [...row.subarray(0, features)])), [weights.length, features]);
  }

  /** Biases. Shapes: [1] for two classes, else [classes]. */
  get intercept(): Tensor {
    const { weights, features } = this.#fitted;
    return floatTensor(
      Float64Array.from(weights, (row) => row[features]!),
      [weights.length],
    );
  }

  get #fitted(): State {
    return fitted(this.label, this.#state);
  }

  /**
   * Learns. Shapes: x [n, features], y [n] whole numbers. Throws ShapeError and ValueError for data that is empty, of
   * unequal lengths, not finite, or of one class only.
   */
  async fit(x: TensorLike, y: TensorLike): Promise<this> {
    const { matrix, labels } = await readTraining(`${this.label}.fit`, x, y);
    const { classes, codes } = classesOf(`${this.label}.fit`, labels);
    const mistakes: number[] = [];
    const outputs = classes.length === 2 ? [1] : classes.map((_, code) => code);
    const weights = outputs.map((positive) => {
      const signs = Int8Array.from(codes, (code) => (code === positive ? 1 : -1));
      const { row, perPass } = this.#learn(matrix, signs);
      perPass.forEach((count, pass) => (mistakes[pass] = (mistakes[pass] ?? 0) + count));
      return row;
    });
    this.#state = { classes, features: matrix.columns, weights, mistakes };
    return this;
  }

  /** Rosenblatt's rule for one output. */
  #learn({ rows, columns, values }: Matrix, signs: Int8Array): { readonly row: Float64Array; readonly perPass: number[] } {
    const { maxEpochs, learningRate, fitIntercept, shuffle, seed } = this.#options;
    const row = new Float64Array(columns + 1);
    const perPass: number[] = [];
    while (perPass.length < maxEpochs && perPass.at(-1) !== 0) {
      const order = shuffle ? shuffled(rows, seed, perPass.length) : null;
      let wrong = 0;
      for (let i = 0; i < rows; i++) {
        const sample = order === null ? i : order[i]!;
        if (signs[sample]! * output(row, values, sample, columns) > 0) continue;
        wrong++;
        const step = learningRate * signs[sample]!;
        for (let j = 0; j < columns; j++) row[j]! += step * values[sample * columns + j]!;
        if (fitIntercept) row[columns]! += step;
      }
      perPass.push(wrong);
    }
    return { row, perPass };
  }

  /** `w x + b`. Shapes: x [n, features] -> [n] for two classes, else [n, classes]. */
  async decisionFunction(x: TensorLike): Promise<Tensor> {
    const { rows, outputs, values } = await this.#decide(x);
    return floatTensor(values, outputs === 1 ? [rows] : [rows, outputs]);
  }

  override async predict(x: TensorLike): Promise<Tensor> {
    const { rows, outputs, values } = await this.#decide(x);
    const { classes } = this.#fitted;
    const labels = new Int32Array(rows);
    for (let i = 0; i < rows; i++) {
      let best = 0;
      for (let k = 1; k < outputs; k++) if (values[i * outputs + k]! > values[i * outputs + best]!) best = k;
      labels[i] = classes[outputs === 1 ? (values[i]! > 0 ? 1 : 0) : best]!;
    }
    return labelTensor(labels);
  }

  async #decide(x: TensorLike): Promise<{ readonly rows: number; readonly outputs: number; readonly values: Float64Array }> {
    const { weights, features } = this.#fitted;
    const matrix = await readMatrix(`${this.label}.predict`, x, features);
    const outputs = weights.length;
    const values = new Float64Array(matrix.rows * outputs);
    for (let i = 0; i < matrix.rows; i++)
      for (let k = 0; k < outputs; k++) values[i * outputs + k] = output(weights[k]!, matrix.values, i, features);
    return { rows: matrix.rows, outputs, values };
  }
}

function output(row: Float64Array, values: Float64Array, sample: number, columns: number): number {
  let sum = row[columns]!;
  for (let j = 0; j < columns; j++) sum += row[j]! * values[sample * columns + j]!;
  return sum;
}
