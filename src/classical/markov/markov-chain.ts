/** Markov chains. */
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import { checkOptions } from "../../serialization/index.ts";
import { randomNumbers } from "../../data/random-numbers.ts";
import { checkNumber, fitted, floatTensor } from "../estimator.ts";

/** Options of `MarkovChain`. */
export interface MarkovChainOptions {
  /** States are 0 .. nStates - 1. Default: one more than the largest that `fit` sees. */
  readonly nStates?: number;
  /** Added to every count of a transition. Default 0. */
  readonly smoothing?: number;
}

/** What is learnt. */
interface State {
  readonly states: number;
  readonly start: Float64Array;
  /** Row-major, rows sum to 1. */
  readonly transitions: Float64Array;
}

/** States in order. */
export type StateSequence = ArrayLike<number>;

/**
 * A chain of states, each chosen by the one before: `P(s_1 .. s_n) = start(s_1) prod_t transitions(s_t, s_t+1)`.
 * A. A. Markov, 1906. A state that nothing follows in the data, without smoothing, stays where it is.
 *
 * @example
 * const chain = new MarkovChain({ nStates: 2 }).fit([[0, 0, 1, 0, 1, 1]]);
 * console.log(chain.stationary(), chain.sample(10, { seed: 1 }));
 */
export class MarkovChain {
  readonly #options: { readonly nStates: number | null; readonly smoothing: number };
  #state: State | null = null;

  constructor(options: MarkovChainOptions = {}) {
    checkOptions("MarkovChain", options, ["nStates", "smoothing"]);
    const { nStates = null, smoothing = 0 } = options;
    if (nStates !== null) checkNumber("MarkovChain", "nStates", nStates, Number.isInteger(nStates) && nStates > 0, "a whole number from 1");
    checkNumber("MarkovChain", "smoothing", smoothing, smoothing >= 0, "a number from 0");
    this.#options = { nStates, smoothing };
  }

  get #fitted(): State {
    return fitted("MarkovChain", this.#state);
  }

  /** Chances of the first state. Shapes: [states]. */
  get startProb(): Tensor {
    return floatTensor(this.#fitted.start, [this.#fitted.states]);
  }

  /** Chances of the next state (column) after each state (row). Shapes: [states, states]. */
  get transMat(): Tensor {
    const { states, transitions } = this.#fitted;
    return floatTensor(transitions, [states, states]);
  }

  /** Learns from sequences of states: the most likely chain. Throws ValueError where they are empty or hold no state. */
  fit(sequences: readonly StateSequence[]): this {
    const where = "MarkovChain.fit";
    const { smoothing } = this.#options;
    let most = 0;
    for (const sequence of sequences) for (let t = 0; t < sequence.length; t++) most = Math.max(most, sequence[t]! + 1);
    const states = this.#options.nStates ?? most;
    if (sequences.every(({ length }) => length === 0))
      throw new ValueError({
        where,
        problem: "there is nothing to learn from",
        expected: "at least one state",
        received: "empty sequences",
      });
    for (const sequence of sequences) checkStates(where, sequence, states);
    const start = new Float64Array(states);
    const transitions = new Float64Array(states * states).fill(smoothing);
    for (const sequence of sequences) {
      if (sequence.length > 0) start[sequence[0]!]!++;
      for (let t = 1; t < sequence.length; t++) transitions[sequence[t - 1]! * states + sequence[t]!]!++;
    }
    const total = start.reduce((sum, count) => sum + count, 0);
    for (let i = 0; i < states; i++) {
      start[i]! /= total;
      const row = transitions.subarray(i * states, (i + 1) * states);
      const sum = row.reduce((a, b) => a + b, 0);
      if (sum === 0) row[i] = 1;
      else for (let j = 0; j < states; j++) row[j]! /= sum;
    }
    this.#state = { states, start, transitions };
    return this;
  }

  /** Natural logarithm of the chance of a sequence; -Infinity where it cannot be. */
  score(sequence: StateSequence): number {
    const { states, start, transitions } = this.#fitted;
    checkStates("MarkovChain.score", sequence, states);
    let sum = sequence.length === 0 ? 0 : Math.log(start[sequence[0]!]!);
    for (let t = 1; t < sequence.length; t++) sum += Math.log(transitions[sequence[t - 1]! * states + sequence[t]!]!);
    return sum;
  }

  /** Draws a sequence. `from`: its first state (default: drawn). */
  sample(length: number, options: { readonly seed?: number; readonly from?: number } = {}): Int32Array {
    const { states, start, transitions } = this.#fitted;
    checkOptions("MarkovChain.sample", options, ["seed", "from"]);
    checkNumber("MarkovChain.sample", "length", length, Number.isInteger(length) && length >= 0, "a whole number from 0");
    const draw = randomNumbers(options.seed ?? 0);
    const out = new Int32Array(length);
    for (let t = 0; t < length; t++)
      out[t] =
        t === 0
          ? (options.from ?? draw.weighted(start))
          : draw.weighted(transitions.subarray(out[t - 1]! * states, (out[t - 1]! + 1) * states));
    return out;
  }

  /**
   * The distribution that a step does not change, `pi P = pi`. Throws ValueError where there are several: where more than
   * one set of states is never left. Without subtractions, so that small chances keep their digits: W. Grassmann, M.
   * Taksar, D. Heyman, 1985.
   */
  stationary(): Float64Array {
    const { states, transitions } = this.#fitted;
    const closed = closedClasses(transitions, states);
    if (closed.length !== 1)
      throw new ValueError({
        where: "MarkovChain.stationary",
        problem: "several distributions do not change",
        expected: "one set of states that is never left",
        received: closed.map((members) => `{${members.join(", ")}}`).join(" and "),
        advice: "learn from longer sequences, or with `smoothing`",
      });
    const members = closed[0]!;
    const size = members.length;
    const p = members.map((i) => Float64Array.from(members, (j) => transitions[i * states + j]!));
    for (let last = size - 1; last > 0; last--) {
      let leaving = 0;
      for (let j = 0; j < last; j++) leaving += p[last]![j]!;
      for (let i = 0; i < last; i++) p[i]![last]! /= leaving;
      for (let i = 0; i < last; i++) for (let j = 0; j < last; j++) p[i]![j]! += p[i]![last]! * p[last]![j]!;
    }
    const weights = new Float64Array(size);
    weights[0] = 1;
    for (let j = 1; j < size; j++) for (let i = 0; i < j; i++) weights[j]! += weights[i]! * p[i]![j]!;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const out = new Float64Array(states);
    members.forEach((state, i) => (out[state] = weights[i]! / total));
    return out;
  }
}

function checkStates(where: string, sequence: StateSequence, states: number): void {
  for (let t = 0; t < sequence.length; t++) {
    const state = sequence[t]!;
    if (!(Number.isInteger(state) && state >= 0 && state < states))
      throw new ValueError({
        where,
        problem: "this is no state",
        expected: `whole numbers from 0 to ${states - 1}`,
        received: `${state} at position ${t}`,
      });
  }
}

/** Sets of states that lead to each other and nowhere else. */
function closedClasses(transitions: Float64Array, states: number): number[][] {
  const reaches = Array.from({ length: states }, (_, from) => {
    const seen = new Uint8Array(states);
    const open = [from];
    seen[from] = 1;
    for (let state = open.pop(); state !== undefined; state = open.pop())
      for (let next = 0; next < states; next++)
        if (seen[next] === 0 && transitions[state * states + next]! > 0) {
          seen[next] = 1;
          open.push(next);
        }
    return seen;
  });
  const classes: number[][] = [];
  const done = new Uint8Array(states);
  for (let state = 0; state < states; state++) {
    if (done[state] === 1) continue;
    const members = Array.from(reaches[state]!.keys()).filter((other) => reaches[state]![other] === 1);
    // Closed where everything that can be reached leads back.
    if (!members.every((other) => reaches[other]![state] === 1)) continue;
    members.forEach((other) => (done[other] = 1));
    classes.push(members);
  }
  return classes;
}
