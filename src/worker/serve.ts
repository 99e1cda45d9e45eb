/** The worker's side: holds models and does what the other thread asks. */
import { StateError } from "../errors.ts";
import type { FitOptions } from "../models/index.ts";
import { starterPort } from "../platform/node-worker.ts";
import { type PortLike, portOf } from "../platform/port.ts";
import { backendInfo, currentBackend, setBackend } from "../runtime/index.ts";
import type { CustomObjects } from "../serialization/index.ts";
import { type AnyModel, buffersOf, modelOf, valuesOf } from "./model-state.ts";
import { pack, type Packed, unpack } from "./pack-data.ts";
import { Peer, type Reply } from "./peer.ts";
import type { RunRequest, StarterCalls, WorkerCalls } from "./protocol.ts";
import { RelayCallback } from "./relay.ts";

/** Options of `serve`. */
export interface ServeOptions {
  /** Classes and functions of one's own that models name: layers, losses, ... */
  readonly customObjects?: CustomObjects;
  /** Makes the model that `connect` gives: for models that no configuration describes. Called once, when it is first asked for. */
  readonly model?: () => unknown;
  /** The other end. Default: the thread that started this worker. */
  readonly port?: PortLike;
}

/**
 * Serves models to the thread that started this worker. Call it in the file of a worker of your own, after the imports
 * that make known what the models are made of. Throws StateError on the main thread.
 *
 * @example
 * // worker.ts
 * import "nabla";
 * import { serve } from "nabla/worker";
 * import { Mine } from "./mine.ts";
 * serve({ customObjects: { Mine } });
 */
export function serve(options: ServeOptions = {}): void {
  const end = options.port ?? starterPort();
  if (end === null) {
    throw new StateError({
      where: "serve",
      problem: "this is no worker",
      advice: "call serve() in the file of a worker; the page calls inWorker(model) or connect(worker)",
    });
  }
  new ModelServer(end, options);
}

/** Models of one channel. */
class ModelServer {
  readonly #peer: Peer<WorkerStarter, WorkerSide>;
  readonly #options: ServeOptions;
  readonly #models = new Map<number, AnyModel>();
  readonly #runs = new Map<number, { readonly model: AnyModel; readonly controller: AbortController }>();
  #offered: number | null = null;
  #next = 0;

  constructor(end: PortLike, options: ServeOptions) {
    this.#options = options;
    this.#peer = new Peer<WorkerStarter, WorkerSide>(
      portOf(end),
      {
        load: (state) => ({ value: this.#add(modelOf(state, this.#customObjects)) }),
        offered: () => ({ value: this.#offer() }),
        unload: (model) => {
          this.#models.delete(model);
          return nothing;
        },
        compile: ({ model, config }) => {
          this.#model(model).compileFromConfig(config, this.#customObjects);
          return nothing;
        },
        fit: (request) => this.#fit(request),
        evaluate: (request) => this.#evaluate(request),
        predict: (request) => this.#predict(request),
        batch: async ({ model, kind, x, y, options }) => ({
          value: await this.#model(model)[kind](unpack(x) as never, unpack(y) as never, unpack(options) as never),
        }),
        predictBatch: ({ model, x }) => this.#packed(this.#model(model).predictOnBatch(unpack(x) as never)),
        stop: ({ run, aborts }) => {
          const found = this.#runs.get(run);
          if (aborts) found?.controller.abort();
          if (found !== undefined) found.model.stopTraining = true;
          return nothing;
        },
        getWeights: (model) => this.#packed(this.#model(model).getWeights()),
        setWeights: async ({ model, weights }) => {
          await this.#model(model).setWeights(unpack(weights) as never);
          return nothing;
        },
        values: async (model) => {
          const values = await valuesOf(this.#model(model));
          return { value: values, transfer: buffersOf(values) };
        },
        file: async ({ model, format }) => {
          const { toParts } = await import("../saving/model-files.ts");
          // Parts may share a buffer, which moves whole and once.
          const value = (await toParts(this.#model(model), { format })) as Uint8Array<ArrayBuffer>[];
          return { value, transfer: [...new Set(value.map(({ buffer }) => buffer))] };
        },
        setBackend: async (name) => {
          await setBackend(name);
          return nothing;
        },
        backendInfo: async () => {
          await currentBackend();
          return { value: backendInfo() };
        },
      },
      { asks: false },
    );
  }

  get #customObjects(): CustomObjects {
    return this.#options.customObjects ?? {};
  }

  #add(model: AnyModel): number {
    const id = this.#next++;
    this.#models.set(id, model);
    return id;
  }

  #offer(): { model: number; name: string } {
    const make = this.#options.model;
    if (make === undefined) {
      throw new StateError({
        where: "connect",
        problem: "the worker offers no model of its own",
        expected: "serve({ model: () => ... }) in its file",
        advice: "send it one: inWorker(model, { worker })",
      });
    }
    this.#offered ??= this.#add(make() as AnyModel);
    return { model: this.#offered, name: this.#model(this.#offered).name };
  }

  #model(id: number): AnyModel {
    const model = this.#models.get(id);
    if (model !== undefined) return model;
    throw new StateError({ where: "worker", problem: "the model was closed", advice: "call inWorker again" });
  }

  async #packed(value: Promise<unknown>): Promise<Reply<unknown>> {
    return await pack("worker", await value);
  }

  #fit(request: RunRequest): Promise<Reply<{ history: Record<string, number[]>; epoch: number[] }>> {
    return this.#run(request, async (model, x, y, options, signal) => {
      const { history, epoch } = await model.fit(x as never, y as never, { ...(options as FitOptions), signal });
      return { value: { history, epoch } };
    });
  }

  #evaluate(request: RunRequest): Promise<Reply<Record<string, number>>> {
    return this.#run(request, async (model, x, y, options) => ({ value: await model.evaluate(x as never, y as never, options) }));
  }

  #predict(request: RunRequest): Promise<Reply<unknown>> {
    return this.#run(request, (model, x, _y, options) => this.#packed(model.predict(x as never, options)));
  }

  async #run<T>(
    { model: id, run, x, y, options, hooks, aborted }: RunRequest,
    body: (model: AnyModel, x: unknown, y: unknown, options: object, signal: AbortSignal) => Promise<Reply<T>>,
  ): Promise<Reply<T>> {
    const model = this.#model(id);
    const controller = new AbortController();
    if (aborted) controller.abort();
    this.#runs.set(run, { model, controller });
    try {
      const stream = (packed: Packed & { $nabla: "stream" }): unknown => this.#stream(packed);
      const relay = hooks.length === 0 ? [] : [new RelayCallback(run, hooks, (request) => this.#peer.call("hook", request))];
      const given = { ...(unpack(options, stream) as object), callbacks: relay };
      return await body(model, unpack(x, stream), unpack(y, stream), given, controller.signal);
    } finally {
      this.#runs.delete(run);
    }
  }

  /** A stream of the other thread, read as it is needed. */
  #stream({ stream, repeats }: Packed & { $nabla: "stream" }): unknown {
    const peer = this.#peer;
    async function* read(): AsyncGenerator {
      const pass = await peer.call("open", stream);
      let ended = false;
      try {
        for (;;) {
          const next = await peer.call("pull", pass);
          if (next === null) {
            ended = true;
            return;
          }
          yield unpack(next.batch);
        }
      } finally {
        if (!ended) await peer.call("close", pass);
      }
    }
    return repeats ? read : read();
  }
}

const nothing: Reply<null> = { value: null };

/** The two sides as Peer takes them. */
type WorkerSide = { [K in keyof WorkerCalls]: WorkerCalls[K] };
type WorkerStarter = { [K in keyof StarterCalls]: StarterCalls[K] };
