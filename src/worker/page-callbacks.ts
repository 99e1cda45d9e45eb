/** Callbacks on this thread, told about a run on another one. */
import { Callback, type Logs } from "../callbacks/index.ts";
import { CallbackList } from "../callbacks/callback-list.ts";
import type { CallbackModel } from "../callbacks/callback-model.ts";
import type { HookName, HookReply, HookRequest } from "./protocol.ts";

/** Every hook. */
const hookNames: readonly HookName[] = [
  "onTrainBegin",
  "onTrainEnd",
  "onEpochBegin",
  "onEpochEnd",
  "onTrainBatchBegin",
  "onTrainBatchEnd",
  "onTestBegin",
  "onTestEnd",
  "onTestBatchBegin",
  "onTestBatchEnd",
  "onPredictBegin",
  "onPredictEnd",
  "onPredictBatchBegin",
  "onPredictBatchEnd",
];

/** Callbacks of one run. Each hook is answered when they have done what they do: training waits for them, as it does on one thread. */
export class PageCallbacks {
  /** The hooks in which a callback does something: only these are sent. */
  readonly hooks: readonly HookName[];
  readonly #callbacks: readonly Callback[];
  readonly #model: CallbackModel;
  readonly #parameters: { readonly verbose: 0 | 1 | 2; readonly epochs: number };
  #list: CallbackList | null = null;

  constructor(callbacks: readonly Callback[], model: CallbackModel, parameters: { readonly verbose: 0 | 1 | 2; readonly epochs: number }) {
    this.#callbacks = callbacks;
    this.#model = model;
    this.#parameters = parameters;
    const nothing = Callback.prototype;
    this.hooks = hookNames.filter((hook) => callbacks.some((callback) => callback[hook] !== nothing[hook]));
    // What is no callback is refused before anything is sent.
    new CallbackList(callbacks, model, { ...parameters, steps: null });
  }

  /** Calls a hook of every callback. */
  async run({ hook, index, logs: sent, steps, validates, learningRate }: HookRequest): Promise<HookReply> {
    this.#list ??= new CallbackList(this.#callbacks, this.#model, { ...this.#parameters, steps, validates });
    const { optimizer } = this.#model;
    // The optimizer of this thread shows the learning rate of the other, and takes a new one for it.
    if (learningRate !== null && optimizer !== undefined) optimizer.learningRate = learningRate;
    const logs: Logs = { ...sent };
    if (index === null) await this.#list.call(hook as "onTrainBegin", logs);
    else await this.#list.callAt(hook as "onEpochEnd", index, logs);
    let changed: number | null = null;
    if (learningRate !== null && optimizer !== undefined) {
      const now = await optimizer.currentLearningRate().item();
      if (now !== Math.fround(learningRate)) changed = now;
    }
    return { stopTraining: this.#model.stopTraining, logs, learningRate: changed };
  }
}
