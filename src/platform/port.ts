/** Messages between threads: what a worker and its starter have in common in Node and in browsers. */

/** A worker, or the end of a channel, as the host gives it. */
export interface PortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
}

/** A worker of the host. */
export interface WorkerLike extends PortLike {
  terminate(): unknown;
}

/** The other end of a channel of messages. */
export interface Port {
  /** Sends a message; the buffers in `transfer` move with it and are empty here afterwards. */
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  /** Calls `listener` with every message. */
  onMessage(listener: (message: unknown) => void): void;
  /** Calls `listener` when the other end broke: its program could not be loaded, threw, or ended. */
  onFailure(listener: (error: Error) => void): void;
  /** Whether messages are awaited, so that a script must not end. */
  hold(isAwaited: boolean): void;
}

/** The two manners in which hosts tell of messages. */
interface Emitter {
  on?(event: string, listener: (value: never) => void): void;
  addEventListener?(event: string, listener: (event: never) => void): void;
  ref?(): void;
  unref?(): void;
}

/** A port over a worker or the end of a channel, of Node (`on`) or of browsers (`addEventListener`). */
export function portOf(end: PortLike): Port {
  const emitter = end as PortLike & Emitter;
  const listen = (event: string, listener: (value: unknown) => void): void => {
    if (typeof emitter.on === "function") emitter.on(event, listener);
    else emitter.addEventListener?.(event, listener);
  };
  return {
    post: (message, transfer) => end.postMessage(message, [...transfer]),
    onMessage: (listener) => {
      listen("message", typeof emitter.on === "function" ? listener : (event) => listener((event as { data: unknown }).data));
    },
    onFailure: (listener) => {
      listen("error", (event) => listener(errorOf(event)));
      listen("messageerror", () => listener(new Error("a message could not be read")));
      listen("exit", (code) => listener(new Error(`the worker ended (code ${String(code)})`)));
    },
    hold: (isAwaited) => (isAwaited ? emitter.ref?.() : emitter.unref?.()),
  };
}

function errorOf(event: unknown): Error {
  if (event instanceof Error) return event;
  const { message, filename } = (event ?? {}) as { message?: unknown; filename?: unknown };
  if (typeof message === "string" && message !== "") return new Error(message);
  return new Error(typeof filename === "string" && filename !== "" ? `${filename} could not be loaded` : "its program could not be loaded");
}
