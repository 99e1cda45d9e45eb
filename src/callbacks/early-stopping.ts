/** Ends training when a value has stopped getting better. */
import type { Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type CallbackState, type Logs } from "./callback.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";
import { writeLine } from "./terminal.ts";

/** Options of EarlyStopping. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** How many epochs without getting better are waited for. Default 0. */
  readonly patience?: number;
  /** 1 says when it stops. Default 0. */
  readonly verbose?: 0 | 1;
  /** Value that must be beaten. Default: none. */
  readonly baseline?: number | null;
  /** Whether the weights of the best epoch come back at the end. Default false. */
  readonly restoreBestWeights?: boolean;
  /** Epochs before this one are not looked at. Default 0. */
  readonly startFromEpoch?: number;
}

/**
 * Stops training when `monitor` has not got better for `patience` epochs. Throws UnknownNameError at the end of the
 * first epoch where there is no such value, instead of waiting for ever.
 *
 * @example
 * await model.fit(x, y, { epochs: 100, validationSplit: 0.1, callbacks: [new callbacks.EarlyStopping({ patience: 3, restoreBestWeights: true })] });
 */
export class EarlyStoppingCallback extends Callback {
  readonly monitor: string;
  readonly minDelta: number;
  readonly patience: number;
  readonly verbose: 0 | 1;
  readonly mode: "auto" | "min" | "max";
  readonly baseline: number | null;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  /** Epoch at which training was stopped; 0 where it was not. */
  stoppedEpoch = 0;
  /** Epoch of the best value. */
  bestEpoch = 0;
  /** The best value so far. */
  best: number | null = null;
  /** Epochs since then. */
  wait = 0;
  readonly #monitor: Monitor;
  #bestWeights: readonly Tensor[] | null = null;

  constructor(options: EarlyStoppingOptions = {}) {
    super();
    checkOptions("EarlyStopping", options, [
      "monitor",
      "minDelta",
      "patience",
      "verbose",
      "mode",
      "baseline",
      "restoreBestWeights",
      "startFromEpoch",
    ]);
    this.#monitor = new Monitor("EarlyStopping", options);
    this.monitor = this.#monitor.monitor;
    this.minDelta = this.#monitor.minDelta;
    this.mode = this.#monitor.mode;
    this.patience = options.patience ?? 0;
    this.verbose = options.verbose ?? 0;
    this.baseline = options.baseline ?? null;
    this.restoreBestWeights = options.restoreBestWeights ?? false;
    this.startFromEpoch = options.startFromEpoch ?? 0;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.best = null;
    this.#bestWeights = null;
    this.#monitor.reset();
  }

  override saveState(): CallbackState {
    const { wait, best, bestEpoch, stoppedEpoch } = this;
    return { wait, best, bestEpoch, stoppedEpoch, direction: this.#monitor.direction, weights: this.#bestWeights };
  }

  override loadState(state: CallbackState): void {
    const { direction, weights, ...numbers } = state;
    Object.assign(this, numbers);
    this.#monitor.direction = direction as number | null;
    this.#bestWeights = weights as readonly Tensor[] | null;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const current = this.#monitor.value(logs, this.model, this.parameters);
    if (current === null) return;
    if (epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && this.#bestWeights === null) {
      this.#bestWeights = await this.model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait++;
    if (this.#monitor.isBetter(current, this.best)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.#bestWeights = await this.model.getWeights();
      if (this.baseline === null || this.#monitor.isBetter(current, this.baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override async onTrainEnd(): Promise<void> {
    if (this.stoppedEpoch > 0 && this.verbose > 0) writeLine(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (!this.restoreBestWeights || this.#bestWeights === null) return;
    if (this.verbose > 0) writeLine(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    await this.model.setWeights(this.#bestWeights);
  }
}

/** Ends training when a value has stopped getting better; see {@link EarlyStoppingCallback}. */
export const EarlyStopping: CallableClass<typeof EarlyStoppingCallback> = /* @__PURE__ */ callableClass(EarlyStoppingCallback);
export type EarlyStopping = EarlyStoppingCallback;
