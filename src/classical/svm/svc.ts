/** Support vector classification. */
import { StateError, ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import { shuffled } from "../../data/random-indices.ts";
import { type Matrix, pickRows, readMatrix } from "../../data/samples.ts";
import { type ClassWeight, weightsOfClasses } from "../class-weights.ts";
import { checkChoice, checkNumber, Classifier, classesOf, fitted, floatTensor, labelTensor, readTraining } from "../estimator.ts";
import { Pace } from "../pace.ts";
import { type Kernel, type KernelFunction, type KernelName, kernelNames, kernelRow, KernelRows, squaredLengths } from "./kernels.ts";
import { coupled, fitSigmoid, probabilityOf, type Sigmoid } from "./platt.ts";
import { type BinarySolution, solveBinary } from "./smo.ts";

/** Options of `SVC`. */
export interface SVCOptions {
  /** What a sample on the wrong side costs. Default 1. */
  readonly C?: number;
  /** Default "rbf". */
  readonly kernel?: KernelName | KernelFunction;
  /** Of "poly". Default 3. */
  readonly degree?: number;
  /** Of "rbf", "poly", "sigmoid": a number; "scale" (default): 1 / (features x variance of x); "auto": 1 / features. */
  readonly gamma?: "scale" | "auto" | number;
  /** Of "poly" and "sigmoid". Default 0. */
  readonly coef0?: number;
  /** Default true. */
  readonly shrinking?: boolean;
  /** Whether `predictProba` is wanted: costs five more fits. Default false. */
  readonly probability?: boolean;
  /** Violation of the optimality conditions to stop at. Default 1e-3. */
  readonly tol?: number;
  /** Memory for rows of the kernel, MB. Default 200. */
  readonly cacheSize?: number;
  /** Factors of C. Default null. */
  readonly classWeight?: ClassWeight;
  /** Steps at most per pair of classes; -1 (default): 10 million, or 100 per sample. */
  readonly maxIter?: number;
  /** "ovr" (default): a value per class; "ovo": one per pair. */
  readonly decisionFunctionShape?: "ovr" | "ovo";
  /** Of the folds behind `probability`. Default 0. */
  readonly seed?: number;
}

const optionNames = [
  "C",
  "kernel",
  "degree",
  "gamma",
  "coef0",
  "shrinking",
  "probability",
  "tol",
  "cacheSize",
  "classWeight",
  "maxIter",
  "decisionFunctionShape",
  "seed",
];

/** One pair of classes: `f(x) = sum_k coefficients_k k(support_k, x) - rho`, above 0 for `first`. */
interface Machine {
  readonly first: number;
  readonly second: number;
  /** Positions in the list of support vectors. */
  readonly supports: Int32Array;
  readonly coefficients: Float64Array;
  readonly rho: number;
  readonly sigmoid: Sigmoid | null;
}

/** What is learnt. */
interface State {
  readonly classes: readonly number[];
  readonly kernel: Kernel;
  readonly vectors: Matrix;
  readonly lengths: Float64Array;
  /** Rows of the training data that the support vectors are. */
  readonly support: Int32Array;
  readonly machines: readonly Machine[];
  readonly iterations: number;
  readonly converged: boolean;
}

/** Folds whose decision values the probabilities are fitted to. */
const foldCount = 5;

/**
 * Support vector classifier with a kernel; several classes one against one. Solves the same problem as LIBSVM and
 * scikit-learn's `SVC`: `min 1/2 |w|^2 + C sum_i max(0, 1 - y_i f(x_i))` in the kernel's space. B. Boser, I. Guyon, V.
 * Vapnik, 1992; C. Cortes, V. Vapnik, "Support-vector networks", 1995.
 *
 * @example
 * const svc = await new SVC({ kernel: "rbf", C: 10 }).fit(xTrain, yTrain);
 * console.log(await svc.score(xTest, yTest));
 */
export class SVC extends Classifier {
  override readonly label = "SVC";
  readonly #options: Required<SVCOptions>;
  #state: State | null = null;

  constructor(options: SVCOptions = {}) {
    super();
    const where = this.label;
    checkOptions(where, options, optionNames);
    this.#options = {
      C: 1,
      kernel: "rbf",
      degree: 3,
      gamma: "scale",
      coef0: 0,
      shrinking: true,
      probability: false,
      tol: 1e-3,
      cacheSize: 200,
      classWeight: null,
      maxIter: -1,
      decisionFunctionShape: "ovr",
      seed: 0,
      ...options,
    };
    const { C, kernel, degree, gamma, tol, cacheSize, maxIter, decisionFunctionShape } = this.#options;
    checkNumber(where, "C", C, C > 0 && Number.isFinite(C), "a number above 0");
    if (typeof kernel !== "function") checkChoice(where, "kernel", kernel, kernelNames);
    checkNumber(where, "degree", degree, Number.isInteger(degree) && degree >= 0, "a whole number from 0");
    if (gamma !== "scale" && gamma !== "auto") checkNumber(where, "gamma", gamma, gamma > 0, '"scale", "auto", or a number above 0');
    checkNumber(where, "tol", tol, tol > 0, "a number above 0");
    checkNumber(where, "cacheSize", cacheSize, cacheSize > 0, "a number of megabytes above 0");
    checkNumber(where, "maxIter", maxIter, Number.isInteger(maxIter) && (maxIter === -1 || maxIter > 0), "-1, or a whole number from 1");
    checkChoice(where, "decisionFunctionShape", decisionFunctionShape, ["ovr", "ovo"]);
  }

  override get classes(): readonly number[] {
    return this.#fitted.classes;
  }

  /** The samples that the decision rests on. Shapes: [support vectors, features]. */
  get supportVectors(): Tensor {
    const { vectors } = this.#fitted;
    return floatTensor(vectors.values, [vectors.rows, vectors.columns]);
  }

  /** Rows of the training data that the support vectors are, ascending. */
  get support(): readonly number[] {
    return [...this.#fitted.support];
  }

  /** Steps of the solver, all pairs together. */
  get iterations(): number {
    return this.#fitted.iterations;
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
    const { cacheSize, classWeight, C, probability } = this.#options;
    const known = classesOf(where, labels);
    const { classes, codes } = known;
    const bounds = weightsOfClasses(where, known, classWeight).map((weight) => weight * C);
    const kernel = this.#kernelFor(matrix);
    const rows = new KernelRows(kernel, matrix, cacheSize * 2 ** 20);
    const pace = new Pace();
    const members = classes.map((_, code) => Int32Array.from(codes.keys()).filter((row) => codes[row] === code));
    const isSupport = new Uint8Array(matrix.rows);
    let iterations = 0;
    let converged = true;
    const solved: { pair: Pair; solution: BinarySolution; sigmoid: Sigmoid | null }[] = [];
    for (let first = 0; first < classes.length; first++) {
      for (let second = first + 1; second < classes.length; second++) {
        const pair = pairOf(members[first]!, members[second]!, first, second, bounds);
        const sigmoid = probability ? await this.#sigmoid(rows, pair, pace) : null;
        const solution = await this.#solve(rows, pair, pace);
        iterations += solution.iterations;
        converged &&= solution.converged;
        solution.alpha.forEach((alpha, i) => {
          if (alpha > 0) isSupport[pair.samples[i]!] = 1;
        });
        solved.push({ pair, solution, sigmoid });
      }
    }
    const support = Int32Array.from(isSupport.keys()).filter((row) => isSupport[row] === 1);
    const position = new Int32Array(matrix.rows);
    support.forEach((row, at) => (position[row] = at));
    const vectors = pickRows(matrix, support);
    this.#state = {
      classes,
      kernel,
      vectors,
      lengths: squaredLengths(vectors),
      support,
      machines: solved.map(({ pair, solution, sigmoid }) => machineOf(pair, solution, sigmoid, position)),
      iterations,
      converged,
    };
    return this;
  }

  #kernelFor({ rows, columns, values }: Matrix): Kernel {
    const { kernel, gamma, coef0, degree } = this.#options;
    let factor = gamma === "auto" || gamma === "scale" ? 1 / columns : gamma;
    if (gamma === "scale") {
      const mean = values.reduce((sum, value) => sum + value, 0) / (rows * columns);
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (rows * columns);
      factor = variance > 0 ? 1 / (columns * variance) : 1;
    }
    return { kernel, gamma: factor, coef0, degree };
  }

  #solve(rows: KernelRows, { samples, signs, bounds }: Pair, pace: Pace): Promise<BinarySolution> {
    const { tol, shrinking, maxIter } = this.#options;
    const maxIterations = maxIter === -1 ? Math.max(10_000_000, 100 * samples.length) : maxIter;
    return solveBinary(rows, { samples, signs, bounds, tolerance: tol, shrinking, maxIterations }, pace);
  }

  /** The sigmoid of a pair, from decision values of samples that were held out. */
  async #sigmoid(rows: KernelRows, pair: Pair, pace: Pace): Promise<Sigmoid> {
    const { samples, signs, bounds } = pair;
    const order = shuffled(samples.length, this.#options.seed, 0);
    const decisions = new Float64Array(samples.length);
    for (let fold = 0; fold < foldCount; fold++) {
      const held = order.filter((_, at) => at % foldCount === fold);
      const kept = order.filter((_, at) => at % foldCount !== fold);
      const part: Pair = {
        ...pair,
        samples: kept.map((i) => samples[i]!),
        signs: Int8Array.from(kept, (i) => signs[i]!),
        bounds: Float64Array.from(kept, (i) => bounds[i]!),
      };
      const sum = part.signs.reduce((total, sign) => total + sign, 0);
      // One class only: all that can be said is its name.
      if (Math.abs(sum) === kept.length) {
        for (const i of held) decisions[i] = Math.sign(sum);
        continue;
      }
      const { alpha, rho } = await this.#solve(rows, part, pace);
      for (const i of held) decisions[i] = -rho;
      for (let j = 0; j < alpha.length; j++) {
        if (alpha[j] === 0) continue;
        const row = rows.row(part.samples[j]!);
        const factor = alpha[j]! * part.signs[j]!;
        for (const i of held) decisions[i]! += factor * row[samples[i]!]!;
      }
    }
    return fitSigmoid(decisions, signs);
  }

  /**
   * How far samples are inside. Shapes: x [n, features] -> [n] for two classes (above 0: the second), else [n, classes], or
   * [n, pairs] for "ovo" (above 0: the first of the pair). "ovr" counts the votes of the pairs and adds their summed
   * values, squeezed below a third of a vote.
   */
  async decisionFunction(x: TensorLike): Promise<Tensor> {
    const { classes, machines } = this.#fitted;
    const { rows, decisions } = await this.#decide("decisionFunction", x);
    if (classes.length === 2)
      return floatTensor(
        decisions.map((value) => -value),
        [rows],
      );
    if (this.#options.decisionFunctionShape === "ovo") return floatTensor(decisions, [rows, machines.length]);
    const scores = new Float64Array(rows * classes.length);
    const sums = new Float64Array(classes.length);
    for (let row = 0; row < rows; row++) {
      sums.fill(0);
      machines.forEach(({ first, second }, at) => {
        const value = decisions[row * machines.length + at]!;
        sums[first]! += value;
        sums[second]! -= value;
        scores[row * classes.length + (value >= 0 ? first : second)]!++;
      });
      sums.forEach((sum, code) => (scores[row * classes.length + code]! += sum / (3 * (Math.abs(sum) + 1))));
    }
    return floatTensor(scores, [rows, classes.length]);
  }

  /** The class with most votes of all pairs; of several, the first. Shapes: x [n, features] -> int32 [n]. */
  override async predict(x: TensorLike): Promise<Tensor> {
    const { classes, machines } = this.#fitted;
    const { rows, decisions } = await this.#decide("predict", x);
    const labels = new Int32Array(rows);
    const votes = new Int32Array(classes.length);
    for (let row = 0; row < rows; row++) {
      votes.fill(0);
      machines.forEach(({ first, second }, at) => votes[decisions[row * machines.length + at]! > 0 ? first : second]!++);
      labels[row] = classes[votes.indexOf(votes.reduce((most, count) => Math.max(most, count), 0))]!;
    }
    return labelTensor(labels);
  }

  /**
   * Class probabilities by Platt's sigmoids and pairwise coupling. Their largest may be another class than `predict`'s.
   * Shapes: x [n, features] -> [n, classes]. Throws StateError without `probability: true`.
   */
  async predictProba(x: TensorLike): Promise<Tensor> {
    const { classes, machines } = this.#fitted;
    if (!this.#options.probability)
      throw new StateError({ where: this.label, problem: "no probabilities were fitted", advice: "make it with { probability: true }" });
    const { rows, decisions } = await this.#decide("predictProba", x);
    const out = new Float64Array(rows * classes.length);
    const pairwise = classes.map(() => new Float64Array(classes.length));
    for (let row = 0; row < rows; row++) {
      machines.forEach(({ first, second, sigmoid }, at) => {
        const p = Math.min(1 - 1e-7, Math.max(1e-7, probabilityOf(sigmoid!, decisions[row * machines.length + at]!)));
        pairwise[first]![second] = p;
        pairwise[second]![first] = 1 - p;
      });
      out.set(classes.length === 2 ? [pairwise[0]![1]!, pairwise[1]![0]!] : coupled(pairwise), row * classes.length);
    }
    return floatTensor(out, [rows, classes.length]);
  }

  /** Decision values of every pair. */
  async #decide(method: string, x: TensorLike): Promise<{ readonly rows: number; readonly decisions: Float64Array }> {
    const { kernel, vectors, lengths, machines } = this.#fitted;
    const matrix = await readMatrix(`${this.label}.${method}`, x, vectors.columns);
    const own = squaredLengths(matrix);
    const values = new Float64Array(vectors.rows);
    const decisions = new Float64Array(matrix.rows * machines.length);
    const pace = new Pace();
    for (let row = 0; row < matrix.rows; row++) {
      if ((row & 15) === 0 && pace.isDue) await pace.turn();
      kernelRow(kernel, matrix.values, row * matrix.columns, own[row]!, vectors, lengths, values);
      machines.forEach(({ supports, coefficients, rho }, at) => {
        let sum = -rho;
        for (let k = 0; k < supports.length; k++) sum += coefficients[k]! * values[supports[k]!]!;
        decisions[row * machines.length + at] = sum;
      });
    }
    if (decisions.some(Number.isNaN))
      throw new ValueError({ where: this.label, problem: "the kernel gives NaN", expected: "numbers", received: "NaN" });
    return { rows: matrix.rows, decisions };
  }
}

/** Samples of two classes. */
interface Pair {
  readonly first: number;
  readonly second: number;
  readonly samples: Int32Array;
  readonly signs: Int8Array;
  readonly bounds: Float64Array;
}

function pairOf(ofFirst: Int32Array, ofSecond: Int32Array, first: number, second: number, bounds: Float64Array): Pair {
  const samples = new Int32Array(ofFirst.length + ofSecond.length);
  samples.set(ofFirst);
  samples.set(ofSecond, ofFirst.length);
  return {
    first,
    second,
    samples,
    signs: new Int8Array(samples.length).fill(1, 0, ofFirst.length).fill(-1, ofFirst.length),
    bounds: new Float64Array(samples.length).fill(bounds[first]!, 0, ofFirst.length).fill(bounds[second]!, ofFirst.length),
  };
}

function machineOf(
  { first, second, samples, signs }: Pair,
  { alpha, rho }: BinarySolution,
  sigmoid: Sigmoid | null,
  position: Int32Array,
): Machine {
  const own = Int32Array.from(alpha.keys()).filter((i) => alpha[i]! > 0);
  return {
    first,
    second,
    supports: own.map((i) => position[samples[i]!]!),
    coefficients: Float64Array.from(own, (i) => alpha[i]! * signs[i]!),
    rho,
    sigmoid,
  };
}
