/** Workers with a program of nabla's own, in Node. */
import { parentPort, Worker } from "node:worker_threads";
import type { PortLike, WorkerLike } from "./port.ts";

/** Starts a worker in which all of nabla serves models. */
export function startModelWorker(): WorkerLike {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("../worker/everything.js", import.meta.url), { execArgv: [] });
  // Sources, as the repository's own programs run them: loaders of TypeScript do not reach into workers by themselves.
  const program = new URL("../worker/everything.ts", import.meta.url).href;
  const load = `import("tsx/esm/api").then(({ register }) => (register(), import(${JSON.stringify(program)})));`;
  return new Worker(load, { eval: true, execArgv: ["--conditions=source"] });
}

/** The end of the channel to the thread that started this one; null on the main thread. */
export function starterPort(): PortLike | null {
  if (parentPort !== null) return parentPort;
  const scope = globalThis as { WorkerGlobalScope?: new () => object; postMessage?: unknown };
  // Web workers of Bun and Deno.
  return scope.WorkerGlobalScope !== undefined && globalThis instanceof scope.WorkerGlobalScope
    ? (globalThis as unknown as PortLike)
    : null;
}
