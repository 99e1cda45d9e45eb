/** A progress bar for loops of one's own. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";
import { ProgressBarCallback } from "./progress-bar.ts";
import { isTerminal, writeText } from "./terminal.ts";

/** Options of Progbar. */
export interface ProgbarOptions {
  /** 0 nothing, 1 (default) a bar, 2 one line at the end. */
  readonly verbose?: 0 | 1 | 2;
  /** Values that are shown as they are; others are averaged over the steps. */
  readonly statefulMetrics?: readonly string[] | null;
  /** Default: standard output. */
  readonly output?: { readonly write: (text: string) => void; readonly terminal: boolean };
}

/**
 * Shows how far a loop is, with mean values of what it reports, as `fit` shows it.
 *
 * @example
 * const bar = new utils.Progbar(steps);
 * for (let step = 0; step < steps; step++) bar.update(step + 1, [["loss", await trainOnce()]]);
 */
export class Progbar {
  /** Number of steps; null where it is not known. */
  readonly target: number | null;
  readonly #bar: ProgressBarCallback;
  readonly #stateful: ReadonlySet<string>;
  readonly #sums = new Map<string, { sum: number; weight: number }>();
  readonly #silent: boolean;
  #seen = 0;
  #finished = false;

  constructor(target: number | null, options: ProgbarOptions = {}) {
    checkOptions("utils.Progbar", options, ["verbose", "statefulMetrics", "output"]);
    if (target !== null && !(Number.isInteger(target) && target > 0))
      throw new ValueError({
        where: "utils.Progbar",
        problem: "target is a number of steps",
        expected: "1, 2, ... or null",
        received: String(target),
      });
    this.target = target;
    const verbose = options.verbose ?? 1;
    this.#silent = verbose === 0;
    this.#stateful = new Set(options.statefulMetrics ?? []);
    this.#bar = new ProgressBarCallback(options.output ?? { write: writeText, terminal: isTerminal() });
    this.#bar.setParameters({ verbose, epochs: 1, steps: target });
    this.#bar.onEpochBegin(0);
  }

  /** So many steps are done, with values of the last ones. `finalize`: whether this ends the bar; default: at the target. */
  update(
    current: number,
    values: readonly (readonly [name: string, value: number])[] = [],
    finalize: boolean = current === this.target,
  ): void {
    if (this.#finished) return;
    const steps = Math.max(1, current - this.#seen);
    for (const [name, value] of values) {
      const known = this.#stateful.has(name) ? { sum: 0, weight: 0 } : (this.#sums.get(name) ?? { sum: 0, weight: 0 });
      const weight = this.#stateful.has(name) ? 1 : steps;
      this.#sums.set(name, { sum: known.sum + value * weight, weight: known.weight + weight });
    }
    this.#seen = current;
    this.#finished = finalize;
    if (this.#silent) return;
    const logs = Object.fromEntries([...this.#sums].map(([name, { sum, weight }]) => [name, sum / weight]));
    this.#bar.onTrainBatchEnd(current - 1, logs);
    if (finalize) this.#bar.onEpochEnd(0, logs);
  }

  /** So many steps more are done. */
  add(n: number, values: readonly (readonly [name: string, value: number])[] = []): void {
    this.update(this.#seen + n, values);
  }
}
