/** Whether the short stages of a program are worth the helpers, as the machine is now. */

/** How the stages of a run that could be shared go: each as it was found best, or all but the long ones on one thread. */
export type RunWay = "best" | "alone";

/** Runs of one way that are looked at: their median counts, so that a disturbed one does not. */
const samples = 5;
/** Runs in a row that try the other way. */
const trialRuns = 3;
/** Runs until the other way is tried for the first time, and at most between two trials. */
const firstInterval = 16;
const longestInterval = 256;
/** Programs that take longer are made of stages that outlast whatever keeps a helper from its processor. */
const longestMilliseconds = 20;
/** What the other way has to be quicker by. */
const margin = 0.95;

/** The last runs of one way. */
class Recent {
  readonly #times: number[] = [];

  add(milliseconds: number): void {
    if (this.#times.push(milliseconds) > samples) this.#times.shift();
  }

  clear(): void {
    this.#times.length = 0;
  }

  /** Infinity where there are none. */
  get median(): number {
    const sorted = [...this.#times].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? Infinity;
  }
}

/**
 * Chooses by the time of whole runs. Stages are measured one by one in few runs, and by their best times: on a machine that
 * others use as well a helper now and then stands without a processor while the caller waits for its chunk, and a program
 * of many short stages meets that in every run.
 */
export class ThreadChoice {
  readonly #recent: Readonly<Record<RunWay, Recent>> = { best: new Recent(), alone: new Recent() };
  #way: RunWay = "best";
  #interval = firstInterval;
  #untilTrial = firstInterval;
  #trialLeft = 0;

  /** The way of the next run. */
  next(): RunWay {
    if (this.#trialLeft > 0) return this.#other;
    if (--this.#untilTrial > 0 || this.#recent[this.#way].median > longestMilliseconds) return this.#way;
    this.#trialLeft = trialRuns;
    this.#recent[this.#other].clear();
    return this.#other;
  }

  /** Takes note of a run that went as `next` said. */
  add(way: RunWay, milliseconds: number): void {
    this.#recent[way].add(milliseconds);
    if (this.#trialLeft === 0 || way === this.#way) return;
    const present = this.#recent[this.#way].median;
    // What takes twice as long need not be tried again.
    this.#trialLeft = milliseconds > 2 * present ? 0 : this.#trialLeft - 1;
    if (this.#trialLeft > 0) return;
    if (this.#recent[way].median < margin * present) {
      this.#way = way;
      this.#interval = firstInterval;
    } else this.#interval = Math.min(longestInterval, 2 * this.#interval);
    this.#untilTrial = this.#interval;
  }

  get #other(): RunWay {
    return this.#way === "best" ? "alone" : "best";
  }
}
