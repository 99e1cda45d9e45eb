/** Saves a model while it is trained. */
import { StateError, ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type CallbackState, type Logs } from "./callback.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";
import { fillTemplate } from "./path-template.ts";
import { writeLine } from "./terminal.ts";

/** Options of ModelCheckpoint. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /**
   * Where to save: ends in ".keras" or ".h5", or ".weights.h5" with `saveWeightsOnly`. May hold `{epoch:02d}`,
   * `{batch}` and names of logged values: `{val_loss:.2f}`.
   */
  readonly filepath: string;
  /** 1 says when it saves. Default 0. */
  readonly verbose?: 0 | 1;
  /** Whether only what is better than everything before is saved. Default false. */
  readonly saveBestOnly?: boolean;
  /** Whether weights are saved without the model. Default false. */
  readonly saveWeightsOnly?: boolean;
  /** "epoch" (default), or a number of batches. */
  readonly saveFreq?: "epoch" | number;
  /** Value that must be beaten, with `saveBestOnly`. Default: none. */
  readonly initialValueThreshold?: number | null;
}

/** A model that can be saved. */
export interface SavableModel {
  save(path: string, options: { readonly overwrite: boolean }): Promise<void>;
  saveWeights(path: string, options: { readonly overwrite: boolean }): Promise<void>;
}

/** Saves the model, or its weights, at the end of every epoch, every so many batches, or whenever a value is better than ever. */
export class ModelCheckpointCallback extends Callback {
  readonly filepath: string;
  readonly verbose: 0 | 1;
  readonly saveBestOnly: boolean;
  readonly saveWeightsOnly: boolean;
  readonly saveFreq: "epoch" | number;
  /** The best value so far. */
  best: number | null;
  readonly #monitor: Monitor;
  #epoch = 0;
  #batches = 0;

  constructor(options: ModelCheckpointOptions | string) {
    super();
    const where = "ModelCheckpoint";
    const given = typeof options === "string" ? { filepath: options } : options;
    const known = [
      "filepath",
      "monitor",
      "verbose",
      "saveBestOnly",
      "saveWeightsOnly",
      "mode",
      "minDelta",
      "saveFreq",
      "initialValueThreshold",
    ];
    checkOptions(where, given, known);
    this.filepath = given.filepath;
    this.verbose = given.verbose ?? 0;
    this.saveBestOnly = given.saveBestOnly ?? false;
    this.saveWeightsOnly = given.saveWeightsOnly ?? false;
    this.saveFreq = given.saveFreq ?? "epoch";
    this.best = given.initialValueThreshold ?? null;
    this.#monitor = new Monitor(where, given);
    const endings = this.saveWeightsOnly ? [".weights.h5"] : [".keras", ".h5"];
    const wrong = (problem: string, expected: string, received: unknown): ValueError =>
      new ValueError({ where, problem, expected, received: JSON.stringify(received) ?? typeof received });
    if (typeof this.filepath !== "string" || !endings.some((ending) => this.filepath.endsWith(ending)))
      throw wrong("the file's name does not tell its format", `a path that ends in ${endings.join(" or ")}`, this.filepath);
    if (this.saveFreq !== "epoch" && !(Number.isInteger(this.saveFreq) && this.saveFreq > 0))
      throw wrong("saveFreq has no such choice", '"epoch", or a number of batches', this.saveFreq);
  }

  override onTrainBegin(): void {
    this.#batches = 0;
    this.#monitor.reset();
  }

  override saveState(): CallbackState {
    return { best: this.best, batches: this.#batches, direction: this.#monitor.direction };
  }

  override loadState(state: CallbackState): void {
    this.best = state.best as number | null;
    this.#batches = state.batches as number;
    this.#monitor.direction = state.direction as number | null;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override readsBatchLogs(): boolean {
    return this.saveFreq !== "epoch" && this.#batches + 1 >= this.saveFreq;
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void | Promise<void> {
    if (this.saveFreq === "epoch" || ++this.#batches < this.saveFreq) return;
    this.#batches = 0;
    return this.#save(logs, batch);
  }

  override async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === "epoch") await this.#save(logs, null);
  }

  async #save(logs: Logs, batch: number | null): Promise<void> {
    const at = `Epoch ${this.#epoch + 1}`;
    if (this.saveBestOnly) {
      const value = this.#monitor.value(logs, this.model, this.parameters);
      // Without validation this time there is nothing to compare.
      if (value === null) return;
      if (!this.#monitor.isBetter(value, this.best)) {
        if (this.verbose > 0) writeLine(`${at}: ${this.#monitor.monitor} is not better than ${String(this.best)}`);
        return;
      }
      if (this.verbose > 0) writeLine(`${at}: ${this.#monitor.monitor} is ${value}, before ${String(this.best)}`);
      this.best = value;
    }
    const numbers = batch === null ? { ...logs, epoch: this.#epoch + 1 } : { ...logs, epoch: this.#epoch + 1, batch: batch + 1 };
    const path = fillTemplate("ModelCheckpoint", this.filepath, numbers);
    const model = this.#savable();
    await (this.saveWeightsOnly ? model.saveWeights(path, { overwrite: true }) : model.save(path, { overwrite: true }));
    if (this.verbose > 0) writeLine(`${at}: saved ${path}`);
  }

  #savable(): SavableModel {
    const model: object = this.model;
    const can = model as Partial<SavableModel>;
    if (typeof can.save === "function" && typeof can.saveWeights === "function") return can as SavableModel;
    throw new StateError({
      where: "ModelCheckpoint",
      problem: "this model cannot be saved",
      expected: "a model with save and saveWeights",
      received: this.model.name,
    });
  }
}

/** Saves a model while it is trained; see {@link ModelCheckpointCallback}. */
export const ModelCheckpoint: CallableClass<typeof ModelCheckpointCallback> = /* @__PURE__ */ callableClass(ModelCheckpointCallback);
export type ModelCheckpoint = ModelCheckpointCallback;
