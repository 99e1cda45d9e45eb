/** Sums and maxima over all paths of a hidden Markov model. */

/** A chain of hidden states. */
export interface Chain {
  readonly states: number;
  readonly start: Float64Array;
  /** Row-major `[states, states]`. */
  readonly transitions: Float64Array;
}

/** What is known of the states when all observations are. */
export interface Posterior {
  /** Log-likelihood of the observations. */
  readonly logLikelihood: number;
  /** P(state at t | all observations). `[length, states]`. */
  readonly gamma: Float64Array;
  /** Expected number of steps from state to state. `[states, states]`. */
  readonly transitions: Float64Array;
}

/**
 * The forward-backward algorithm with scaled values: no chance underflows, however long the sequence. `logEmissions`
 * `[length, states]`: log density of each observation in each state. L. Rabiner, "A tutorial on hidden Markov models",
 * 1989, section V.A.
 */
export function forwardBackward({ states, start, transitions }: Chain, logEmissions: Float64Array, length: number): Posterior {
  const { alpha, emissions, scales, logLikelihood } = forward({ states, start, transitions }, logEmissions, length);
  const gamma = new Float64Array(length * states);
  const expected = new Float64Array(states * states);
  let beta: Float64Array = new Float64Array(states).fill(1);
  for (let t = length - 1; t >= 0; t--) {
    let total = 0;
    for (let i = 0; i < states; i++) total += gamma[t * states + i] = alpha[t * states + i]! * beta[i]!;
    for (let i = 0; i < states; i++) gamma[t * states + i]! /= total;
    if (t === 0) break;
    const before = new Float64Array(states);
    for (let i = 0; i < states; i++) {
      let sum = 0;
      for (let j = 0; j < states; j++) {
        const flow = (transitions[i * states + j]! * emissions[t * states + j]! * beta[j]!) / scales[t]!;
        sum += flow;
        expected[i * states + j]! += alpha[(t - 1) * states + i]! * flow;
      }
      before[i] = sum;
    }
    beta = before;
  }
  return { logLikelihood, gamma, transitions: expected };
}

/** Log-likelihood of observations. */
export function logLikelihoodOf(chain: Chain, logEmissions: Float64Array, length: number): number {
  return forward(chain, logEmissions, length).logLikelihood;
}

function forward(
  { states, start, transitions }: Chain,
  logEmissions: Float64Array,
  length: number,
): { readonly alpha: Float64Array; readonly emissions: Float64Array; readonly scales: Float64Array; readonly logLikelihood: number } {
  const alpha = new Float64Array(length * states);
  // Emissions relative to the largest of their time: the rest may underflow, being of no weight.
  const emissions = new Float64Array(length * states);
  const scales = new Float64Array(length);
  let logLikelihood = 0;
  for (let t = 0; t < length; t++) {
    let largest = -Infinity;
    for (let i = 0; i < states; i++) largest = Math.max(largest, logEmissions[t * states + i]!);
    let total = 0;
    for (let j = 0; j < states; j++) {
      let sum = 0;
      if (t === 0) sum = start[j]!;
      else for (let i = 0; i < states; i++) sum += alpha[(t - 1) * states + i]! * transitions[i * states + j]!;
      emissions[t * states + j] = Math.exp(logEmissions[t * states + j]! - largest);
      total += alpha[t * states + j] = sum * emissions[t * states + j]!;
    }
    if (!(total > 0)) return { alpha, emissions, scales: scales.fill(1), logLikelihood: -Infinity };
    scales[t] = total;
    for (let j = 0; j < states; j++) alpha[t * states + j]! /= total;
    logLikelihood += Math.log(total) + largest;
  }
  return { alpha, emissions, scales, logLikelihood };
}

/** The most likely path of states and its log-likelihood together with the observations. A. Viterbi, 1967. */
export function viterbi(
  { states, start, transitions }: Chain,
  logEmissions: Float64Array,
  length: number,
): { readonly path: Int32Array; readonly logLikelihood: number } {
  const logTransitions = transitions.map(Math.log);
  let best: Float64Array = Float64Array.from(start, (chance, i) => Math.log(chance) + logEmissions[i]!);
  const from = new Int32Array(length * states);
  for (let t = 1; t < length; t++) {
    const next = new Float64Array(states).fill(-Infinity);
    for (let j = 0; j < states; j++) {
      for (let i = 0; i < states; i++) {
        const value = best[i]! + logTransitions[i * states + j]!;
        if (value <= next[j]!) continue;
        next[j] = value;
        from[t * states + j] = i;
      }
      next[j]! += logEmissions[t * states + j]!;
    }
    best = next;
  }
  const path = new Int32Array(length);
  let last = 0;
  for (let i = 1; i < states; i++) if (best[i]! > best[last]!) last = i;
  const logLikelihood = length === 0 ? 0 : best[last]!;
  for (let t = length - 1; t >= 0; t--) {
    path[t] = last;
    last = from[t * states + last]!;
  }
  return { path, logLikelihood };
}
