/** Models in a worker: the same API, and the page never stands still. */
export { connect, type ConnectOptions, inWorker, type InWorkerOptions } from "./in-worker.ts";
export { serve, type ServeOptions } from "./serve.ts";
export { type WorkerFitOptions, WorkerModel, type WorkerRunOptions } from "./worker-model.ts";
export type { PortLike, WorkerLike } from "../platform/port.ts";
