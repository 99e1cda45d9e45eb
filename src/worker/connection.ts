/** The channel to one worker: its calls, the runs whose callbacks it asks for, the streams it reads. */
import { StateError } from "../errors.ts";
import { type PortLike, portOf, type WorkerLike } from "../platform/port.ts";
import type { PageCallbacks } from "./page-callbacks.ts";
import { Peer } from "./peer.ts";
import type { StarterCalls, WorkerCalls } from "./protocol.ts";
import { StreamSources } from "./stream-source.ts";

type WorkerSide = { [K in keyof WorkerCalls]: WorkerCalls[K] };
type StarterSide = { [K in keyof StarterCalls]: StarterCalls[K] };

/** One per worker, however many models it holds. */
const connections = new WeakMap<object, Connection>();

/** A connected worker. */
export class Connection {
  readonly streams: StreamSources = new StreamSources();
  readonly #peer: Peer<WorkerSide, StarterSide>;
  readonly #runs = new Map<number, PageCallbacks>();
  /** Ends the worker when its last model is closed; null where the user started it. */
  readonly #worker: WorkerLike | null;
  #models = 0;
  #next = 0;

  private constructor(end: PortLike, worker: WorkerLike | null) {
    this.#worker = worker;
    this.#peer = new Peer<WorkerSide, StarterSide>(
      portOf(end),
      {
        hook: async (request) => {
          const callbacks = this.#runs.get(request.run);
          if (callbacks === undefined) throw new StateError({ where: "worker", problem: "the run has ended" });
          return { value: await callbacks.run(request) };
        },
        open: (stream) => ({ value: this.streams.open(stream) }),
        pull: (pass) => this.streams.pull(pass),
        close: async (pass) => {
          await this.streams.close(pass);
          return { value: null };
        },
      },
      { asks: true },
    );
  }

  /** The connection to a worker of the user's. */
  static to(end: PortLike): Connection {
    let found = connections.get(end);
    if (found === undefined) {
      found = new Connection(end, null);
      connections.set(end, found);
    }
    return found;
  }

  /** The connection to a worker that ends with its model. */
  static owning(worker: WorkerLike): Connection {
    return new Connection(worker, worker);
  }

  call<K extends keyof WorkerCalls>(
    name: K,
    request: WorkerCalls[K]["request"],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<WorkerCalls[K]["reply"]> {
    return this.#peer.call(name, request, transfer);
  }

  /** Counts a model of this worker. */
  hold(): void {
    this.#models++;
  }

  /** Forgets a model (null: one that could not be loaded), and ends the worker with the last one. */
  async release(model: number | null): Promise<void> {
    this.#models--;
    if (this.#worker === null || this.#models > 0) {
      if (model !== null) await this.call("unload", model);
      return;
    }
    this.#peer.fail(new StateError({ where: "worker", problem: "the model was closed", advice: "call inWorker again" }));
    await this.#worker.terminate();
  }

  /** A number for a run, and its callbacks. */
  begin(callbacks: PageCallbacks): number {
    const run = this.#next++;
    this.#runs.set(run, callbacks);
    return run;
  }

  end(run: number): void {
    this.#runs.delete(run);
  }
}
