/** A replay buffer that gives more often what surprised more. */
import { ValueError } from "../errors.ts";
import type { RandomNumbers } from "../data/random-numbers.ts";
import { ReplayBuffer, type ReplayBatch, type ReplayBufferOptions, type Transition } from "./replay-buffer.ts";

/** Options of PrioritizedReplayBuffer. */
export interface PrioritizedReplayBufferOptions extends ReplayBufferOptions {
  /** How much surprise counts: 0 not at all. Default 0.6. */
  readonly alpha?: number;
  /** How much weights make up for it: 1 wholly. Default 0.4. */
  readonly beta?: number;
}

/** Added to an error, so that nothing is never drawn. */
const least = 1e-6;

/**
 * Transition i is drawn with the chance `p_i^alpha / sum of p^alpha`, p the size of its last error (for a new one the largest so
 * far), and weighs `(N P(i))^-beta`, divided by the largest weight of the batch. Sums stand in a tree: drawing and changing
 * take log2(capacity) steps. T. Schaul et al., "Prioritized experience replay", 2015, algorithm 1.
 */
export class PrioritizedReplayBuffer extends ReplayBuffer {
  readonly alpha: number;
  /** May be changed while an agent learns. */
  beta: number;
  /** Sums of both children at node i: 2 i and 2 i + 1; the leaves are the second half. */
  readonly #tree: Float64Array;
  readonly #leaves: number;
  #largest = 1;

  /** Throws ValueError for negative exponents. */
  constructor(options: PrioritizedReplayBufferOptions) {
    const { alpha = 0.6, beta = 0.4, ...rest } = options;
    super(rest);
    for (const [name, value] of Object.entries({ alpha, beta }))
      if (!(value >= 0 && Number.isFinite(value)))
        throw new ValueError({
          where: "PrioritizedReplayBuffer",
          problem: `${name} does not make sense`,
          expected: "a number from 0",
          received: String(value),
        });
    this.alpha = alpha;
    this.beta = beta;
    this.#leaves = 2 ** Math.ceil(Math.log2(this.capacity));
    this.#tree = new Float64Array(2 * this.#leaves);
  }

  override add(transition: Transition): number {
    const position = super.add(transition);
    this.#set(position, this.#largest);
    return position;
  }

  /** Draws by surprise: one from each of `count` equal parts of the sum. */
  override sample(count: number, random: RandomNumbers): ReplayBatch {
    this.requireEnough(count);
    const total = this.#tree[1]!;
    const positions = Int32Array.from({ length: count }, (_, i) => this.#find(((i + random.uniform()) / count) * total));
    const weights = Float32Array.from(positions, (position) => (this.length * this.chanceOf(position)) ** -this.beta);
    const largest = Math.max(...weights);
    return this.batchOf(
      positions,
      weights.map((weight) => weight / largest),
    );
  }

  /** The chance of what stands at a position. */
  chanceOf(position: number): number {
    return this.#tree[this.#leaves + position]! / this.#tree[1]!;
  }

  /** Tells how much transitions surprised: absolute errors, in the order of a batch's positions. Throws ValueError for errors that are not finite. */
  update(positions: ArrayLike<number>, errors: ArrayLike<number>): void {
    for (let i = 0; i < positions.length; i++) {
      const priority = Math.abs(errors[i]!) + least;
      if (!Number.isFinite(priority))
        throw new ValueError({
          where: "PrioritizedReplayBuffer.update",
          problem: "an error is not finite",
          expected: "numbers",
          received: String(errors[i]),
        });
      this.#largest = Math.max(this.#largest, priority);
      this.#set(positions[i]!, priority);
    }
  }

  #set(position: number, priority: number): void {
    let node = this.#leaves + position;
    this.#tree[node] = priority ** this.alpha;
    for (node >>= 1; node >= 1; node >>= 1) this.#tree[node] = this.#tree[2 * node]! + this.#tree[2 * node + 1]!;
  }

  /** The leaf in whose part of the sum this stands. */
  #find(sum: number): number {
    let [node, left] = [1, sum];
    while (node < this.#leaves) {
      node *= 2;
      // Rounding may point behind the last: a sum of 0 holds nothing.
      if (left >= this.#tree[node]! && this.#tree[node + 1]! > 0) left -= this.#tree[node++]!;
    }
    return node - this.#leaves;
  }
}
