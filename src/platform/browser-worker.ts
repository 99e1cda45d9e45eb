/** Workers with a program of nabla's own, in browsers. */
import type { PortLike, WorkerLike } from "./port.ts";

/**
 * Starts a worker in which all of nabla serves models. The expression is the one that bundlers know (vite, webpack,
 * rollup's plugins, parcel): they bundle the file it names. esbuild leaves it as it is.
 */
export function startModelWorker(): WorkerLike {
  return new Worker(new URL("../worker/everything.ts", import.meta.url), { type: "module", name: "nabla" });
}

/** The end of the channel to whoever started this worker; null in a page. */
export function starterPort(): PortLike | null {
  const scope = globalThis as { WorkerGlobalScope?: new () => object };
  return scope.WorkerGlobalScope !== undefined && globalThis instanceof scope.WorkerGlobalScope
    ? (globalThis as unknown as PortLike)
    : null;
}
