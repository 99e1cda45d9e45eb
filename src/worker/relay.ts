/** The callback that tells another thread's callbacks what happens here. */
import { Callback, type Logs } from "../callbacks/index.ts";
import type { HookName, HookReply, HookRequest } from "./protocol.ts";

/** Sends the hooks that somebody listens to and does what comes back: new values of logs, a learning rate, to stop. */
export class RelayCallback extends Callback {
  readonly #run: number;
  readonly #send: (request: HookRequest) => Promise<HookReply>;

  constructor(run: number, hooks: readonly HookName[], send: (request: HookRequest) => Promise<HookReply>) {
    super();
    this.#run = run;
    this.#send = send;
    for (const hook of hooks) {
      const relay = (first: number | Logs, second?: Logs): Promise<void> =>
        typeof first === "number" ? this.#relay(hook, first, second ?? {}) : this.#relay(hook, null, first);
      // A property of its own: only hooks that differ from the base class's cost anything.
      Object.defineProperty(this, hook, { value: relay, enumerable: false });
    }
  }

  async #relay(hook: HookName, index: number | null, logs: Logs): Promise<void> {
    const { optimizer } = this.model;
    const rate = optimizer?.learningRate;
    const settable = rate !== undefined && "assign" in rate ? rate : null;
    const learningRate = settable === null ? null : (await settable.data())[0]!;
    const { steps, validates = false } = this.parameters;
    const reply = await this.#send({ run: this.#run, hook, index, logs: { ...logs }, steps, validates, learningRate });
    Object.assign(logs, reply.logs);
    if (reply.learningRate !== null && optimizer !== undefined) optimizer.learningRate = reply.learningRate;
    if (reply.stopTraining) this.model.stopTraining = true;
  }
}
