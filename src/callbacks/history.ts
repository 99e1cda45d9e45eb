/** The record of a training run. */
import { Callback, type CallbackState, type Logs } from "./callback.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";

/**
 * What `fit` gives: one value per epoch for the loss, every metric, and their validation counterparts (`val_...`).
 *
 * @example
 * const { history } = await model.fit(x, y, { epochs: 5 });
 * history.loss; // [2.1, 1.4, 0.9, 0.7, 0.6]
 */
export class HistoryCallback extends Callback {
  /** Values by name, one per epoch. */
  history: Record<string, number[]> = {};
  /** Numbers of the epochs. */
  epoch: number[] = [];

  override onTrainBegin(): void {
    this.epoch = [];
  }

  override saveState(): CallbackState {
    return { history: this.history, epoch: this.epoch };
  }

  override loadState(state: CallbackState): void {
    this.history = state.history as Record<string, number[]>;
    this.epoch = state.epoch as number[];
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [key, value] of Object.entries(logs)) (this.history[key] ??= []).push(value);
  }
}

/** The record of a training run; see {@link HistoryCallback}. */
export const History: CallableClass<typeof HistoryCallback> = /* @__PURE__ */ callableClass(HistoryCallback);
export type History = HistoryCallback;
