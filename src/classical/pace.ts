/** Long computations on the host let others have their turn. */
import { platform } from "../platform/index.ts";

/** Longest time between two turns of the event loop. */
const longestMs = 40;

/**
 * Asked often, gives the event loop a turn seldom: neither a page nor a server stands still.
 *
 * @example
 * if (pace.isDue) await pace.turn();
 */
export class Pace {
  #last: number = performance.now();

  /** Whether it is time for `turn`. */
  get isDue(): boolean {
    return performance.now() - this.#last > longestMs;
  }

  /** Resolves in a later macrotask. */
  async turn(): Promise<void> {
    await platform.macrotask();
    this.#last = performance.now();
  }
}
