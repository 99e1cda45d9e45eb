/** One run at a time, in the order they were asked for. */

/** A queue of jobs. A job starts at once, and may end synchronously, where nothing is running or waiting. */
export class RunQueue {
  private busy = false;
  private readonly waiting: (() => Promise<unknown>)[] = [];

  /** Whether a job that is added now starts at once. */
  get idle(): boolean {
    return !this.busy;
  }

  /** Runs `job` when its turn comes. Its result, or a promise of it where it has to wait or takes long. */
  run<T>(job: () => T | Promise<T>): T | Promise<T> {
    if (this.busy) {
      return new Promise<T>((resolve, reject) => {
        this.waiting.push(async () => {
          try {
            resolve(await job());
          } catch (error) {
            reject(error);
          }
        });
      });
    }
    this.busy = true;
    let result: T | Promise<T>;
    try {
      result = job();
    } catch (error) {
      this.next();
      throw error;
    }
    if (!(result instanceof Promise)) {
      this.next();
      return result;
    }
    return result.finally(() => {
      this.next();
    });
  }

  /** Starts the jobs that wait, one after another. `busy` stays true until none is left. */
  private next(): void {
    const job = this.waiting.shift();
    if (job === undefined) {
      this.busy = false;
      return;
    }
    void job().then(() => {
      this.next();
    });
  }
}

/** The queue of this process: back-ends keep one arena and one pool of threads. */
export const runQueue: RunQueue = new RunQueue();
