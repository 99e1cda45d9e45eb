/** Calls on one model run one after another, in the order they were made. */

/** A queue of asynchronous calls. A call starts at once where none is running. */
export class ModelQueue {
  #last: Promise<unknown> | null = null;

  /** Runs `call` after all calls that were made before. */
  async run<T>(call: () => T | Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = before === null ? start(call) : before.then(call, call);
    const settled = mine.then(ignore, ignore);
    this.#last = settled;
    try {
      return await mine;
    } finally {
      if (this.#last === settled) this.#last = null;
    }
  }
}

async function start<T>(call: () => T | Promise<T>): Promise<T> {
  return await call();
}

function ignore(): void {
  // The caller sees the result; the queue only needs to know that the call ended.
}
