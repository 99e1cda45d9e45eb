/** Ends training when a value has stopped getting better. */
import { UnknownNameError, ValueError, nearestNames } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type Logs } from "./callback.ts";
import { writeLine } from "./terminal.ts";

/** Options of EarlyStopping. */
export interface EarlyStoppingOptions {
  /** Key in the logs. Default "val_loss". */
  readonly monitor?: string;
  /** What counts as better: more than this. Default 0. */
  readonly minDelta?: number;
  /** How many epochs without getting better are waited for. Default 0. */
  readonly patience?: number;
  /** 1 says when it stops. Default 0. */
  readonly verbose?: 0 | 1;
  /** Whether smaller ("min") or larger ("max") is better; "auto" asks the metric. Default "auto". */
  readonly mode?: "auto" | "min" | "max";
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
  #sign: 1 | -1 | null = null;
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
    this.monitor = options.monitor ?? "val_loss";
    this.minDelta = Math.abs(options.minDelta ?? 0);
    this.patience = options.patience ?? 0;
    this.verbose = options.verbose ?? 0;
    this.mode = options.mode ?? "auto";
    this.baseline = options.baseline ?? null;
    this.restoreBestWeights = options.restoreBestWeights ?? false;
    this.startFromEpoch = options.startFromEpoch ?? 0;
    if (!["auto", "min", "max"].includes(this.mode)) {
      throw new UnknownNameError({
        where: "EarlyStopping",
        problem: "mode has no such choice",
        expected: '"auto", "min", "max"',
        received: JSON.stringify(this.mode),
      });
    }
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.best = null;
    this.#bestWeights = null;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const current = logs[this.monitor];
    if (current === undefined) {
      // Validation may happen every few epochs only.
      if (this.#sign !== null || this.best !== null) return;
      const near = nearestNames(this.monitor, Object.keys(logs));
      throw new UnknownNameError({
        where: "EarlyStopping",
        problem: `the logs have no "${this.monitor}"`,
        expected: Object.keys(logs).join(", "),
        received: JSON.stringify(this.monitor),
        advice:
          this.monitor.startsWith("val_") && !Object.keys(logs).some((key) => key.startsWith("val_"))
            ? "give fit validationData or validationSplit"
            : near.length > 0
              ? `perhaps "${near[0]!}"`
              : "monitor one of these",
      });
    }
    this.#sign ??= this.#direction();
    if (epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && this.#bestWeights === null) {
      this.#bestWeights = await this.model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait++;
    if (this.#better(current, this.best)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.#bestWeights = await this.model.getWeights();
      if (this.baseline === null || this.#better(current, this.baseline)) this.wait = 0;
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

  /** 1 where larger is better, -1 where smaller is. */
  #direction(): 1 | -1 {
    if (this.mode !== "auto") return this.mode === "max" ? 1 : -1;
    const direction = this.model.directionOf(this.monitor);
    if (direction !== null) return direction === "up" ? 1 : -1;
    throw new ValueError({
      where: "EarlyStopping",
      problem: `whether more or less of "${this.monitor}" is better is not known`,
      expected: 'mode: "min" or mode: "max"',
      received: 'mode: "auto"',
    });
  }

  #better(value: number, reference: number | null): boolean {
    if (Number.isNaN(value)) return false;
    return reference === null || this.#sign! * (value - reference) > this.minDelta;
  }
}

/** Ends training when a value has stopped getting better; see {@link EarlyStoppingCallback}. */
export const EarlyStopping: CallableClass<typeof EarlyStoppingCallback> = /* @__PURE__ */ callableClass(EarlyStoppingCallback);
export type EarlyStopping = EarlyStoppingCallback;
