/** What hidden Markov models share: Baum-Welch, decoding, sampling. */
import { ShapeError, ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { type RandomNumbers, randomNumbers } from "../../data/random-numbers.ts";
import { type Matrix, readNumbers } from "../../data/samples.ts";
import { checkNumber, fitted, floatTensor, labelTensor } from "../estimator.ts";
import { Pace } from "../pace.ts";
import { type Chain, forwardBackward, logLikelihoodOf, type Posterior, viterbi } from "./forward-backward.ts";

/** Options of all hidden Markov models. */
export interface HiddenMarkovOptions {
  /** Number of hidden states. */
  readonly nComponents: number;
  /** Rounds of Baum-Welch at most. Default 100. */
  readonly nIter?: number;
  /** Ends where the log-likelihood rises by less. Default 1e-2. */
  readonly tol?: number;
  /** Chances of the first state to start from. Default: equal. A zero stays zero. */
  readonly startProb?: readonly number[];
  /** Chances of steps to start from, in rows. Default: equal, with a little noise. A zero stays zero. */
  readonly transMat?: readonly (readonly number[])[];
  /** Default 0. */
  readonly seed?: number;
}

/** Names of these options. */
export const hiddenMarkovOptionNames: readonly string[] = ["nComponents", "nIter", "tol", "startProb", "transMat", "seed"];

/** Options of methods that take observations: several sequences stand one after another. */
export interface SequenceOptions {
  /** Lengths of the sequences. Default: one sequence. */
  readonly lengths?: readonly number[];
}

/** Sequences of observations. */
export interface Sequences {
  readonly observations: Matrix;
  readonly lengths: readonly number[];
}

/** What is learnt: the chain, and what states emit. */
interface Learnt<E> {
  readonly chain: Chain;
  readonly emission: E;
  readonly history: readonly number[];
  readonly converged: boolean;
}

/** Hidden states that follow each other as a Markov chain, and observations that depend on the state alone. */
export abstract class HiddenMarkovModel<E> {
  protected abstract readonly label: string;
  protected readonly states: number;
  protected readonly seed: number;
  readonly #nIter: number;
  readonly #tol: number;
  readonly #start: readonly number[] | null;
  readonly #transitions: readonly (readonly number[])[] | null;
  #learnt: Learnt<E> | null = null;

  constructor(where: string, options: HiddenMarkovOptions) {
    const { nComponents, nIter = 100, tol = 1e-2, startProb = null, transMat = null, seed = 0 } = options;
    checkNumber(where, "nComponents", nComponents, Number.isInteger(nComponents) && nComponents > 0, "a whole number from 1");
    checkNumber(where, "nIter", nIter, Number.isInteger(nIter) && nIter >= 0, "a whole number from 0");
    checkNumber(where, "tol", tol, tol >= 0, "a number from 0");
    if (startProb !== null) checkChances(where, "startProb", startProb, nComponents);
    if (transMat !== null) {
      if (transMat.length !== nComponents)
        throw new ShapeError({
          where,
          problem: "transMat has one row per state",
          expected: `${nComponents} rows`,
          received: `${transMat.length}`,
        });
      transMat.forEach((row, i) => checkChances(where, `row ${i} of transMat`, row, nComponents));
    }
    this.states = nComponents;
    this.seed = seed;
    this.#nIter = nIter;
    this.#tol = tol;
    this.#start = startProb;
    this.#transitions = transMat;
  }

  /** Reads and checks observations. */
  protected abstract readObservations(where: string, x: TensorLike): Promise<Matrix>;
  /** What states emit before the first round. */
  protected abstract initialEmission(sequences: Sequences, random: RandomNumbers): E;
  /** What states emit, most likely, when P(state | all) is `gamma` `[n, states]`. */
  protected abstract updatedEmission(observations: Matrix, gamma: Float64Array, before: E): E;
  /** Log density of each observation in each state: `[n, states]`. */
  protected abstract logEmissions(observations: Matrix, emission: E): Float64Array;
  /** Draws an observation of a state. */
  protected abstract emit(state: number, emission: E, random: RandomNumbers): readonly number[];
  /** Shape of observations drawn. */
  protected abstract observationTensor(rows: readonly (readonly number[])[]): Tensor;

  /** The learnt emission. Throws StateError before `fit`. */
  protected get emission(): E {
    return this.#fitted.emission;
  }

  get #fitted(): Learnt<E> {
    return fitted(this.label, this.#learnt);
  }

  /** Chances of the first state. Shapes: [states]. */
  get startProb(): Tensor {
    return floatTensor(this.#fitted.chain.start, [this.states]);
  }

  /** Chances of the next state (column) after each state (row). Shapes: [states, states]. */
  get transMat(): Tensor {
    return floatTensor(this.#fitted.chain.transitions, [this.states, this.states]);
  }

  /** Log-likelihood before each round of Baum-Welch: it never falls. */
  get history(): readonly number[] {
    return this.#fitted.history;
  }

  /** Whether the last round raised the log-likelihood by less than `tol`. */
  get converged(): boolean {
    return this.#fitted.converged;
  }

  /**
   * Learns by the Baum-Welch algorithm: P(states | observations) by forward-backward, then the most likely parameters for
   * them, again and again. L. Baum et al., 1970. Throws ShapeError and ValueError for observations that make no sense.
   */
  async fit(x: TensorLike, options: SequenceOptions = {}): Promise<this> {
    const where = `${this.label}.fit`;
    const sequences = await this.#read(where, x, options);
    const { observations, lengths } = sequences;
    const random = randomNumbers(this.seed);
    const { states } = this;
    let chain: Chain = {
      states,
      start: normalized(Float64Array.from(this.#start ?? new Float64Array(states).fill(1))),
      transitions: normalizedRows(
        Float64Array.from(this.#transitions?.flat() ?? Array.from({ length: states * states }, () => 1 + 0.1 * random.uniform())),
        states,
      ),
    };
    let emission = this.initialEmission(sequences, random);
    const history: number[] = [];
    let converged = false;
    const pace = new Pace();
    for (let round = 0; round < this.#nIter; round++) {
      const logs = this.logEmissions(observations, emission);
      const gamma = new Float64Array(observations.rows * states);
      const start = new Float64Array(states);
      const transitions = new Float64Array(states * states);
      let total = 0;
      let offset = 0;
      for (const length of lengths) {
        if (pace.isDue) await pace.turn();
        const part = logs.subarray(offset * states, (offset + length) * states);
        const posterior: Posterior = forwardBackward(chain, part, length);
        if (posterior.logLikelihood === -Infinity) throw this.#impossible(where);
        total += posterior.logLikelihood;
        gamma.set(posterior.gamma, offset * states);
        for (let i = 0; i < states; i++) start[i]! += posterior.gamma[i]!;
        posterior.transitions.forEach((count, i) => (transitions[i]! += count));
        offset += length;
      }
      const before = history.at(-1);
      history.push(total);
      converged = before !== undefined && total - before < this.#tol;
      if (converged) break;
      chain = { states, start: normalized(start), transitions: normalizedRows(transitions, states, chain.transitions) };
      emission = this.updatedEmission(observations, gamma, emission);
    }
    this.#learnt = { chain, emission, history, converged };
    return this;
  }

  /** Log-likelihood of observations, all sequences together. */
  async score(x: TensorLike, options: SequenceOptions = {}): Promise<number> {
    const { chain, emission } = this.#fitted;
    const { observations, lengths } = await this.#read(`${this.label}.score`, x, options);
    const logs = this.logEmissions(observations, emission);
    let total = 0;
    eachSequence(lengths, (start, length) => {
      total += logLikelihoodOf(chain, logs.subarray(start * this.states, (start + length) * this.states), length);
    });
    return total;
  }

  /** The most likely states (Viterbi), and their log-likelihood together with the observations. */
  async decode(x: TensorLike, options: SequenceOptions = {}): Promise<{ readonly logLikelihood: number; readonly states: Tensor }> {
    const { chain, emission } = this.#fitted;
    const { observations, lengths } = await this.#read(`${this.label}.decode`, x, options);
    const logs = this.logEmissions(observations, emission);
    const path = new Int32Array(observations.rows);
    let total = 0;
    eachSequence(lengths, (start, length) => {
      const best = viterbi(chain, logs.subarray(start * this.states, (start + length) * this.states), length);
      path.set(best.path, start);
      total += best.logLikelihood;
    });
    return { logLikelihood: total, states: labelTensor(path) };
  }

  /** The most likely states. Shapes: [n, ...] -> int32 [n]. */
  async predict(x: TensorLike, options: SequenceOptions = {}): Promise<Tensor> {
    return (await this.decode(x, options)).states;
  }

  /** P(state | all observations of the sequence). Shapes: [n, ...] -> [n, states]. */
  async predictProba(x: TensorLike, options: SequenceOptions = {}): Promise<Tensor> {
    const where = `${this.label}.predictProba`;
    const { chain, emission } = this.#fitted;
    const { observations, lengths } = await this.#read(where, x, options);
    const logs = this.logEmissions(observations, emission);
    const gamma = new Float64Array(observations.rows * this.states);
    eachSequence(lengths, (start, length) => {
      const posterior = forwardBackward(chain, logs.subarray(start * this.states, (start + length) * this.states), length);
      if (posterior.logLikelihood === -Infinity) throw this.#impossible(where);
      gamma.set(posterior.gamma, start * this.states);
    });
    return floatTensor(gamma, [observations.rows, this.states]);
  }

  /** Draws states and what they emit. */
  sample(length: number, options: { readonly seed?: number } = {}): { readonly x: Tensor; readonly states: Tensor } {
    const { chain, emission } = this.#fitted;
    checkNumber(`${this.label}.sample`, "length", length, Number.isInteger(length) && length > 0, "a whole number from 1");
    const random = randomNumbers(options.seed ?? 0, 1);
    const path = new Int32Array(length);
    const rows = Array.from(path, (_, t) => {
      const chances = t === 0 ? chain.start : chain.transitions.subarray(path[t - 1]! * this.states, (path[t - 1]! + 1) * this.states);
      path[t] = random.weighted(chances);
      return this.emit(path[t], emission, random);
    });
    return { x: this.observationTensor(rows), states: labelTensor(path) };
  }

  async #read(where: string, x: TensorLike, { lengths }: SequenceOptions): Promise<Sequences> {
    const observations = await this.readObservations(where, x);
    const parts = lengths ?? [observations.rows];
    const total = parts.reduce((sum, length) => sum + length, 0);
    if (total !== observations.rows || !parts.every((length) => Number.isInteger(length) && length > 0))
      throw new ValueError({
        where,
        problem: "lengths do not add up to the observations",
        expected: `whole numbers from 1 with sum ${observations.rows}`,
        received: `${parts.slice(0, 8).join(" + ")}${parts.length > 8 ? " + ..." : ""} = ${total}`,
      });
    return { observations, lengths: parts };
  }

  #impossible(where: string): ValueError {
    return new ValueError({
      where,
      problem: "a sequence is impossible: no path of states can emit it",
      expected: "a path of positive chance",
      received: "likelihood 0",
      advice: "start from fewer zeros in startProb and transMat",
    });
  }
}

/** Observations that are class numbers. Shapes: [n] or [n, 1]. */
export async function readSymbols(where: string, x: TensorLike, symbols: number | null): Promise<Matrix> {
  const { shape, values } = await readNumbers(where, x);
  if (shape[0] !== values.length || values.length === 0)
    throw new ShapeError({
      where,
      problem: "observations are a list of symbols",
      expected: "[n], n at least 1",
      received: `[${shape.join(", ")}]`,
    });
  const bad = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < (symbols ?? 2 ** 31)));
  if (bad >= 0)
    throw new ValueError({
      where,
      problem: `observation ${bad} is no symbol`,
      expected: symbols === null ? "whole numbers from 0" : `whole numbers from 0 to ${symbols - 1}`,
      received: String(values[bad]),
    });
  return { rows: values.length, columns: 1, values };
}

function eachSequence(lengths: readonly number[], visit: (start: number, length: number) => void): void {
  let start = 0;
  for (const length of lengths) {
    visit(start, length);
    start += length;
  }
}

function checkChances(where: string, name: string, chances: readonly number[], states: number): void {
  const sum = chances.reduce((total, chance) => total + chance, 0);
  if (chances.length !== states || !chances.every((chance) => chance >= 0) || Math.abs(sum - 1) > 1e-6)
    throw new ValueError({
      where,
      problem: `${name} is no distribution over the states`,
      expected: `${states} numbers from 0 with sum 1`,
      received: chances.join(", "),
    });
}

function normalized(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Rows with sum 1; a row of zeros (a state that nothing follows) becomes that of `otherwise`. */
export function normalizedRows(weights: Float64Array, columns: number, otherwise?: Float64Array): Float64Array {
  const out = weights.slice();
  for (let start = 0; start < out.length; start += columns) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += out[start + j]!;
    for (let j = 0; j < columns; j++)
      out[start + j] = sum > 0 ? out[start + j]! / sum : otherwise === undefined ? 1 / columns : otherwise[start + j]!;
  }
  return out;
}
