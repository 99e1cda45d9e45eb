/** Which back-ends there are, and which one runs. */
import type { Backend } from "../backends/backend.ts";
import { BackendError, InternalError, nearestNames, UnknownNameError } from "../errors.ts";
import { platform } from "../platform/index.ts";

/** Makes a back-end. Throws BackendError where the machine cannot run it. */
export type BackendFactory = () => Backend | Promise<Backend>;

interface Entry {
  readonly factory: BackendFactory;
  started: Backend | Promise<Backend> | undefined;
}

const entries = new Map<string, Entry>();
/** Taken in this order where nobody chooses. */
const preference = ["cpu", "wasm", "reference"];
/** Why better ones were not taken. */
const refusals = new Map<string, string>();

let chosen: string | undefined;
let current: Backend | Promise<Backend> | undefined;
const listeners: (() => void)[] = [];

/** Makes a back-end known under a name. It is started when it is first needed. */
export function registerBackend(name: string, factory: BackendFactory): void {
  entries.set(name, { factory, started: undefined });
}

/** Names of the back-ends that can be chosen. */
export function backendNames(): string[] {
  return [...entries.keys()];
}

/** Calls `listener` when another back-end is chosen. */
export function onBackendChange(listener: () => void): void {
  listeners.push(listener);
}

/** The back-end of that name, started. Throws UnknownNameError, or BackendError where it cannot run here. */
export function startBackend(name: string): Backend | Promise<Backend> {
  const entry = entries.get(name);
  if (entry === undefined) {
    const near = nearestNames(name, entries.keys());
    throw new UnknownNameError({
      where: "setBackend",
      problem: `there is no back-end ${JSON.stringify(name)}`,
      expected: backendNames().join(", ") || 'none is registered: import from "nabla", or call registerBackend',
      received: JSON.stringify(name),
      ...(near.length > 0 ? { advice: `did you mean ${near.map((n) => JSON.stringify(n)).join(" or ")}?` } : {}),
    });
  }
  if (entry.started === undefined) {
    const started = entry.factory();
    entry.started = started;
    if (started instanceof Promise) {
      started.then(
        (backend) => (entry.started = backend),
        () => (entry.started = undefined),
      );
    }
  }
  return entry.started;
}

/**
 * The first of several ways to run that works here; `backendInfo` tells why those before it did not. Where the environment
 * variable `insists` is set only the first will do. Throws BackendError where none works.
 */
export function startFirst(ways: readonly (readonly [string, BackendFactory])[], insists: string): Backend | Promise<Backend> {
  for (const [position, [name, factory]] of ways.entries()) {
    try {
      return factory();
    } catch (error) {
      const isLast = position === ways.length - 1 || platform.environment(insists) !== undefined;
      if (!(error instanceof BackendError) || isLast) throw error;
      refusals.set(name, reasonOf(error));
    }
  }
  throw new InternalError("runtime", "no way to run was given");
}

/**
 * Chooses the back-end by name: `cpu`, `wasm`, `webgpu`, `reference`. Variables move when they are next used; programs are
 * compiled again. Throws UnknownNameError for a name nobody registered and BackendError where it cannot run here.
 */
export async function setBackend(name: string): Promise<void> {
  const backend = await startBackend(name);
  chosen = name;
  if (current !== backend) {
    current = backend;
    for (const listener of listeners) listener();
  }
}

/** The name of the back-end that runs, or would run if something was read now. */
export function getBackend(): string {
  return chosen ?? platform.environment("NABLA_BACKEND") ?? preference.find((name) => entries.has(name) && !refusals.has(name)) ?? "none";
}

/** The back-end that runs: the chosen one, NABLA_BACKEND's, or the best that works. A promise while it starts. */
export function currentBackend(): Backend | Promise<Backend> {
  if (current !== undefined) return current;
  const wanted = platform.environment("NABLA_BACKEND");
  const started = wanted === undefined ? startBest(0) : startBackend(wanted);
  if (started instanceof Promise) {
    current = started.then(
      (backend) => (current = backend),
      (error: unknown) => {
        current = undefined;
        throw error;
      },
    );
  } else {
    current = started;
  }
  return current;
}

function startBest(from: number): Backend | Promise<Backend> {
  const name = preference.slice(from).find((candidate) => entries.has(candidate));
  if (name === undefined) {
    throw new BackendError({
      where: "runtime",
      problem: "no back-end can run here",
      received: [...refusals].map(([refused, reason]) => `${refused}: ${reason}`).join("; ") || "none is registered",
      advice: 'import from "nabla" (which registers the CPU back-ends), or call registerBackend',
    });
  }
  const refuse = (error: unknown): Backend | Promise<Backend> => {
    if (!(error instanceof BackendError) || isForced(name)) throw error;
    refusals.set(name, reasonOf(error));
    return startBest(preference.indexOf(name) + 1);
  };
  const accept = (backend: Backend): Backend => {
    chosen = name;
    return backend;
  };
  try {
    const started = startBackend(name);
    return started instanceof Promise ? started.then(accept, refuse) : accept(started);
  } catch (error) {
    return refuse(error);
  }
}

function reasonOf({ parts: { problem, received } }: BackendError): string {
  return received === undefined ? problem : `${problem} (${received})`;
}

/** Whether the environment wants this back-end in a form that the machine may lack, which must not end in another one. */
function isForced(name: string): boolean {
  return name === "cpu" && platform.environment("NABLA_CPU") !== undefined;
}

/** What runs: name, target, threads, and why a better back-end was not taken (`refused: <name>`). */
export function backendInfo(): Readonly<Record<string, string | number | boolean>> {
  const backend = currentBackend();
  const name = getBackend();
  const reasons = Object.fromEntries([...refusals].map(([refused, reason]) => [`refused: ${refused}`, reason]));
  if (backend instanceof Promise) return { name, starting: true, ...reasons };
  return { name, ...backend.info(), bytesHeld: backend.bytesHeld(), ...reasons };
}
