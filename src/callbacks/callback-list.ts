/** Several callbacks as one; waits only for those that are asynchronous. */
import { ValueError } from "../errors.ts";
import { Callback, type CallbackParameters, type Logs } from "./callback.ts";
import type { CallbackModel } from "./callback-model.ts";

type Hook = Exclude<{ [K in keyof Callback]: K extends `on${string}` ? K : never }[keyof Callback], undefined>;

/** The callbacks of one run, in order. */
export class CallbackList {
  readonly #callbacks: readonly Callback[];
  /** Per hook, the callbacks that do something there: a batch costs nothing where nobody listens. */
  readonly #listeners = new Map<Hook, readonly Callback[]>();

  constructor(callbacks: readonly Callback[], model: CallbackModel, parameters: CallbackParameters) {
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

  #each(hook: Hook, call: (callback: Callback) => void | Promise<void>): void | Promise<void> {
    let listeners = this.#listeners.get(hook);
    if (listeners === undefined) {
      const nothing = Object.getOwnPropertyDescriptor(Callback.prototype, hook)?.value as unknown;
      listeners = this.#callbacks.filter((callback) => (callback as unknown as Record<string, unknown>)[hook] !== nothing);
      this.#listeners.set(hook, listeners);
    }
    for (let i = 0; i < listeners.length; i++) {
      const result = call(listeners[i]!);
      if (result instanceof Promise) return this.#rest(result, listeners.slice(i + 1), call);
    }
  }

  async #rest(first: Promise<void>, others: readonly Callback[], call: (callback: Callback) => void | Promise<void>): Promise<void> {
    await first;
    for (const callback of others) await call(callback);
  }
}
