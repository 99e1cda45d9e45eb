/** Linear support vector classification for many samples. */
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import { randomIndices } from "../../data/random-indices.ts";
import { type Matrix, readMatrix } from "../../data/samples.ts";
import { type ClassWeight, weightsOfClasses } from "../class-weights.ts";
import { checkChoice, checkNumber, Classifier, classesOf, fitted, floatTensor, labelTensor, readTraining } from "../estimator.ts";
import { Pace } from "../pace.ts";

/** Options of `LinearSVC`. */
export interface LinearSVCOptions {
  /** What a sample on the wrong side costs. Default 1. */
  readonly C?: number;
  /** "squared_hinge" (default) or "hinge". */
  readonly loss?: "squared_hinge" | "hinge";
  /** Violation of the optimality conditions to stop at. Default 1e-4. */
  readonly tol?: number;
  /** Passes over the samples at most, per class. Default 1000. */
  readonly maxIter?: number;
  /** Whether there is a bias: the weight, punished like the others, of a feature that is always `interceptScaling`. Default true. */
  readonly fitIntercept?: boolean;
  /** Default 1. */
  readonly interceptScaling?: number;
  /** Factors of C. Default null. */
  readonly classWeight?: ClassWeight;
  /** Of the order of the samples. Default 0. */
  readonly seed?: number;
}

/** What is learnt. */
interface State {
  readonly classes: readonly number[];
  readonly features: number;
  /** One row per output: features, then the bias. */
  readonly weights: readonly Float64Array[];
  readonly passes: readonly number[];
  readonly converged: boolean;
}

/** Rows without their zeros, a constant feature at the end. */
interface SparseRows {
  readonly rows: number;
  readonly columns: number;
  readonly starts: Int32Array;
  readonly positions: Int32Array;
  readonly values: Float64Array;
}

/**
 * Linear support vector classifier, `min 1/2 |w|^2 + C sum_i max(0, 1 - y_i w x_i)^2` (or without the square), solved in
 * the dual one multiplier at a time, each step in the time of a row's non-zero values: C.-J. Hsieh et al., "A dual
 * coordinate descent method for large-scale linear SVM", ICML 2008, algorithm 3 with shrinking. The problem is that of
 * LIBLINEAR and scikit-learn's `LinearSVC`; several classes one against the rest.
 *
 * @example
 * const svc = await new LinearSVC({ C: 0.1 }).fit(xTrain, yTrain);
 */
export class LinearSVC extends Classifier {
  override readonly label = "LinearSVC";
  readonly #options: Required<LinearSVCOptions>;
  #state: State | null = null;

  constructor(options: LinearSVCOptions = {}) {
    super();
    const where = this.label;
    checkOptions(where, options, ["C", "loss", "tol", "maxIter", "fitIntercept", "interceptScaling", "classWeight", "seed"]);
    this.#options = {
      C: 1,
      loss: "squared_hinge",
      tol: 1e-4,
      maxIter: 1000,
      fitIntercept: true,
      interceptScaling: 1,
      classWeight: null,
      seed: 0,
      ...options,
    };
    const { C, loss, tol, maxIter, interceptScaling } = this.#options;
    checkNumber(where, "C", C, C > 0 && Number.isFinite(C), "a number above 0");
    checkChoice(where, "loss", loss, ["squared_hinge", "hinge"]);
    checkNumber(where, "tol", tol, tol > 0, "a number above 0");
    checkNumber(where, "maxIter", maxIter, Number.isInteger(maxIter) && maxIter > 0, "a whole number from 1");
    checkNumber(where, "interceptScaling", interceptScaling, interceptScaling > 0, "a number above 0");
  }

  override get classes(): readonly number[] {
    return this.#fitted.classes;
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
      Float64Array.from(weights, (row) => row[features]! * this.#options.interceptScaling),
      [weights.length],
    );
  }

  /** Passes over the samples, per output. */
  get passes(): readonly number[] {
    return this.#fitted.passes;
  }

  /** False where `maxIter` came before the tolerance. */
  get converged(): boolean {
    return this.#fitted.converged;
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
    const { C, classWeight, fitIntercept, interceptScaling } = this.#options;
    const known = classesOf(where, labels);
    const { classes, codes } = known;
    const perClass = weightsOfClasses(where, known, classWeight).map((weight) => weight * C);
    const sparse = sparseRows(matrix, fitIntercept ? interceptScaling : 0);
    const pace = new Pace();
    const outputs = classes.length === 2 ? [1] : classes.map((_, code) => code);
    const weights: Float64Array[] = [];
    const passes: number[] = [];
    let converged = true;
    for (const [output, positive] of outputs.entries()) {
      const signs = Int8Array.from(codes, (code) => (code === positive ? 1 : -1));
      // Of several classes only the positive has a weight of its own; the rest counts 1, as in LIBLINEAR.
      const costs = Float64Array.from(codes, (code) => (code === positive || classes.length === 2 ? perClass[code]! : C));
      const solution = await this.#solve(sparse, signs, costs, output, pace);
      weights.push(solution.weights);
      passes.push(solution.passes);
      converged &&= solution.converged;
    }
    this.#state = { classes, features: matrix.columns, weights, passes, converged };
    return this;
  }

  async #solve(
    { rows, columns, starts, positions, values }: SparseRows,
    signs: Int8Array,
    costs: Float64Array,
    output: number,
    pace: Pace,
  ): Promise<{ readonly weights: Float64Array; readonly passes: number; readonly converged: boolean }> {
    const { loss, tol, maxIter, seed } = this.#options;
    const isSquared = loss === "squared_hinge";
    const weights = new Float64Array(columns + 1);
    const alpha = new Float64Array(rows);
    // The squared loss has no upper bound and a diagonal 1 / (2 C) in its place.
    const softness = costs.map((cost) => (isSquared ? 0.5 / cost : 0));
    const curvature = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      let sum = softness[i]!;
      for (let at = starts[i]!; at < starts[i + 1]!; at++) sum += values[at]! * values[at]!;
      curvature[i] = sum;
    }
    const order = Int32Array.from({ length: rows }, (_, i) => i);
    const draw = randomIndices(seed, output);
    let active = rows;
    let highestBefore = Infinity;
    let lowestBefore = -Infinity;
    for (let pass = 0; pass < maxIter; pass++) {
      let highest = -Infinity;
      let lowest = Infinity;
      for (let at = active - 1; at > 0; at--) {
        const other = draw(at + 1);
        const sample = order[at]!;
        order[at] = order[other]!;
        order[other] = sample;
      }
      for (let place = 0; place < active; place++) {
        if ((place & 255) === 0 && pace.isDue) await pace.turn();
        const i = order[place]!;
        const sign = signs[i]!;
        const bound = isSquared ? Infinity : costs[i]!;
        let product = 0;
        for (let at = starts[i]!; at < starts[i + 1]!; at++) product += weights[positions[at]!]! * values[at]!;
        const slope = sign * product - 1 + alpha[i]! * softness[i]!;
        let projected = slope;
        if (alpha[i] === 0) {
          if (slope > highestBefore) {
            order[place--] = order[--active]!;
            order[active] = i;
            continue;
          }
          projected = Math.min(slope, 0);
        } else if (alpha[i] === bound) {
          if (slope < lowestBefore) {
            order[place--] = order[--active]!;
            order[active] = i;
            continue;
          }
          projected = Math.max(slope, 0);
        }
        if (projected > highest) highest = projected;
        if (projected < lowest) lowest = projected;
        if (Math.abs(projected) < 1e-12 || curvature[i] === 0) continue;
        const next = Math.min(bound, Math.max(0, alpha[i]! - slope / curvature[i]!));
        const change = (next - alpha[i]!) * sign;
        alpha[i] = next;
        for (let at = starts[i]!; at < starts[i + 1]!; at++) weights[positions[at]!]! += change * values[at]!;
      }
      if (highest - lowest <= tol) {
        if (active === rows) return { weights, passes: pass + 1, converged: true };
        active = rows;
        highestBefore = Infinity;
        lowestBefore = -Infinity;
        continue;
      }
      highestBefore = highest > 0 ? highest : Infinity;
      lowestBefore = lowest < 0 ? lowest : -Infinity;
    }
    return { weights, passes: maxIter, converged: false };
  }

  /** `w x + b`. Shapes: x [n, features] -> [n] for two classes (above 0: the second), else [n, classes]. */
  async decisionFunction(x: TensorLike): Promise<Tensor> {
    const { rows, outputs, values } = await this.#decide("decisionFunction", x);
    return floatTensor(values, outputs === 1 ? [rows] : [rows, outputs]);
  }

  override async predict(x: TensorLike): Promise<Tensor> {
    const { classes } = this.#fitted;
    const { rows, outputs, values } = await this.#decide("predict", x);
    const labels = new Int32Array(rows);
    for (let i = 0; i < rows; i++) {
      let best = 0;
      for (let k = 1; k < outputs; k++) if (values[i * outputs + k]! > values[i * outputs + best]!) best = k;
      labels[i] = classes[outputs === 1 ? (values[i]! > 0 ? 1 : 0) : best]!;
    }
    return labelTensor(labels);
  }

  async #decide(
    method: string,
    x: TensorLike,
  ): Promise<{ readonly rows: number; readonly outputs: number; readonly values: Float64Array }> {
    const { weights, features } = this.#fitted;
    const { rows, values } = await readMatrix(`${this.label}.${method}`, x, features);
    const bias = this.#options.interceptScaling;
    const out = new Float64Array(rows * weights.length);
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < weights.length; k++) {
        const row = weights[k]!;
        let sum = row[features]! * bias;
        for (let j = 0; j < features; j++) sum += row[j]! * values[i * features + j]!;
        out[i * weights.length + k] = sum;
      }
    }
    return { rows, outputs: weights.length, values: out };
  }
}

function sparseRows({ rows, columns, values }: Matrix, bias: number): SparseRows {
  const starts = new Int32Array(rows + 1);
  let filled = 0;
  for (const value of values) if (value !== 0) filled++;
  const positions = new Int32Array(filled + rows);
  const kept = new Float64Array(filled + rows);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const value = values[i * columns + j]!;
      if (value === 0) continue;
      positions[at] = j;
      kept[at++] = value;
    }
    if (bias !== 0) {
      positions[at] = columns;
      kept[at++] = bias;
    }
    starts[i + 1] = at;
  }
  return { rows, columns, starts, positions, values: kept };
}
