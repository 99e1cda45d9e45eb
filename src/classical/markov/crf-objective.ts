/** The penalized likelihood of a linear-chain conditional random field. */
import { forwardBackward } from "./forward-backward.ts";
import type { Objective } from "./pseudo-likelihood.ts";

/** A sequence whose names are numbers. */
export interface EncodedSequence {
  readonly length: number;
  /** Where the features of each position start in `features`; one more at the end. */
  readonly starts: Int32Array;
  readonly features: Int32Array;
  readonly labels: Int32Array;
}

/** Sum of the weights of the features that are true, for each label: `[length, labels]`. */
export function emissionScores({ length, starts, features }: EncodedSequence, weights: Float64Array, labels: number): Float64Array {
  const scores = new Float64Array(length * labels);
  for (let t = 0; t < length; t++)
    for (let at = starts[t]!; at < starts[t + 1]!; at++) {
      const row = features[at]! * labels;
      for (let label = 0; label < labels; label++) scores[t * labels + label]! += weights[row + label]!;
    }
  return scores;
}

/** P(label at each position | features): `[length, labels]`. */
export function marginalsOf(sequence: EncodedSequence, weights: Float64Array, features: number, labels: number): Float64Array {
  if (sequence.length === 0) return new Float64Array(0);
  return posteriorOf(sequence, weights, features, labels).gamma;
}

/** The chain of labels whose potentials are the exponentials of weights: forward-backward needs no sums to be 1. */
function posteriorOf(
  sequence: EncodedSequence,
  weights: Float64Array,
  features: number,
  labels: number,
): ReturnType<typeof forwardBackward> {
  const steps = features * labels;
  return forwardBackward(
    {
      states: labels,
      start: weights.subarray(steps + labels * labels).map(Math.exp),
      transitions: weights.subarray(steps, steps + labels * labels).map(Math.exp),
    },
    emissionScores(sequence, weights, labels),
    sequence.length,
  );
}

/**
 * `- sum log P(labels | features) + l2 / 2 |w|^2` and its gradient: what features and steps are expected, less what was
 * seen. Parameters: `[features, labels]`, then `[labels, labels]`, then `[labels]`.
 */
export function crfObjective(sequences: readonly EncodedSequence[], features: number, labels: number, l2: number): Objective {
  const steps = features * labels;
  const size = steps + labels * labels + labels;
  return {
    size,
    evaluate: (weights, gradient) => {
      let value = 0;
      for (let i = 0; i < size; i++) {
        gradient[i] = l2 * weights[i]!;
        value += (l2 / 2) * weights[i]! * weights[i]!;
      }
      for (const sequence of sequences) {
        const { length, starts, features: active, labels: seen } = sequence;
        if (length === 0) continue;
        const { logLikelihood, gamma, transitions } = posteriorOf(sequence, weights, features, labels);
        let score = weights[steps + labels * labels + seen[0]!]!;
        for (let t = 0; t < length; t++) {
          for (let at = starts[t]!; at < starts[t + 1]!; at++) {
            const row = active[at]! * labels;
            score += weights[row + seen[t]!]!;
            gradient[row + seen[t]!]!--;
            for (let label = 0; label < labels; label++) gradient[row + label]! += gamma[t * labels + label]!;
          }
          if (t === 0) continue;
          const step = steps + seen[t - 1]! * labels + seen[t]!;
          score += weights[step]!;
          gradient[step]!--;
        }
        for (let label = 0; label < labels; label++) gradient[steps + labels * labels + label]! += gamma[label]!;
        gradient[steps + labels * labels + seen[0]!]!--;
        transitions.forEach((count, i) => (gradient[steps + i]! += count));
        value += logLikelihood - score;
      }
      return value;
    },
  };
}
