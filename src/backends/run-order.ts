/** One run at a time: programs share threads or a queue, and a run that waits must not be overtaken by one that reads its states. */
export class RunOrder {
  private held = 0;
  private tail: Promise<unknown> = Promise.resolve();

  /** Whether a run has given control back before its end, or runs wait for their turn. */
  get isBusy(): boolean {
    return this.held > 0;
  }

  /** Registers a run that goes on after its caller got control back. */
  hold<T>(run: Promise<T>): Promise<T> {
    this.held++;
    const ended = run.finally(() => {
      this.held--;
    });
    this.tail = settled(this.tail, ended);
    return ended;
  }

  /** Runs `job` after everything that runs or waits. */
  enqueue<T>(job: () => T | Promise<T>): Promise<T> {
    this.held++;
    const ended = this.tail.then(job).finally(() => {
      this.held--;
    });
    this.tail = settled(ended);
    return ended;
  }
}

/** The end of all, without their results, which the tail must not keep alive. */
async function settled(...runs: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(runs);
}
