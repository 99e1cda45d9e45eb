/** Keeps a training run on disk, so that it goes on where it was interrupted. */
import { StateError, ValueError } from "../errors.ts";
import { isPlainObject, Tensor, type Variable } from "../graph/index.ts";
import { platform } from "../platform/index.ts";
import { randomState, type RandomState, restoreRandomState } from "../random/index.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type CallbackState, type Logs } from "./callback.ts";
import type { TrainingRun } from "./callback-model.ts";

/** Options of BackupAndRestore. */
export interface BackupAndRestoreOptions {
  /** Folder of the backup. Each run has one of its own. */
  readonly backupDir: string;
  /** "epoch" (default), or a number of batches. */
  readonly saveFreq?: "epoch" | number;
  /** Whether the backup is removed when training has ended by itself. Default true. */
  readonly deleteCheckpoint?: boolean;
}

/** What a backup says beside arrays. */
interface Record {
  readonly epoch: number;
  readonly batch: number;
  readonly logs: Logs;
  readonly stopped: boolean;
  readonly data: unknown;
  readonly random: RandomState;
  /** States of the callbacks that have one. */
  readonly callbacks: readonly unknown[];
}

const file = "latest.weights.h5";
const arrayKey = "__array__";

/**
 * Saves the state of a run at the end of every epoch, or every so many batches, in one file that is replaced at once; a run
 * of the same program that was interrupted, even by a power cut, goes on from there and ends with the same bits as one that
 * was not. Kept are weights, optimizer, seeds, metrics, the order of the samples and the place in it, the logs so far, the
 * history and the state of other callbacks (`saveState`). Data from a generator function or a Dataset is read again up to
 * the place: it must give the same elements.
 *
 * @example
 * await model.fit(x, y, { epochs: 100, callbacks: [callbacks.BackupAndRestore({ backupDir: "backup" })] });
 */
export class BackupAndRestoreCallback extends Callback {
  readonly backupDir: string;
  readonly saveFreq: "epoch" | number;
  readonly deleteCheckpoint: boolean;
  /** Others have done what they do before the state is saved. */
  override readonly runsLast: boolean = true;
  #epoch = 0;
  #batches = 0;

  constructor(options: BackupAndRestoreOptions | string) {
    super();
    const where = "BackupAndRestore";
    const given: BackupAndRestoreOptions = typeof options === "string" ? { backupDir: options } : options;
    checkOptions(where, given, ["backupDir", "saveFreq", "deleteCheckpoint"]);
    this.backupDir = given.backupDir;
    this.saveFreq = given.saveFreq ?? "epoch";
    this.deleteCheckpoint = given.deleteCheckpoint ?? true;
    if (typeof this.backupDir !== "string" || this.backupDir === "")
      throw new ValueError({
        where,
        problem: "backupDir is a folder",
        expected: 'for example "backup"',
        received: JSON.stringify(this.backupDir),
      });
    if (this.saveFreq !== "epoch" && !(Number.isInteger(this.saveFreq) && this.saveFreq > 0))
      throw new ValueError({
        where,
        problem: "saveFreq has no such choice",
        expected: '"epoch", or a number of batches',
        received: JSON.stringify(this.saveFreq),
      });
  }

  get #path(): string {
    return `${this.backupDir.replace(/\/+$/, "")}/${file}`;
  }

  get #run(): TrainingRun {
    const run = this.model.session?.run ?? null;
    if (run !== null) return run;
    throw new StateError({ where: "BackupAndRestore", problem: "this model cannot be resumed", received: this.model.name });
  }

  override async onTrainBegin(): Promise<void> {
    this.#batches = 0;
    // What a run was writing when it was killed.
    for (const { name, isFolder } of (await platform.files.list(this.backupDir)) ?? [])
      if (!isFolder && name.startsWith(`${file}.`) && name.endsWith(".tmp")) await platform.files.remove(`${this.backupDir}/${name}`);
    const bytes = await platform.readFile(this.#path);
    if (bytes === null) return;
    const { openBackup } = await import("../saving/backup.ts");
    const backup = openBackup(bytes, `BackupAndRestore(${this.#path})`);
    const record = backup.json as Record;
    this.#run.resume = {
      epoch: record.epoch,
      batch: record.batch,
      logs: record.logs,
      data: record.data,
      restore: () => {
        const generator = restoreRandomState(record.random);
        const arrays = backup.restore(this.model as never, this.#variables(generator));
        this.#restoreCallbacks(record.callbacks, arrays);
        if (record.stopped) this.model.stopTraining = true;
      },
    };
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
    return this.#save(this.#epoch, batch + 1, logs);
  }

  override async onEpochEnd(epoch: number): Promise<void> {
    // An epoch that was cut short by a signal is not done: the backup before it stands.
    if (this.saveFreq === "epoch" && !this.#run.aborted) await this.#save(epoch + 1, 0, {});
  }

  override async onTrainEnd(): Promise<void> {
    if (this.deleteCheckpoint && !this.#run.aborted) await platform.files.remove(this.#path);
  }

  /** Variables beside weights and optimizer: seeds of layers, metrics, the global generator. */
  #variables(generator: Variable | null): Variable[] {
    const { model } = this;
    const weights = new Set(model.weights ?? []);
    const seeds = (model.variables ?? []).filter((variable) => !weights.has(variable));
    const metrics = (model.metrics ?? []).flatMap((metric) => metric.variables);
    return [...new Set([...seeds, ...metrics, ...(generator === null ? [] : [generator])])];
  }

  async #save(epoch: number, batch: number, logs: Logs): Promise<void> {
    const { state, generator } = randomState();
    const arrays: Tensor[] = [];
    const plain = (value: unknown): unknown => {
      if (value instanceof Tensor) return { [arrayKey]: arrays.push(value) - 1 };
      if (Array.isArray(value)) return value.map(plain);
      return isPlainObject(value) ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)])) : value;
    };
    const record: Record = {
      epoch,
      batch,
      logs,
      stopped: this.model.stopTraining,
      data: this.#run.data(),
      random: state,
      callbacks: this.companions.flatMap((callback) => plain(callback.saveState()) ?? []),
    };
    const { writeBackup } = await import("../saving/backup.ts");
    await platform.files.write(
      this.#path,
      await writeBackup(this.model as never, { json: record, variables: this.#variables(generator), arrays }),
    );
  }

  #restoreCallbacks(saved: Record["callbacks"], arrays: readonly Tensor[]): void {
    const revived = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(revived);
      if (!isPlainObject(value)) return value;
      const index = value[arrayKey];
      if (typeof index === "number") return arrays[index];
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revived(part)]));
    };
    const others = this.companions.filter((callback) => callback.saveState() !== null);
    if (saved.length !== others.length) {
      throw new StateError({
        where: `BackupAndRestore(${this.#path})`,
        problem: "the backup was made with other callbacks",
        expected: `${saved.length} that have a state`,
        received: String(others.length),
        advice: "pass the same callbacks in the same order, or remove the backup",
      });
    }
    others.forEach((callback, index) => callback.loadState(revived(saved[index]) as CallbackState));
  }
}

/** Keeps a training run on disk; see {@link BackupAndRestoreCallback}. */
export const BackupAndRestore: CallableClass<typeof BackupAndRestoreCallback> = /* @__PURE__ */ callableClass(BackupAndRestoreCallback);
export type BackupAndRestore = BackupAndRestoreCallback;
