/** Moves models into workers. */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { Model } from "../models/index.ts";
import { startModelWorker } from "../platform/node-worker.ts";
import type { PortLike } from "../platform/port.ts";
import { checkOptions } from "../serialization/index.ts";
import { Connection } from "./connection.ts";
import { type AnyModel, buffersOf, stateOf } from "./model-state.ts";
import { WorkerModel } from "./worker-model.ts";

/** Options of `inWorker`. */
export interface InWorkerOptions {
  /**
   * A worker whose program calls `serve()`, or the end of a channel to one; it may hold several models, and is not ended
   * with them. Default: one is started that knows all of nabla, and ended by `close()`.
   */
  readonly worker?: PortLike;
  /** Back-end of the worker. Default: the best that works there. */
  readonly backend?: string;
}

/** Options of `connect`. */
export interface ConnectOptions {
  readonly backend?: string;
}

/**
 * A copy of a model in a worker: architecture, weights, what it was compiled with, the state of its optimizer and of its
 * seeds, so that `fit` there gives what `fit` here would have given. The page never stands still. Models of classes of your
 * own need a worker of your own that knows them (`serve`). Throws StateError for a model that is not built.
 *
 * @example
 * const remote = await inWorker(model);
 * await remote.fit(x, y, { epochs: 5, signal: controller.signal });
 * const classes = await remote.predict(xTest);
 * await remote.copyTo(model);
 * await remote.close();
 */
export async function inWorker<I = Tensor, O = Tensor>(model: Model<I, O>, options: InWorkerOptions = {}): Promise<WorkerModel<I, O>> {
  checkOptions("inWorker", options, ["worker", "backend"]);
  if (!(model instanceof Model)) {
    throw new ValueError({ where: "inWorker", problem: "this is no model", expected: "a model", received: typeof model });
  }
  // Before a worker is started: what is wrong with the model is said at once.
  const state = await stateOf("inWorker", model as unknown as AnyModel);
  const connection =
    options.worker === undefined ? Connection.owning(startModelWorker()) : Connection.to(checked("inWorker", options.worker));
  connection.hold();
  try {
    if (options.backend !== undefined) await connection.call("setBackend", options.backend);
    const id = await connection.call("load", state, buffersOf(state.values));
    return new WorkerModel<I, O>(connection, id, model.name, model);
  } catch (error) {
    await connection.release(null);
    throw error;
  }
}

/**
 * The model that a worker of your own made: `serve({ model: () => ... })` in its program. Throws StateError where it offers none.
 *
 * @example
 * const remote = await connect(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));
 */
export async function connect<I = Tensor, O = Tensor>(worker: PortLike, options: ConnectOptions = {}): Promise<WorkerModel<I, O>> {
  checkOptions("connect", options, ["backend"]);
  const connection = Connection.to(checked("connect", worker));
  if (options.backend !== undefined) await connection.call("setBackend", options.backend);
  connection.hold();
  const { model, name } = await connection.call("offered", null);
  return new WorkerModel<I, O>(connection, model, name, null);
}

function checked(where: string, worker: unknown): PortLike {
  if (typeof (worker as Partial<PortLike> | null)?.postMessage === "function") return worker as PortLike;
  throw new ValueError({
    where,
    problem: "this is no worker",
    expected: 'new Worker(new URL("./worker.js", import.meta.url), { type: "module" }), whose file calls serve()',
    received: worker === null ? "null" : typeof worker,
  });
}
