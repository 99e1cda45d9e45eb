/** Several callbacks as one; waits only for those that are asynchronous. */
import { ValueError } from "../errors.ts";
import { Callback, type CallbackParameters, type Logs } from "./callback.ts";
import type { CallbackModel } from "./callback-model.ts";

type Hook = Exclude<{ [K in keyof Callback]: K extends `on${string}` ? K : never }[keyof Callback], undefined>;

/** The callbacks of one run, in order. */
export class CallbackList {
  readonly #callbacks: readonly Callback[];
  readonly #lend: (code: () => void | Promise<void>) => void | Promise<void>;
  /** Per hook, the callbacks that do something there: a batch costs nothing where nobody listens. */
  readonly #listeners = new Map<Hook, readonly Callback[]>();
  readonly #answers = new Map<Callback, boolean>();

  /** `lend` runs what a callback does: a model lends itself for that time, so that callbacks may call it. */
  constructor(
    callbacks: readonly Callback[],
    model: CallbackModel,
    parameters: CallbackParameters,
    lend: (code: () => void | Promise<void>) => void | Promise<void> = (code) => code(),
  ) {
    this.#lend = lend;
    for (const callback of callbacks) {
      if (!(callback instanceof Callback)) {
        throw new ValueError({
          where: "callbacks",
          problem: "this is no callback",
          expected: 'objects of classes that extend Callback: new callbacks.EarlyStopping({ monitor: "val_loss" })',
          received: typeof callback,
        });
      }
      callback.setModel(model);
      callback.setParameters(parameters);
      callback.companions = callbacks.filter((other) => other !== callback);
    }
    this.#callbacks = [...callbacks.filter(({ runsLast }) => !runsLast), ...callbacks.filter(({ runsLast }) => runsLast)];
  }

  /** Calls a hook without an index. */
  call(
    hook: "onTrainBegin" | "onTrainEnd" | "onTestBegin" | "onTestEnd" | "onPredictBegin" | "onPredictEnd",
    logs: Logs,
  ): void | Promise<void> {
    return this.#each(hook, (callback) => callback[hook](logs));
  }

  /** Calls a hook of an epoch or batch. */
  callAt(
    hook:
      | "onEpochBegin"
      | "onEpochEnd"
      | "onTrainBatchBegin"
      | "onTrainBatchEnd"
      | "onTestBatchBegin"
      | "onTestBatchEnd"
      | "onPredictBatchBegin"
      | "onPredictBatchEnd",
    index: number,
    logs: Logs,
  ): void | Promise<void> {
    return this.#each(hook, (callback) => callback[hook](index, logs));
  }

  /** Whether a callback does something at a hook. */
  hears(hook: Hook): boolean {
    return this.#at(hook).length > 0;
  }

  /** Whether a callback that does something at the end of a batch will look at the logs of this one. All are asked. */
  readsLogs(hook: "onTrainBatchEnd" | "onTestBatchEnd", batch: number): boolean {
    let reads = false;
    for (const callback of this.#at(hook)) if (!this.#knowsWhenItLooks(callback, hook) || callback.readsBatchLogs(batch)) reads = true;
    return reads;
  }

  /** A subclass that does more at the end of a batch than the class whose `readsBatchLogs` it has may always look. */
  #knowsWhenItLooks(callback: Callback, hook: Hook): boolean {
    let knows = this.#answers.get(callback);
    if (knows === undefined) {
      let owner: object = callback;
      while (!Object.hasOwn(owner, hook) && !Object.hasOwn(owner, "readsBatchLogs")) owner = Object.getPrototypeOf(owner) as object;
      knows = Object.hasOwn(owner, "readsBatchLogs");
      this.#answers.set(callback, knows);
    }
    return knows;
  }

  #at(hook: Hook): readonly Callback[] {
    let listeners = this.#listeners.get(hook);
    if (listeners === undefined) {
      const names = [hook, ...(hook === "onTrainBatchBegin" ? ["onBatchBegin"] : hook === "onTrainBatchEnd" ? ["onBatchEnd"] : [])];
      const base = Callback.prototype as unknown as Record<string, unknown>;
      listeners = this.#callbacks.filter((callback) =>
        names.some((name) => (callback as unknown as Record<string, unknown>)[name] !== base[name]),
      );
      this.#listeners.set(hook, listeners);
    }
    return listeners;
  }

  #each(hook: Hook, call: (callback: Callback) => void | Promise<void>): void | Promise<void> {
    const listeners = this.#at(hook);
    for (let i = 0; i < listeners.length; i++) {
      const result = this.#lend(() => call(listeners[i]!));
      if (result instanceof Promise) return this.#rest(result, listeners.slice(i + 1), call);
    }
  }

  async #rest(first: Promise<void>, others: readonly Callback[], call: (callback: Callback) => void | Promise<void>): Promise<void> {
    await first;
    for (const callback of others) await this.#lend(() => call(callback));
  }
}
