/** A hidden Markov model that emits vectors. */
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import type { RandomNumbers } from "../../data/random-numbers.ts";
import { type Matrix, readMatrix } from "../../data/samples.ts";
import { checkChoice, checkNumber, floatTensor } from "../estimator.ts";
import { cholesky } from "./cholesky.ts";
import { HiddenMarkovModel, type HiddenMarkovOptions, hiddenMarkovOptionNames, type Sequences } from "./hidden-markov-model.ts";
import { kMeans } from "./k-means.ts";

/** Options of `GaussianHMM`. */
export interface GaussianHMMOptions extends HiddenMarkovOptions {
  /** "diag" (default): features vary on their own in each state; "full": together. */
  readonly covarianceType?: "diag" | "full";
  /** Added to variances. Default 1e-3. */
  readonly minCovar?: number;
  /**
   * Means to start from: "kMeans" (default), or "segments": each sequence is cut into as many equal parts as there are
   * states, for chains that go from left to right.
   */
  readonly init?: "kMeans" | "segments";
}

/** Means and covariances of the states. */
interface Emission {
  readonly features: number;
  /** `[states, features]`. */
  readonly means: Float64Array;
  /** `[states, features]` for "diag", `[states, features, features]` for "full". */
  readonly covariances: Float64Array;
}

/**
 * Hidden Markov model whose states emit normally distributed vectors. Observations: shape [n, features].
 *
 * @example
 * const hmm = await new GaussianHMM({ nComponents: 5, init: "segments" }).fit(frames, { lengths });
 * console.log(await hmm.score(otherFrames));
 */
export class GaussianHMM extends HiddenMarkovModel<Emission> {
  protected override readonly label = "GaussianHMM";
  readonly #type: "diag" | "full";
  readonly #minCovar: number;
  readonly #init: "kMeans" | "segments";
  #features: number | null = null;

  constructor(options: GaussianHMMOptions) {
    checkOptions("GaussianHMM", options, [...hiddenMarkovOptionNames, "covarianceType", "minCovar", "init"]);
    super("GaussianHMM", options);
    const { covarianceType = "diag", minCovar = 1e-3, init = "kMeans" } = options;
    checkChoice(this.label, "covarianceType", covarianceType, ["diag", "full"]);
    checkChoice(this.label, "init", init, ["kMeans", "segments"]);
    checkNumber(this.label, "minCovar", minCovar, minCovar > 0, "a number above 0");
    this.#type = covarianceType;
    this.#minCovar = minCovar;
    this.#init = init;
  }

  /** Means. Shapes: [states, features]. */
  get means(): Tensor {
    const { features, means } = this.emission;
    return floatTensor(means, [this.states, features]);
  }

  /** Variances [states, features] for "diag", covariances [states, features, features] for "full". */
  get covars(): Tensor {
    const { features, covariances } = this.emission;
    return floatTensor(covariances, this.#type === "diag" ? [this.states, features] : [this.states, features, features]);
  }

  override async fit(x: TensorLike, options: { readonly lengths?: readonly number[] } = {}): Promise<this> {
    this.#features = null;
    return super.fit(x, options);
  }

  protected override readObservations(where: string, x: TensorLike): Promise<Matrix> {
    return readMatrix(where, x, this.#features ?? undefined);
  }

  protected override initialEmission({ observations, lengths }: Sequences, random: RandomNumbers): Emission {
    this.#features = observations.columns;
    const { rows } = observations;
    const owner = new Int32Array(rows);
    if (this.#init === "segments") {
      let start = 0;
      for (const length of lengths) {
        for (let t = 0; t < length; t++) owner[start + t] = Math.min(this.states - 1, Math.floor((t * this.states) / length));
        start += length;
      }
    } else owner.set(kMeans(observations, this.states, random));
    const gamma = new Float64Array(rows * this.states);
    owner.forEach((state, t) => (gamma[t * this.states + state] = 1));
    // The spread of all observations, so that no state starts too narrow for what is near it.
    const all = this.#estimate(observations, new Float64Array(rows).fill(1), 1, null);
    const own = this.#estimate(observations, gamma, this.states, null);
    const covariances = new Float64Array(this.states * all.covariances.length);
    for (let i = 0; i < this.states; i++) covariances.set(all.covariances, i * all.covariances.length);
    return this.#init === "segments" ? own : { ...own, covariances };
  }

  protected override updatedEmission(observations: Matrix, gamma: Float64Array, before: Emission): Emission {
    return this.#estimate(observations, gamma, this.states, before);
  }

  /** Weighted means and covariances. A state without any weight keeps what it had. */
  #estimate({ rows, columns, values }: Matrix, gamma: Float64Array, states: number, before: Emission | null): Emission {
    const means = new Float64Array(states * columns);
    const size = this.#type === "diag" ? columns : columns * columns;
    const covariances = new Float64Array(states * size);
    for (let i = 0; i < states; i++) {
      const mean = means.subarray(i * columns, (i + 1) * columns);
      const covariance = covariances.subarray(i * size, (i + 1) * size);
      let weight = 0;
      for (let t = 0; t < rows; t++) {
        const share = gamma[t * states + i]!;
        weight += share;
        for (let j = 0; j < columns; j++) mean[j]! += share * values[t * columns + j]!;
      }
      if (weight < 1e-10) {
        if (before === null) covariance.fill(1);
        else {
          mean.set(before.means.subarray(i * columns, (i + 1) * columns));
          covariance.set(before.covariances.subarray(i * size, (i + 1) * size));
        }
        continue;
      }
      for (let j = 0; j < columns; j++) mean[j]! /= weight;
      for (let t = 0; t < rows; t++) {
        const share = gamma[t * states + i]! / weight;
        if (share === 0) continue;
        for (let j = 0; j < columns; j++) {
          const deviation = values[t * columns + j]! - mean[j]!;
          if (this.#type === "diag") covariance[j]! += share * deviation * deviation;
          else for (let k = 0; k <= j; k++) covariance[j * columns + k]! += share * deviation * (values[t * columns + k]! - mean[k]!);
        }
      }
      for (let j = 0; j < columns; j++) {
        if (this.#type === "diag") covariance[j]! += this.#minCovar;
        else {
          covariance[j * columns + j]! += this.#minCovar;
          for (let k = 0; k < j; k++) covariance[k * columns + j] = covariance[j * columns + k]!;
        }
      }
    }
    return { features: columns, means, covariances };
  }

  protected override logEmissions({ rows, columns, values }: Matrix, { means, covariances }: Emission): Float64Array {
    const out = new Float64Array(rows * this.states);
    const constant = columns * Math.log(2 * Math.PI);
    const deviation = new Float64Array(columns);
    for (let i = 0; i < this.states; i++) {
      const mean = means.subarray(i * columns, (i + 1) * columns);
      if (this.#type === "diag") {
        const variance = covariances.subarray(i * columns, (i + 1) * columns);
        const logDeterminant = variance.reduce((sum, value) => sum + Math.log(value), 0);
        for (let t = 0; t < rows; t++) {
          let distance = 0;
          for (let j = 0; j < columns; j++) distance += (values[t * columns + j]! - mean[j]!) ** 2 / variance[j]!;
          out[t * this.states + i] = -0.5 * (constant + logDeterminant + distance);
        }
        continue;
      }
      const lower = cholesky(covariances.subarray(i * columns * columns, (i + 1) * columns * columns), columns);
      let logDeterminant = 0;
      for (let j = 0; j < columns; j++) logDeterminant += 2 * Math.log(lower[j * columns + j]!);
      for (let t = 0; t < rows; t++) {
        // |L^-1 (x - mean)|^2 by forward substitution.
        let distance = 0;
        for (let j = 0; j < columns; j++) {
          let sum = values[t * columns + j]! - mean[j]!;
          for (let k = 0; k < j; k++) sum -= lower[j * columns + k]! * deviation[k]!;
          deviation[j] = sum / lower[j * columns + j]!;
          distance += deviation[j]! ** 2;
        }
        out[t * this.states + i] = -0.5 * (constant + logDeterminant + distance);
      }
    }
    return out;
  }

  protected override emit(state: number, { features, means, covariances }: Emission, random: RandomNumbers): readonly number[] {
    const mean = means.subarray(state * features, (state + 1) * features);
    const noise = Array.from(mean, () => random.normal());
    if (this.#type === "diag") return noise.map((z, j) => mean[j]! + Math.sqrt(covariances[state * features + j]!) * z);
    const lower = cholesky(covariances.subarray(state * features * features, (state + 1) * features * features), features);
    return noise.map((_, j) => mean[j]! + noise.slice(0, j + 1).reduce((sum, z, k) => sum + lower[j * features + k]! * z, 0));
  }

  protected override observationTensor(rows: readonly (readonly number[])[]): Tensor {
    return floatTensor(Float64Array.from(rows.flat()), [rows.length, rows[0]!.length]);
  }
}
