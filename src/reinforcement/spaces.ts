/** What an environment shows and what can be done in it. */
import { ValueError } from "../errors.ts";
import { formatShape } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";

/** Actions 0 to n - 1. */
export class Discrete {
  readonly n: number;

  /** Throws ValueError for no whole number from 1. */
  constructor(n: number) {
    if (!(Number.isInteger(n) && n > 0))
      throw new ValueError({
        where: "Discrete",
        problem: "this is no number of actions",
        expected: "a whole number from 1",
        received: String(n),
      });
    this.n = n;
  }

  /** Whether this is one of the actions. */
  contains(action: unknown): boolean {
    return Number.isInteger(action) && (action as number) >= 0 && (action as number) < this.n;
  }

  /** Throws ValueError for what is no action; `where` names who was given it. */
  check(where: string, action: number): void {
    if (this.contains(action)) return;
    throw new ValueError({ where, problem: "there is no such action", expected: `0 to ${this.n - 1}`, received: String(action) });
  }
}

/** Options of Box. */
export interface BoxOptions {
  readonly shape: readonly number[];
  /** Least values: one for all, or one for each. Default -Infinity. */
  readonly low?: number | ArrayLike<number>;
  /** Largest values. Default Infinity. */
  readonly high?: number | ArrayLike<number>;
}

/** Observations: numbers of a shape, each within bounds. */
export class Box {
  readonly shape: readonly number[];
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** How many numbers. */
  readonly size: number;

  /** Throws ValueError where bounds and shape do not fit each other. */
  constructor(options: BoxOptions) {
    const where = "Box";
    checkOptions(where, options, ["shape", "low", "high"]);
    const { shape, low = -Infinity, high = Infinity } = options;
    this.shape = [...shape];
    this.size = shape.reduce((product, extent) => product * extent, 1);
    const bounds = (name: string, given: number | ArrayLike<number>): Float32Array => {
      if (typeof given === "number") return new Float32Array(this.size).fill(given);
      if (given.length === this.size) return Float32Array.from(given);
      throw new ValueError({
        where,
        problem: `${name} does not fill the shape`,
        expected: `${this.size} numbers`,
        received: String(given.length),
      });
    };
    this.low = bounds("low", low);
    this.high = bounds("high", high);
  }

  /** Whether these numbers are an observation of this space. */
  contains(observation: ArrayLike<number>): boolean {
    if (observation.length !== this.size) return false;
    for (let i = 0; i < this.size; i++) if (!(observation[i]! >= this.low[i]! && observation[i]! <= this.high[i]!)) return false;
    return true;
  }

  /** Throws ValueError for numbers of another count, or that are not finite; `where` names who looks at them. */
  check(where: string, observation: ArrayLike<number>): void {
    if (observation.length !== this.size)
      throw new ValueError({
        where,
        problem: "the observation has another shape",
        expected: `${formatShape(this.shape)}: ${this.size} numbers`,
        received: `${observation.length} numbers`,
      });
    for (let i = 0; i < this.size; i++)
      if (!Number.isFinite(observation[i]))
        throw new ValueError({
          where,
          problem: "the observation is not finite",
          expected: "numbers",
          received: `${observation[i]} at position ${i}`,
          advice: "look at the environment's step",
        });
  }
}
