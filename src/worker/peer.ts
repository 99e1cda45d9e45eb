/** Calls between two threads: each end answers the calls of the other. */
import { BackendError, NablaError } from "../errors.ts";
import type { Port } from "../platform/port.ts";
import { type PackedError, packError, unpackError } from "./pack-error.ts";

/** What can be called: by name, what a call sends and what it gives. */
export type Calls = Readonly<Record<string, { readonly request: unknown; readonly reply: unknown }>>;

/** What a call gives, and the buffers that move with it. */
export interface Reply<T> {
  readonly value: T;
  readonly transfer?: readonly ArrayBuffer[];
}

/** What answers the calls of the other end. */
export type Handlers<C extends Calls> = {
  readonly [K in keyof C]: (request: C[K]["request"]) => Reply<C[K]["reply"]> | Promise<Reply<C[K]["reply"]>>;
};

/** Messages; others, a user's own, pass by. */
type Message =
  | { readonly nabla: "hello" | "ready" }
  | { readonly nabla: "call"; readonly id: number; readonly name: string; readonly request: unknown }
  | { readonly nabla: "reply"; readonly id: number; readonly value: unknown }
  | { readonly nabla: "error"; readonly id: number; readonly error: PackedError };

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** One end of a channel. `Theirs` is what can be called there, `Ours` what can be called here. */
export class Peer<Theirs extends Calls, Ours extends Calls> {
  readonly #port: Port;
  readonly #handlers: Handlers<Ours>;
  /** Whether open calls keep the process alive, and nothing else does: so for who started a worker, not in it. */
  readonly #holds: boolean;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #failure: Error | null = null;
  #isReady = false;
  /** Calls made before the other end has said that it listens. */
  #early: (() => void)[] = [];

  /** `asks`: whether this end waits until the other one listens, or tells that it does. */
  constructor(port: Port, handlers: Handlers<Ours>, { asks }: { readonly asks: boolean }) {
    this.#port = port;
    this.#handlers = handlers;
    this.#holds = asks;
    port.onMessage((message) => this.#receive(message));
    if (asks) {
      port.onFailure((error) => this.fail(failureOf(error, this.#isReady)));
      port.post({ nabla: "hello" } satisfies Message, []);
      port.hold(false);
    } else {
      this.#isReady = true;
      port.post({ nabla: "ready" } satisfies Message, []);
    }
  }

  /** Calls the other end. Throws what it threw, or BackendError where it broke. */
  call<K extends keyof Theirs & string>(
    name: K,
    request: Theirs[K]["request"],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Theirs[K]["reply"]> {
    return new Promise<Theirs[K]["reply"]>((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      if (this.#holds) this.#port.hold(true);
      const send = (): void => {
        try {
          this.#port.post({ nabla: "call", id, name, request } satisfies Message, transfer);
        } catch (error) {
          this.#settle(id)?.reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (this.#isReady) send();
      else this.#early.push(send);
    });
  }

  /** Ends all calls, present and future, with an error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#early = [];
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(error);
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#holds && this.#waiting.size === 0) this.#port.hold(false);
    return waiting;
  }

  #receive(raw: unknown): void {
    if (typeof raw !== "object" || raw === null || !("nabla" in raw)) return;
    const message = raw as Message;
    switch (message.nabla) {
      case "hello":
        this.#port.post({ nabla: "ready" } satisfies Message, []);
        return;
      case "ready":
        this.#isReady = true;
        for (const send of this.#early.splice(0)) send();
        return;
      case "call":
        void this.#answer(message);
        return;
      case "reply":
        this.#settle(message.id)?.resolve(message.value as never);
        return;
      case "error":
        this.#settle(message.id)?.reject(unpackError(message.error));
    }
  }

  async #answer({ id, name, request }: Message & { nabla: "call" }): Promise<void> {
    try {
      const handler = this.#handlers[name];
      if (handler === undefined) throw new BackendError({ where: "worker", problem: `the other thread does not know the call ${name}` });
      const { value, transfer = [] } = await handler(request);
      this.#port.post({ nabla: "reply", id, value } satisfies Message, transfer);
    } catch (error) {
      this.#port.post({ nabla: "error", id, error: packError(error) } satisfies Message, []);
    }
  }
}

function failureOf(error: Error, wasReady: boolean): Error {
  if (error instanceof NablaError) return error;
  return new BackendError({
    where: "worker",
    problem: wasReady ? "the worker broke" : "the worker did not start",
    received: error.message,
    advice: wasReady
      ? "start another one with inWorker; a model too large for its memory is the usual reason"
      : 'pass one of your own, whose file calls serve(): inWorker(model, { worker: new Worker(new URL("./worker.js", import.meta.url), { type: "module" }) })',
  });
}
