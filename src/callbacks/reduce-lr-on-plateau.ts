/** Lowers the learning rate when a value has stopped getting better. */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type CallbackState, type Logs } from "./callback.ts";
import { logLearningRate, optimizerOf } from "./learning-rate.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";
import { writeLine } from "./terminal.ts";

/** Options of ReduceLROnPlateau. */
export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the learning rate is multiplied by, below 1. Default 0.1. */
  readonly factor?: number;
  /** How many epochs without getting better are waited for. Default 10. */
  readonly patience?: number;
  /** 1 says when the rate is lowered. Default 0. */
  readonly verbose?: 0 | 1;
  /** Default 1e-4. */
  readonly minDelta?: number;
  /** Epochs after a reduction in which nothing is counted. Default 0. */
  readonly cooldown?: number;
  /** Least learning rate. Default 0. */
  readonly minLr?: number;
}

/**
 * Multiplies the learning rate by `factor` when `monitor` has not got better for `patience` epochs. The learning rate of
 * each epoch stands in the logs as `learning_rate`.
 *
 * @example
 * await model.fit(x, y, { epochs: 100, validationSplit: 0.1, callbacks: [callbacks.ReduceLROnPlateau({ factor: 0.2, patience: 5 })] });
 */
export class ReduceLROnPlateauCallback extends Callback {
  readonly factor: number;
  readonly patience: number;
  readonly verbose: 0 | 1;
  readonly cooldown: number;
  readonly minLr: number;
  /** The best value so far. */
  best: number | null = null;
  /** Epochs since then. */
  wait = 0;
  /** Epochs until counting begins again. */
  cooldownCounter = 0;
  readonly #monitor: Monitor;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    super();
    const where = "ReduceLROnPlateau";
    checkOptions(where, options, ["monitor", "factor", "patience", "verbose", "mode", "minDelta", "cooldown", "minLr"]);
    this.factor = options.factor ?? 0.1;
    this.patience = options.patience ?? 10;
    this.verbose = options.verbose ?? 0;
    this.cooldown = options.cooldown ?? 0;
    this.minLr = options.minLr ?? 0;
    this.#monitor = new Monitor(where, { ...options, minDelta: options.minDelta ?? 1e-4 }, { plateau: true });
    if (!(this.factor > 0 && this.factor < 1))
      throw new ValueError({ where, problem: "factor makes the rate smaller", expected: "0 < factor < 1", received: String(this.factor) });
    if (!(this.patience >= 0) || !(this.cooldown >= 0) || !(this.minLr >= 0)) {
      throw new ValueError({
        where,
        problem: "patience, cooldown and minLr are not negative",
        expected: "numbers from 0",
        received: `${this.patience}, ${this.cooldown}, ${this.minLr}`,
      });
    }
  }

  override onTrainBegin(): void {
    this.best = null;
    this.wait = 0;
    this.cooldownCounter = 0;
    this.#monitor.reset();
  }

  override saveState(): CallbackState {
    return { best: this.best, wait: this.wait, cooldownCounter: this.cooldownCounter, direction: this.#monitor.direction };
  }

  override loadState(state: CallbackState): void {
    const { direction, ...numbers } = state;
    Object.assign(this, numbers);
    this.#monitor.direction = direction as number | null;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const rate = await logLearningRate("ReduceLROnPlateau", this.model, logs);
    const current = this.#monitor.value(logs, this.model, this.parameters);
    if (current === null) return;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.wait = 0;
    }
    if (this.#monitor.isBetter(current, this.best)) {
      this.best = current;
      this.wait = 0;
      return;
    }
    if (this.cooldownCounter > 0) return;
    this.wait++;
    if (this.wait < this.patience || !(rate > Math.fround(this.minLr))) return;
    const lower = Math.max(rate * this.factor, this.minLr);
    optimizerOf("ReduceLROnPlateau", this.model).learningRate = lower;
    if (this.verbose > 0) writeLine(`Epoch ${epoch + 1}: the learning rate is reduced to ${lower}`);
    this.cooldownCounter = this.cooldown;
    this.wait = 0;
  }
}

/** Lowers the learning rate on a plateau; see {@link ReduceLROnPlateauCallback}. */
export const ReduceLROnPlateau: CallableClass<typeof ReduceLROnPlateauCallback> = /* @__PURE__ */ callableClass(ReduceLROnPlateauCallback);
export type ReduceLROnPlateau = ReduceLROnPlateauCallback;
