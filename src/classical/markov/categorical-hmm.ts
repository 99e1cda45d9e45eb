/** A hidden Markov model that emits symbols. */
import { dataTensor, type Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import type { RandomNumbers } from "../../data/random-numbers.ts";
import type { Matrix } from "../../data/samples.ts";
import { checkNumber, floatTensor } from "../estimator.ts";
import {
  HiddenMarkovModel,
  type HiddenMarkovOptions,
  hiddenMarkovOptionNames,
  normalizedRows,
  readSymbols,
  type Sequences,
} from "./hidden-markov-model.ts";

/** Options of `CategoricalHMM`. */
export interface CategoricalHMMOptions extends HiddenMarkovOptions {
  /** Symbols are 0 .. nFeatures - 1. Default: one more than the largest that `fit` sees. */
  readonly nFeatures?: number;
  /** Added to every expected count of a symbol. Default 0. */
  readonly smoothing?: number;
}

/** Chances of symbols in each state: `[states, symbols]`. */
interface Emission {
  readonly symbols: number;
  readonly chances: Float64Array;
}

/**
 * Hidden Markov model whose states emit symbols. Observations: whole numbers, shape [n].
 *
 * @example
 * const hmm = await new CategoricalHMM({ nComponents: 2, seed: 1 }).fit(letters);
 * console.log(await hmm.emissionProb.array(), await (await hmm.predict(letters)).array());
 */
export class CategoricalHMM extends HiddenMarkovModel<Emission> {
  protected override readonly label = "CategoricalHMM";
  readonly #symbols: number | null;
  readonly #smoothing: number;
  #known: number | null = null;

  constructor(options: CategoricalHMMOptions) {
    checkOptions("CategoricalHMM", options, [...hiddenMarkovOptionNames, "nFeatures", "smoothing"]);
    super("CategoricalHMM", options);
    const { nFeatures = null, smoothing = 0 } = options;
    if (nFeatures !== null)
      checkNumber(this.label, "nFeatures", nFeatures, Number.isInteger(nFeatures) && nFeatures > 0, "a whole number from 1");
    checkNumber(this.label, "smoothing", smoothing, smoothing >= 0, "a number from 0");
    this.#symbols = nFeatures;
    this.#smoothing = smoothing;
  }

  /** Chances of symbols. Shapes: [states, symbols]. */
  get emissionProb(): Tensor {
    const { symbols, chances } = this.emission;
    return floatTensor(chances, [this.states, symbols]);
  }

  override async fit(x: TensorLike, options: { readonly lengths?: readonly number[] } = {}): Promise<this> {
    this.#known = null;
    return super.fit(x, options);
  }

  protected override readObservations(where: string, x: TensorLike): Promise<Matrix> {
    return readSymbols(where, x, this.#symbols ?? this.#known);
  }

  protected override initialEmission({ observations }: Sequences, random: RandomNumbers): Emission {
    const symbols = this.#symbols ?? observations.values.reduce((most, value) => Math.max(most, value), 0) + 1;
    this.#known = symbols;
    return {
      symbols,
      chances: normalizedRows(
        Float64Array.from({ length: this.states * symbols }, () => 0.5 + random.uniform()),
        symbols,
      ),
    };
  }

  protected override updatedEmission({ rows, values }: Matrix, gamma: Float64Array, { symbols, chances }: Emission): Emission {
    const counts = new Float64Array(this.states * symbols).fill(this.#smoothing);
    for (let t = 0; t < rows; t++) for (let i = 0; i < this.states; i++) counts[i * symbols + values[t]!]! += gamma[t * this.states + i]!;
    return { symbols, chances: normalizedRows(counts, symbols, chances) };
  }

  protected override logEmissions({ rows, values }: Matrix, { symbols, chances }: Emission): Float64Array {
    const logs = chances.map(Math.log);
    const out = new Float64Array(rows * this.states);
    for (let t = 0; t < rows; t++) for (let i = 0; i < this.states; i++) out[t * this.states + i] = logs[i * symbols + values[t]!]!;
    return out;
  }

  protected override emit(state: number, { symbols, chances }: Emission, random: RandomNumbers): readonly number[] {
    return [random.weighted(chances.subarray(state * symbols, (state + 1) * symbols))];
  }

  protected override observationTensor(rows: readonly (readonly number[])[]): Tensor {
    return dataTensor(
      Int32Array.from(rows, ([symbol]) => symbol!),
      [rows.length],
      "int32",
    );
  }
}
