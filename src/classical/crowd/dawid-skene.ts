/** True labels and the errors of those who gave them, learnt together. */
import type { Tensor } from "../../graph/index.ts";
import type { TensorLike } from "../../ops/as-tensor.ts";
import { checkOptions } from "../../serialization/index.ts";
import { checkNumber, fitted, floatTensor, labelTensor } from "../estimator.ts";
import { largest, readVotes, tally, type Votes } from "./votes.ts";

/** Options of `DawidSkene`. */
export interface DawidSkeneOptions {
  /** Number of classes. Default: one more than the largest answer. */
  readonly nClasses?: number;
  /** Rounds at most. Default 100. */
  readonly maxIter?: number;
  /** Ends where the log-likelihood per item rises by less. Default 1e-6. */
  readonly tol?: number;
  /** Added to every count of an answer. Default 0.01. */
  readonly smoothing?: number;
}

/** What is learnt. */
interface State {
  readonly votes: Votes;
  readonly posterior: Float64Array;
  readonly prior: Float64Array;
  /** `[annotators, true class, answer]`. */
  readonly confusion: Float64Array;
  readonly history: readonly number[];
}

/**
 * Each annotator has a table of chances to answer b where a is true; tables and true classes are found together by
 * expectation and maximization, from the majority's votes on. A. P. Dawid, A. M. Skene, "Maximum likelihood estimation of
 * observer error-rates using the EM algorithm", 1979.
 *
 * @example
 * const crowd = await new DawidSkene().fit([[0, 0, 1], [1, 1, 1], [0, -1, 1]]);
 * console.log(await crowd.labels.array(), await crowd.confusion.array());
 */
export class DawidSkene {
  readonly #options: { readonly nClasses: number | null; readonly maxIter: number; readonly tol: number; readonly smoothing: number };
  #state: State | null = null;

  constructor(options: DawidSkeneOptions = {}) {
    const where = "DawidSkene";
    checkOptions(where, options, ["nClasses", "maxIter", "tol", "smoothing"]);
    this.#options = { nClasses: null, maxIter: 100, tol: 1e-6, smoothing: 0.01, ...options };
    const { nClasses, maxIter, tol, smoothing } = this.#options;
    if (nClasses !== null) checkNumber(where, "nClasses", nClasses, Number.isInteger(nClasses) && nClasses >= 2, "a whole number from 2");
    checkNumber(where, "maxIter", maxIter, Number.isInteger(maxIter) && maxIter > 0, "a whole number from 1");
    checkNumber(where, "tol", tol, tol >= 0, "a number from 0");
    checkNumber(where, "smoothing", smoothing, smoothing >= 0, "a number from 0");
  }

  get #fitted(): State {
    return fitted("DawidSkene", this.#state);
  }

  /** The most likely class of each item. Shapes: int32 [items]. */
  get labels(): Tensor {
    const { posterior, votes } = this.#fitted;
    return labelTensor(largest(posterior, votes.classes));
  }

  /** P(class | all answers). Shapes: [items, classes]. */
  get probabilities(): Tensor {
    const { posterior, votes } = this.#fitted;
    return floatTensor(posterior, [votes.items, votes.classes]);
  }

  /** Share of each class. Shapes: [classes]. */
  get prior(): Tensor {
    const { prior, votes } = this.#fitted;
    return floatTensor(prior, [votes.classes]);
  }

  /** P(answer | true class) of each annotator. Shapes: [annotators, true class, answer]. */
  get confusion(): Tensor {
    const { confusion, votes } = this.#fitted;
    return floatTensor(confusion, [votes.annotators, votes.classes, votes.classes]);
  }

  /** Log-likelihood of the answers in each round. */
  get history(): readonly number[] {
    return this.#fitted.history;
  }

  /** Learns. Shapes: votes [items, annotators], whole numbers, -1 for no answer. Throws ShapeError and ValueError for what are no votes. */
  async fit(votes: TensorLike): Promise<this> {
    const { nClasses, maxIter, tol, smoothing } = this.#options;
    const read = await readVotes("DawidSkene.fit", votes, nClasses);
    const { items, annotators, classes, answers } = read;
    const posterior = tally(read);
    for (let item = 0; item < items; item++) {
      const row = posterior.subarray(item * classes, (item + 1) * classes);
      const sum = row.reduce((total, count) => total + count, 0);
      for (let k = 0; k < classes; k++) row[k]! /= sum;
    }
    const history: number[] = [];
    const prior = new Float64Array(classes);
    const confusion = new Float64Array(annotators * classes * classes);
    for (let round = 0; round < maxIter; round++) {
      prior.fill(0);
      confusion.fill(smoothing);
      for (let item = 0; item < items; item++) {
        for (let k = 0; k < classes; k++) {
          const share = posterior[item * classes + k]!;
          prior[k]! += share / items;
          for (let annotator = 0; annotator < annotators; annotator++) {
            const answer = answers[item * annotators + annotator]!;
            if (answer >= 0) confusion[(annotator * classes + k) * classes + answer]! += share;
          }
        }
      }
      for (let row = 0; row < annotators * classes; row++) {
        const part = confusion.subarray(row * classes, (row + 1) * classes);
        const sum = part.reduce((total, count) => total + count, 0);
        for (let k = 0; k < classes; k++) part[k] = sum > 0 ? part[k]! / sum : 1 / classes;
      }
      history.push(expect(read, prior, confusion, posterior));
      const before = history.at(-2);
      if (before !== undefined && history.at(-1)! - before < tol * items) break;
    }
    this.#state = { votes: read, posterior, prior, confusion, history };
    return this;
  }
}

/** Writes P(class | answers) of each item and gives the log-likelihood of all answers. */
function expect(
  { items, annotators, classes, answers }: Votes,
  prior: Float64Array,
  confusion: Float64Array,
  posterior: Float64Array,
): number {
  const logs = new Float64Array(classes);
  let total = 0;
  for (let item = 0; item < items; item++) {
    let best = -Infinity;
    for (let k = 0; k < classes; k++) {
      let sum = Math.log(prior[k]!);
      for (let annotator = 0; annotator < annotators; annotator++) {
        const answer = answers[item * annotators + annotator]!;
        if (answer >= 0) sum += Math.log(confusion[(annotator * classes + k) * classes + answer]!);
      }
      logs[k] = sum;
      if (sum > best) best = sum;
    }
    let mass = 0;
    for (let k = 0; k < classes; k++) mass += posterior[item * classes + k] = Math.exp(logs[k]! - best);
    for (let k = 0; k < classes; k++) posterior[item * classes + k]! /= mass;
    total += best + Math.log(mass);
  }
  return total;
}
