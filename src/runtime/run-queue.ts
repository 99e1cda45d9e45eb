/** One run at a time, in the order they were asked for. */

/** A queue of jobs. A job starts at once, and may end synchronously, where nothing is running or waiting. */
export class RunQueue {
  #busy = false;
  /** Start the jobs that wait. */
  readonly #starts: (() => void)[] = [];

  /** Whether a job that is added now starts at once. */
  get idle(): boolean {
    return !this.#busy;
  }

  /** Runs `job` when its turn comes. Its result, or a promise of it where it has to wait or takes long. */
  run<T>(job: () => T | Promise<T>): T | Promise<T> {
    if (this.#busy) {
      const turn = new Promise<void>((resolve) => this.#starts.push(resolve));
      return turn.then(job).finally(() => {
        this.#next();
      });
    }
    this.#busy = true;
    let result: T | Promise<T>;
    try {
      result = job();
    } catch (error) {
      this.#next();
      throw error;
    }
    if (!(result instanceof Promise)) {
      this.#next();
      return result;
    }
    return result.finally(() => {
      this.#next();
    });
  }

  /** Starts the next job that waits. `busy` stays true until none is left. */
  #next(): void {
    const start = this.#starts.shift();
    if (start === undefined) this.#busy = false;
    else start();
  }
}

/** The queue of this process: back-ends keep one arena and one pool of threads. */
export const runQueue: RunQueue = new RunQueue();
