/** A ball falls, and a paddle is to be under it: a game that is seen as pixels. */
import { ValueError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import type { RandomNumbers } from "../data/random-numbers.ts";
import { checkOptions } from "../serialization/index.ts";
import { type Environment, requireEpisode, resetRandom, type ResetOptions, type StepResult } from "./environment.ts";
import { Box, Discrete } from "./spaces.ts";

/** Options of Catch. */
export interface CatchOptions {
  /** Default 10. */
  readonly rows?: number;
  /** Default 5. */
  readonly columns?: number;
}

/**
 * The screen is `rows` by `columns` pixels, all 0 but the ball and the paddle, which are 1. The ball starts in a random
 * column of the first row and falls a row with each step; the paddle starts in the middle of the last row and moves to the
 * left (0), stays (1), or moves to the right (2). When the ball is in the last row the episode ends, with a reward of 1 if
 * the paddle is there, else -1; all other rewards are 0. I. Osband et al., "Behaviour suite for reinforcement learning",
 * 2019, "catch", after V. Mnih et al., "Recurrent models of visual attention", 2014.
 *
 * Shapes: observations [rows, columns, 1].
 */
export class Catch implements Environment {
  readonly observationSpace: Box;
  readonly actionSpace: Discrete = new Discrete(3);
  readonly rows: number;
  readonly columns: number;
  #random: RandomNumbers | null = null;
  #ball: readonly [row: number, column: number] = [0, 0];
  #paddle = 0;
  #isGoingOn = false;

  /** Throws ValueError for fewer than 2 rows, and for columns that the paddle could not reach in time. */
  constructor(options: CatchOptions = {}) {
    const where = "Catch";
    checkOptions(where, options, ["rows", "columns"]);
    const { rows = 10, columns = 5 } = options;
    if (!(Number.isInteger(rows) && rows >= 2 && Number.isInteger(columns) && columns >= 1 && Math.floor(columns / 2) <= rows - 1))
      throw new ValueError({
        where,
        problem: "no paddle could catch every ball on this screen",
        expected: "rows from 2, columns at most twice the rows less one",
        received: `${rows} rows, ${columns} columns`,
      });
    this.rows = rows;
    this.columns = columns;
    this.observationSpace = new Box({ shape: [rows, columns, 1], low: 0, high: 1 });
  }

  /** Begins an episode; `column` is that of the ball, by default a random one. */
  reset(options: ResetOptions & { readonly column?: number } = {}): Float32Array {
    const where = "Catch.reset";
    checkOptions(where, options, ["seed", "column"]);
    this.#random = resetRandom(this.#random, options);
    const column = options.column ?? this.#random.index(this.columns);
    if (!(Number.isInteger(column) && column >= 0 && column < this.columns))
      throw new ValueError({ where, problem: "there is no such column", expected: `0 to ${this.columns - 1}`, received: String(column) });
    this.#ball = [0, column];
    this.#paddle = Math.floor(this.columns / 2);
    this.#isGoingOn = true;
    return this.#screen();
  }

  step(action: number): StepResult {
    const where = "Catch.step";
    requireEpisode(where, this.#isGoingOn);
    this.actionSpace.check(where, action);
    this.#paddle = Math.max(0, Math.min(this.columns - 1, this.#paddle + action - 1));
    const [row, column] = this.#ball;
    this.#ball = [row + 1, column];
    const terminated = row + 1 === this.rows - 1;
    this.#isGoingOn = !terminated;
    const reward = terminated ? (this.#paddle === column ? 1 : -1) : 0;
    return { observation: this.#screen(), reward, terminated, truncated: false };
  }

  /** The screen itself. Shapes: [rows, columns]. */
  render(): Tensor {
    return dataTensor(this.#screen(), [this.rows, this.columns], "float32");
  }

  #screen(): Float32Array {
    const pixels = new Float32Array(this.rows * this.columns);
    pixels[this.#ball[0] * this.columns + this.#ball[1]] = 1;
    pixels[(this.rows - 1) * this.columns + this.#paddle] = 1;
    return pixels;
  }
}
