/** One run at a time: programs share threads, and a run that yields must not be overtaken by one that reads its states. */
export class RunOrder {
  private held = 0;
  private tail: Promise<unknown> = Promise.resolve();

  /** Whether a run is between slices, or runs wait. */
  get isBusy(): boolean {
    return this.held > 0;
  }

  /** Registers a run that goes on after its caller got control back. */
  hold<T>(run: Promise<T>): Promise<T> {
    this.held++;
    const ended = run.finally(() => {
      this.held--;
    });
    this.tail = after(Promise.allSettled([this.tail, ended]));
    return ended;
  }

  /** Runs `job` after everything that runs or waits. */
  enqueue<T>(job: () => T | Promise<T>): Promise<T> {
    this.held++;
    const turn = this.tail.then(job);
    const ended = turn.finally(() => {
      this.held--;
    });
    this.tail = after(Promise.allSettled([ended]));
    return ended;
  }
}

/** The end of `run` without its results, which the tail must not keep alive. */
async function after(run: Promise<unknown>): Promise<void> {
  await run;
}
