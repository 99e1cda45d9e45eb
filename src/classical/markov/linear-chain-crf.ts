/** Conditional random fields on sequences. */
import { ShapeError, ValueError } from "../../errors.ts";
import { checkOptions } from "../../serialization/index.ts";
import { checkNumber, fitted } from "../estimator.ts";
import { minimize } from "../lbfgs.ts";
import { crfObjective, emissionScores, type EncodedSequence, marginalsOf } from "./crf-objective.ts";
import { viterbi } from "./forward-backward.ts";

/** Options of `LinearChainCRF`. */
export interface LinearChainCRFOptions {
  /** Weight of the squared parameters: `l2 / 2 |w|^2` is added to the negative log-likelihood. Default 1. */
  readonly l2?: number;
  /** Features seen less often are left out. Default 1. */
  readonly minFrequency?: number;
  /** Iterations of L-BFGS at most. Default 100. */
  readonly maxIter?: number;
}

/** Features of one position: whatever is true there, by name. */
export type Features = readonly string[];

/** What is learnt. */
interface State {
  readonly labels: readonly string[];
  readonly features: ReadonlyMap<string, number>;
  /** Weights of features and labels `[features, labels]`, then of steps `[labels, labels]`, then of first labels `[labels]`. */
  readonly weights: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Linear-chain conditional random field: `P(labels | features) ~ exp(sum_t sum_{f at t} w(f, label_t) + w(label_t-1,
 * label_t))`, trained to the largest penalized likelihood, which is concave (J. Lafferty, A. McCallum, F. Pereira,
 * "Conditional random fields", ICML 2001). Features and labels are names.
 *
 * @example
 * const crf = await new LinearChainCRF({ l2: 0.1 }).fit([[["word=the", "lower"], ["word=Cat"]]], [["DET", "NOUN"]]);
 * console.log(crf.predict([[["word=the", "lower"]]]));
 */
export class LinearChainCRF {
  readonly #options: Required<LinearChainCRFOptions>;
  #state: State | null = null;

  constructor(options: LinearChainCRFOptions = {}) {
    const where = "LinearChainCRF";
    checkOptions(where, options, ["l2", "minFrequency", "maxIter"]);
    this.#options = { l2: 1, minFrequency: 1, maxIter: 100, ...options };
    const { l2, minFrequency, maxIter } = this.#options;
    checkNumber(where, "l2", l2, l2 >= 0, "a number from 0");
    checkNumber(where, "minFrequency", minFrequency, Number.isInteger(minFrequency) && minFrequency >= 1, "a whole number from 1");
    checkNumber(where, "maxIter", maxIter, Number.isInteger(maxIter) && maxIter > 0, "a whole number from 1");
  }

  get #fitted(): State {
    return fitted("LinearChainCRF", this.#state);
  }

  /** The labels, sorted. */
  get labels(): readonly string[] {
    return this.#fitted.labels;
  }

  /** Iterations of `fit`. */
  get iterations(): number {
    return this.#fitted.iterations;
  }

  /** Whether `fit` ended before `maxIter`. */
  get converged(): boolean {
    return this.#fitted.converged;
  }

  /** Weight of a step from label to label. Throws ValueError for a label that is not known. */
  transition(from: string, to: string): number {
    const { labels, features, weights } = this.#fitted;
    return weights[features.size * labels.length + this.#code("transition", from) * labels.length + this.#code("transition", to)]!;
  }

  /** Weight of a feature for a label; 0 for a feature that was not seen. Throws ValueError for a label that is not known. */
  weight(feature: string, label: string): number {
    const { labels, features, weights } = this.#fitted;
    const position = features.get(feature);
    return position === undefined ? 0 : weights[position * labels.length + this.#code("weight", label)]!;
  }

  #code(method: string, label: string): number {
    const { labels } = this.#fitted;
    const code = labels.indexOf(label);
    if (code < 0)
      throw new ValueError({
        where: `LinearChainCRF.${method}`,
        problem: "there is no such label",
        expected: labels
          .slice(0, 20)
          .map((name) => JSON.stringify(name))
          .join(", "),
        received: JSON.stringify(label),
      });
    return code;
  }

  /** Learns from sequences of features and labels. Throws ShapeError where they do not belong together, ValueError where they are empty. */
  async fit(sequences: readonly (readonly Features[])[], labels: readonly (readonly string[])[]): Promise<this> {
    const where = "LinearChainCRF.fit";
    const { l2, minFrequency, maxIter } = this.#options;
    checkPairs(where, sequences, labels);
    const names = [...new Set(labels.flat())].sort();
    if (names.length === 0) throw new ValueError({ where, problem: "there is nothing to learn from", expected: "at least one position" });
    const frequencies = new Map<string, number>();
    for (const sequence of sequences)
      for (const position of sequence) for (const feature of position) frequencies.set(feature, (frequencies.get(feature) ?? 0) + 1);
    const features = new Map([...frequencies].filter(([, frequency]) => frequency >= minFrequency).map(([feature], i) => [feature, i]));
    const codes = new Map(names.map((name, code) => [name, code]));
    const encoded = sequences.map((sequence, s) =>
      encode(
        sequence,
        features,
        Int32Array.from(labels[s]!, (label) => codes.get(label)!),
      ),
    );
    const objective = crfObjective(encoded, features.size, names.length, l2);
    const { x, iterations, converged } = await minimize(objective.evaluate, new Float64Array(objective.size), {
      maxIterations: maxIter,
      tolerance: 1e-4,
      relativeDecrease: 1e-6,
    });
    this.#state = { labels: names, features, weights: x, iterations, converged };
    return this;
  }

  /** The most likely labels of each sequence. */
  predict(sequences: readonly (readonly Features[])[]): string[][] {
    const { labels, features, weights } = this.#fitted;
    const count = labels.length;
    const steps = features.size * count;
    const chain = {
      states: count,
      start: weights.subarray(steps + count * count).map(Math.exp),
      transitions: weights.subarray(steps, steps + count * count).map(Math.exp),
    };
    return sequences.map((sequence) => {
      const encoded = encode(sequence, features, new Int32Array(sequence.length));
      return Array.from(viterbi(chain, emissionScores(encoded, weights, count), sequence.length).path, (code) => labels[code]!);
    });
  }

  /** P(label at each position | features of the sequence), in the order of `labels`. */
  predictMarginals(sequences: readonly (readonly Features[])[]): Float64Array[][] {
    const { labels, features, weights } = this.#fitted;
    return sequences.map((sequence) => {
      const gamma = marginalsOf(encode(sequence, features, new Int32Array(sequence.length)), weights, features.size, labels.length);
      return Array.from(sequence, (_, t) => gamma.slice(t * labels.length, (t + 1) * labels.length));
    });
  }

  /** Share of positions whose label is predicted. */
  score(sequences: readonly (readonly Features[])[], labels: readonly (readonly string[])[]): number {
    checkPairs("LinearChainCRF.score", sequences, labels);
    let hits = 0;
    let total = 0;
    this.predict(sequences).forEach((predicted, s) => {
      predicted.forEach((label, t) => {
        total++;
        if (label === labels[s]![t]) hits++;
      });
    });
    return hits / total;
  }
}

function checkPairs(where: string, sequences: readonly (readonly Features[])[], labels: readonly (readonly string[])[]): void {
  if (sequences.length !== labels.length)
    throw new ShapeError({
      where,
      problem: "sequences and labels differ in number",
      expected: String(sequences.length),
      received: String(labels.length),
    });
  sequences.forEach((sequence, s) => {
    if (sequence.length !== labels[s]!.length)
      throw new ShapeError({
        where,
        problem: `sequence ${s} and its labels differ in length`,
        expected: String(sequence.length),
        received: String(labels[s]!.length),
      });
  });
}

/** Names as numbers; features that are not known are left out. */
function encode(sequence: readonly Features[], features: ReadonlyMap<string, number>, labels: Int32Array): EncodedSequence {
  const known = sequence.map((position) => position.flatMap((feature) => features.get(feature) ?? []));
  const starts = new Int32Array(sequence.length + 1);
  known.forEach((position, t) => (starts[t + 1] = starts[t]! + position.length));
  return { length: sequence.length, starts, features: Int32Array.from(known.flat()), labels };
}
