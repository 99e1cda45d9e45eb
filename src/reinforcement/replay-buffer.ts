/** What happened lately, to learn from again. */
import { StateError, ValueError } from "../errors.ts";
import type { RandomNumbers } from "../data/random-numbers.ts";
import { checkOptions } from "../serialization/index.ts";

/** A step, or several put together. */
export interface Transition {
  readonly observation: ArrayLike<number>;
  readonly action: number;
  readonly reward: number;
  readonly nextObservation: ArrayLike<number>;
  /** Factor of the value of `nextObservation`; 0 where the episode ended. */
  readonly discount: number;
}

/** Transitions drawn from a buffer, `count` of each. */
export interface ReplayBatch {
  /** Shapes: [count, ...observation], row by row. */
  readonly observations: Float32Array;
  readonly actions: Int32Array;
  readonly rewards: Float32Array;
  readonly nextObservations: Float32Array;
  readonly discounts: Float32Array;
  /** How much each counts. */
  readonly weights: Float32Array;
  /** Where they stand in the buffer. */
  readonly positions: Int32Array;
}

/** Options of ReplayBuffer. */
export interface ReplayBufferOptions {
  /** How many transitions are kept; then the oldest go. */
  readonly capacity: number;
  /** Numbers of an observation. */
  readonly observationSize: number;
}

/** The last `capacity` transitions, each drawn with the same chance. L. Lin, "Self-improving reactive agents", 1992. */
export class ReplayBuffer {
  readonly capacity: number;
  readonly observationSize: number;
  readonly #observations: Float32Array;
  readonly #nextObservations: Float32Array;
  readonly #actions: Int32Array;
  readonly #rewards: Float32Array;
  readonly #discounts: Float32Array;
  #added = 0;

  /** Throws ValueError for sizes that are no whole numbers from 1. */
  constructor(options: ReplayBufferOptions) {
    const where = "ReplayBuffer";
    checkOptions(where, options, ["capacity", "observationSize"]);
    const { capacity, observationSize } = options;
    for (const [name, value] of Object.entries({ capacity, observationSize }))
      if (!(Number.isInteger(value) && value > 0))
        throw new ValueError({ where, problem: `${name} does not make sense`, expected: "a whole number from 1", received: String(value) });
    this.capacity = capacity;
    this.observationSize = observationSize;
    this.#observations = new Float32Array(capacity * observationSize);
    this.#nextObservations = new Float32Array(capacity * observationSize);
    this.#actions = new Int32Array(capacity);
    this.#rewards = new Float32Array(capacity);
    this.#discounts = new Float32Array(capacity);
  }

  /** How many transitions are there. */
  get length(): number {
    return Math.min(this.#added, this.capacity);
  }

  /** Adds a transition, in the place of the oldest where the buffer is full; gives its position. Throws ValueError for observations of another size. */
  add(transition: Transition): number {
    const { observation, action, reward, nextObservation, discount } = transition;
    for (const given of [observation, nextObservation])
      if (given.length !== this.observationSize)
        throw new ValueError({
          where: "ReplayBuffer.add",
          problem: "the observation has another size",
          expected: `${this.observationSize} numbers`,
          received: String(given.length),
        });
    const position = this.#added++ % this.capacity;
    this.#observations.set(observation, position * this.observationSize);
    this.#nextObservations.set(nextObservation, position * this.observationSize);
    this.#actions[position] = action;
    this.#rewards[position] = reward;
    this.#discounts[position] = discount;
    return position;
  }

  /** Draws `count` transitions, the same one perhaps more than once. Throws StateError where fewer are there. */
  sample(count: number, random: RandomNumbers): ReplayBatch {
    this.requireEnough(count);
    return this.batchOf(
      Int32Array.from({ length: count }, () => random.index(this.length)),
      new Float32Array(count).fill(1),
    );
  }

  /** Throws StateError where fewer transitions are there than are asked for. */
  protected requireEnough(count: number): void {
    if (this.length >= count && count > 0) return;
    throw new StateError({
      where: "ReplayBuffer.sample",
      problem: "there are fewer transitions than are asked for",
      expected: `at least ${count}`,
      received: String(this.length),
      advice: "add more first (learningStarts of an agent)",
    });
  }

  /** The transitions at these positions. */
  protected batchOf(positions: Int32Array, weights: Float32Array): ReplayBatch {
    const size = this.observationSize;
    const count = positions.length;
    const observations = new Float32Array(count * size);
    const nextObservations = new Float32Array(count * size);
    const pick = <T extends Float32Array | Int32Array>(from: T, to: T): T => {
      for (let i = 0; i < count; i++) to[i] = from[positions[i]!]!;
      return to;
    };
    for (let i = 0; i < count; i++) {
      const start = positions[i]! * size;
      observations.set(this.#observations.subarray(start, start + size), i * size);
      nextObservations.set(this.#nextObservations.subarray(start, start + size), i * size);
    }
    return {
      observations,
      actions: pick(this.#actions, new Int32Array(count)),
      rewards: pick(this.#rewards, new Float32Array(count)),
      nextObservations,
      discounts: pick(this.#discounts, new Float32Array(count)),
      weights,
      positions,
    };
  }
}
