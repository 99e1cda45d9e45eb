/** Evaluates with the moving averages of the weights. */
import { StateError } from "../errors.ts";
import type { Variable } from "../graph/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback } from "./callback.ts";
import { optimizerOf } from "./learning-rate.ts";

/** Options of SwapEMAWeights. */
export interface SwapEMAWeightsOptions {
  /** Whether the averages stay in the model from the end of an epoch to the beginning of the next, for callbacks that save. Default false. */
  readonly swapOnEpoch?: boolean;
}

/**
 * Puts the optimizer's moving averages into the model before evaluation and prediction, and the weights back afterwards.
 * Needs an optimizer with `useEma`. Throws StateError without one.
 *
 * @example
 * model.compile({ optimizer: optimizers.SGD({ useEma: true }), loss: "mse" });
 * await model.fit(x, y, { validationSplit: 0.1, callbacks: [callbacks.SwapEMAWeights()] });
 */
export class SwapEMAWeightsCallback extends Callback {
  readonly swapOnEpoch: boolean;
  #swapped = false;

  constructor(options: SwapEMAWeightsOptions = {}) {
    super();
    checkOptions("SwapEMAWeights", options, ["swapOnEpoch"]);
    this.swapOnEpoch = options.swapOnEpoch ?? false;
  }

  /** Weights and their averages. */
  #pairs(): (readonly [Variable, Variable])[] {
    const optimizer = optimizerOf("SwapEMAWeights", this.model);
    return (this.model.trainableWeights ?? []).map((weight) => {
      const average = optimizer.averageOf(weight);
      if (average !== null) return [weight, average] as const;
      throw new StateError({
        where: "SwapEMAWeights",
        problem: "the optimizer keeps no moving averages",
        expected: "an optimizer made with useEma: true, that has made a step",
        received: `optimizer "${optimizer.name}"`,
      });
    });
  }

  #swap(to: boolean): void {
    if (this.#swapped === to) return;
    for (const [weight, average] of this.#pairs()) {
      const value = weight.read();
      weight.assign(average.read());
      average.assign(value);
    }
    this.#swapped = to;
  }

  override onEpochBegin(): void {
    if (this.swapOnEpoch) this.#swap(false);
  }

  override onEpochEnd(epoch: number): void {
    if (!this.swapOnEpoch) return;
    this.#swap(true);
    // At the end of training the optimizer makes the averages the weights: they must be the averages again.
    if (epoch === this.parameters.epochs - 1) for (const [weight, average] of this.#pairs()) average.assign(weight.read());
  }

  override onTestBegin(): void {
    this.#swap(true);
  }

  override onTestEnd(): void {
    this.#swap(false);
  }

  override onPredictBegin(): void {
    this.#swap(true);
  }

  override onPredictEnd(): void {
    this.#swap(false);
  }
}

/** Evaluates with the moving averages of the weights; see {@link SwapEMAWeightsCallback}. */
export const SwapEMAWeights: CallableClass<typeof SwapEMAWeightsCallback> = /* @__PURE__ */ callableClass(SwapEMAWeightsCallback);
export type SwapEMAWeights = SwapEMAWeightsCallback;
