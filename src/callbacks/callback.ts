/** The base of callbacks: what is told about training as it goes on. */
import type { CallbackModel, TrainedModel } from "./callback-model.ts";

/** Values of one batch or epoch: `{ loss: 0.31, accuracy: 0.9 }`. */
export type Logs = Readonly<Record<string, number>>;

/** What a callback must know to go on after an interruption. */
export type CallbackState = Readonly<Record<string, unknown>>;

/** What a callback is told about the run. */
export interface CallbackParameters {
  readonly verbose: 0 | 1 | 2;
  readonly epochs: number;
  /** Steps of an epoch; null where that is not known. */
  readonly steps: number | null;
  /** Whether epochs may end with values of validation, `val_...`. Default false. */
  readonly validates?: boolean;
}

/**
 * A callback: override what you need. A method may be asynchronous: training waits for it. Set
 * `this.model.stopTraining = true` to stop after the present batch.
 *
 * @example
 * class Print extends Callback {
 *   override onEpochEnd(epoch: number, logs: Logs): void {
 *     console.log(epoch, logs.loss);
 *   }
 * }
 */
export class Callback<M extends CallbackModel = TrainedModel> {
  /** The model that is being trained: what every model has, or `M`, as in `class Monitor extends Callback<MyModel>`. */
  model!: M;
  /** Facts about the run. */
  parameters!: CallbackParameters;

  /** The other callbacks of the run, in their order. */
  companions: readonly Callback[] = [];
  /** Whether it is told of things after all others. */
  readonly runsLast: boolean = false;

  /**
   * What the callback must know to go on after an interruption: numbers, texts, lists, objects, and tensors in them. Null
   * (the default) where there is nothing. BackupAndRestore keeps it and gives it to `loadState` after `onTrainBegin`.
   */
  saveState(): CallbackState | null {
    return null;
  }

  /** Takes back what `saveState` gave. */
  loadState(_state: CallbackState): void {
    // Nothing by default.
  }

  /**
   * Whether `onTrainBatchEnd` and `onTestBatchEnd` look at the logs of this batch; asked before it runs. Reading them makes
   * a device wait, so that a callback which rarely looks should say so; where no callback looks, the logs are those that
   * were read last. Default true.
   */
  readsBatchLogs(_batch: number): boolean {
    return true;
  }

  /** Called once before anything else. */
  setModel(model: CallbackModel): void {
    this.model = model as M;
  }

  /** Called once before anything else. */
  setParameters(parameters: CallbackParameters): void {
    this.parameters = parameters;
  }

  onTrainBegin(_logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onTrainEnd(_logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onEpochBegin(_epoch: number, _logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  /** The logs hold the validation's values too, named `val_...`. */
  onEpochEnd(_epoch: number, _logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onTrainBatchBegin(batch: number, logs: Logs): void | Promise<void> {
    return this.onBatchBegin(batch, logs);
  }
  onTrainBatchEnd(batch: number, logs: Logs): void | Promise<void> {
    return this.onBatchEnd(batch, logs);
  }
  /** An older name of `onTrainBatchBegin`. */
  onBatchBegin(_batch: number, _logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  /** An older name of `onTrainBatchEnd`. */
  onBatchEnd(_batch: number, _logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onTestBegin(_logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onTestEnd(_logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onTestBatchBegin(_batch: number, _logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onTestBatchEnd(_batch: number, _logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onPredictBegin(_logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onPredictEnd(_logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onPredictBatchBegin(_batch: number, _logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
  onPredictBatchEnd(_batch: number, _logs: Logs): void | Promise<void> {
    // Nothing by default.
  }
}
