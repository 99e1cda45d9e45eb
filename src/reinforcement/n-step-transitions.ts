/** Steps put together to longer ones. */
import { checkShare } from "./returns.ts";
import { ValueError } from "../errors.ts";
import type { Transition } from "./replay-buffer.ts";

/** A step of an environment. */
export interface Experience {
  readonly observation: Float32Array;
  readonly action: number;
  readonly reward: number;
  readonly nextObservation: Float32Array;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/**
 * Makes transitions over n steps out of single ones: `R = sum of discount^k r_(t+k)`, k below n, and the observation n steps
 * later, whose value counts by `discount^n`. At an episode's end those over fewer steps follow.
 */
export class NStepTransitions {
  readonly n: number;
  readonly discount: number;
  #pending: Experience[] = [];

  /** Throws ValueError for n that is no whole number from 1, and a discount outside [0, 1]. */
  constructor(n: number, discount: number) {
    const where = "NStepTransitions";
    if (!(Number.isInteger(n) && n > 0))
      throw new ValueError({ where, problem: "this is no number of steps", expected: "a whole number from 1", received: String(n) });
    checkShare(where, "discount", discount);
    this.n = n;
    this.discount = discount;
  }

  /** Takes a step; gives the transitions that it completes. */
  add(step: Experience): Transition[] {
    this.#pending.push(step);
    if (step.terminated || step.truncated) {
      const all = this.#pending.map((_, start) => this.#over(start));
      this.#pending = [];
      return all;
    }
    if (this.#pending.length < this.n) return [];
    const made = this.#over(0);
    this.#pending.shift();
    return [made];
  }

  /** Forgets steps whose episode is not gone on with. */
  clear(): void {
    this.#pending = [];
  }

  #over(start: number): Transition {
    const [first, last] = [this.#pending[start]!, this.#pending.at(-1)!];
    let [reward, factor] = [0, 1];
    for (let i = start; i < this.#pending.length; i++) {
      reward += factor * this.#pending[i]!.reward;
      factor *= this.discount;
    }
    const { observation, action } = first;
    return { observation, action, reward, nextObservation: last.nextObservation, discount: last.terminated ? 0 : factor };
  }
}
