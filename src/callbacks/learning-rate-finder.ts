/** Tries learning rates: where does the loss fall fastest? */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type Logs } from "./callback.ts";
import { optimizerOf, readLearningRate } from "./learning-rate.ts";
import { Snapshot, trainingState } from "./snapshot.ts";

/** Options of LearningRateFinder. */
export interface LearningRateFinderOptions {
  /** First learning rate. Default 1e-6. */
  readonly minimum?: number;
  /** Last learning rate. Default 10. */
  readonly maximum?: number;
  /** Number of batches. Default 100. */
  readonly steps?: number;
  /** Weight of the past in the smoothed loss, from 0 to 1. Default 0.9. */
  readonly smoothing?: number;
  /** Stops where the smoothed loss is this many times the least. Default 4. */
  readonly divergence?: number;
}

/** One batch: its learning rate, its loss, and the loss smoothed over the batches so far. */
export interface LearningRateTrial {
  readonly learningRate: number;
  readonly loss: number;
  readonly smoothed: number;
}

/**
 * The learning-rate range test (Smith 2017, "Cyclical learning rates"): trains with a rate that grows from batch to
 * batch, by the same factor each time, until the loss explodes. Afterwards weights, optimizer and seeds are as before.
 * `suggestion` is the rate at which the smoothed loss fell fastest.
 *
 * @example
 * const finder = new callbacks.LearningRateFinder({ steps: 200 });
 * await model.fit(x, y, { epochs: 100, verbose: 0, callbacks: [finder] });
 * model.optimizer.learningRate = finder.suggestion;
 */
export class LearningRateFinderCallback extends Callback {
  readonly minimum: number;
  readonly maximum: number;
  readonly steps: number;
  readonly smoothing: number;
  readonly divergence: number;
  /** What was tried, in order. */
  trials: LearningRateTrial[] = [];
  #snapshot: Snapshot | null = null;
  #average = 0;
  #least = Infinity;

  constructor(options: LearningRateFinderOptions = {}) {
    super();
    const where = "LearningRateFinder";
    checkOptions(where, options, ["minimum", "maximum", "steps", "smoothing", "divergence"]);
    this.minimum = options.minimum ?? 1e-6;
    this.maximum = options.maximum ?? 10;
    this.steps = options.steps ?? 100;
    this.smoothing = options.smoothing ?? 0.9;
    this.divergence = options.divergence ?? 4;
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where, problem, expected, received: JSON.stringify(received) ?? typeof received });
    if (!(this.minimum > 0 && this.maximum > this.minimum && Number.isFinite(this.maximum)))
      throw wrong("the rates make no range", "0 < minimum < maximum", [options.minimum, options.maximum]);
    if (!(Number.isInteger(this.steps) && this.steps >= 3)) throw wrong("steps is a number of batches", "3, 4, 5, ...", options.steps);
    if (!(this.smoothing >= 0 && this.smoothing < 1)) throw wrong("smoothing is a weight", "0 <= smoothing < 1", options.smoothing);
    if (!(this.divergence > 1)) throw wrong("divergence is a factor", "a number above 1", options.divergence);
  }

  override async onTrainBegin(): Promise<void> {
    this.trials = [];
    this.#average = 0;
    this.#least = Infinity;
    this.#snapshot = await Snapshot.copy(trainingState("LearningRateFinder", this.model));
    optimizerOf("LearningRateFinder", this.model).learningRate = await readLearningRate(optimizerOf("LearningRateFinder", this.model));
  }

  /** The rate of a batch: a geometric sequence. */
  #rate(step: number): number {
    return this.minimum * (this.maximum / this.minimum) ** (step / (this.steps - 1));
  }

  override onTrainBatchBegin(): void {
    // The loss in the logs is a mean since the last reset: of this batch alone.
    this.model.resetMetrics?.();
    optimizerOf("LearningRateFinder", this.model).learningRate = this.#rate(this.trials.length);
  }

  override onTrainBatchEnd(_batch: number, logs: Logs): void {
    const step = this.trials.length;
    const loss = logs.loss ?? NaN;
    this.#average = this.smoothing * this.#average + (1 - this.smoothing) * loss;
    // Divided by the weights that it has so far (Kingma and Ba 2015).
    const smoothed = this.#average / (1 - this.smoothing ** (step + 1));
    this.trials.push({ learningRate: this.#rate(step), loss, smoothed });
    this.#least = Math.min(this.#least, smoothed);
    if (!Number.isFinite(smoothed) || smoothed > this.divergence * this.#least || this.trials.length >= this.steps)
      this.model.stopTraining = true;
  }

  override onTrainEnd(): void {
    this.#snapshot?.restore();
    this.#snapshot = null;
    this.model.resetMetrics?.();
  }

  /** The rate at which the smoothed loss fell fastest per factor of the rate. Throws ValueError where it never fell. */
  get suggestion(): number {
    let [best, steepest] = [-1, 0];
    const { trials } = this;
    for (let i = 1; i + 1 < trials.length; i++) {
      const slope = trials[i + 1]!.smoothed - trials[i - 1]!.smoothed;
      if (slope < steepest) [best, steepest] = [i, slope];
    }
    if (best >= 0) return trials[best]!.learningRate;
    throw new ValueError({
      where: "LearningRateFinder",
      problem: "the loss fell at no rate",
      expected: "a fit with this callback, whose loss falls",
      received: `${trials.length} batches`,
      advice: "run fit with enough batches first; try a lower minimum, or look at `trials`",
    });
  }
}

/** Tries learning rates; see {@link LearningRateFinderCallback}. */
export const LearningRateFinder: CallableClass<typeof LearningRateFinderCallback> =
  /* @__PURE__ */ callableClass(LearningRateFinderCallback);
export type LearningRateFinder = LearningRateFinderCallback;
