/** Calls on one model run one after another, in the order they were made. */

/** A queue of asynchronous calls. A call starts at once where none is running, and inside of one while that lends the model. */
export class ModelQueue {
  #last: Promise<void> | null = null;

  /** Runs `call` after all calls that were made before. */
  async run<T>(call: () => T | Promise<T>): Promise<T> {
    const before = this.#last;
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    // Before the call begins: it may lend the model at once.
    this.#last = ended;
    try {
      if (before !== null) await before;
      return await call();
    } finally {
      if (this.#last === ended) this.#last = null;
      end();
    }
  }

  /**
   * Runs code of the program's own for the call that is running: a callback, a generator. What that calls on the model runs
   * at once, one after another, or both would wait for each other for ever; the running call goes on when all have ended.
   */
  lend<T>(code: () => T | Promise<T>): T | Promise<T> {
    const outer = this.#last;
    this.#last = null;
    let result: T | Promise<T>;
    try {
      result = code();
    } catch (error) {
      this.#last = outer;
      throw error;
    }
    if (this.#last !== null || result instanceof Promise) return this.#ended(result, outer);
    this.#last = outer;
    return result;
  }

  async #ended<T>(result: T | Promise<T>, outer: Promise<void> | null): Promise<T> {
    try {
      return await result;
    } finally {
      while (this.#last !== null) await this.#last;
      this.#last = outer;
    }
  }
}
