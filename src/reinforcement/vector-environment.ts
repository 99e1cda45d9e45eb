/** Several environments side by side. */
import { ValueError } from "../errors.ts";
import { makeDefaultSeed } from "../random/seed-generator.ts";
import { checkOptions } from "../serialization/index.ts";
import type { Environment, ResetOptions } from "./environment.ts";
import type { Box, Discrete } from "./spaces.ts";

/** What a step of several environments gives, one entry for each. */
export interface VectorStepResult {
  /** What is seen now: of a new episode where one has ended. Shapes: [count, ...observation], row by row. */
  readonly observations: Float32Array;
  readonly rewards: Float32Array;
  readonly terminated: readonly boolean[];
  readonly truncated: readonly boolean[];
  /** What was seen last in an episode that has ended; null where it goes on. */
  readonly finalObservations: readonly (Float32Array | null)[];
}

/**
 * `count` copies of an environment that take their steps together, so that a network is asked once for all. An episode that
 * ends begins anew within the same step.
 *
 * @example
 * const environments = new VectorEnvironment(() => new CartPole(), 8);
 */
export class VectorEnvironment {
  readonly environments: readonly Environment[];
  readonly observationSpace: Box;
  readonly actionSpace: Discrete;

  /** Throws ValueError for no whole number from 1, and where `make` gives the same environment twice. */
  constructor(make: () => Environment, count: number) {
    const where = "VectorEnvironment";
    if (!(Number.isInteger(count) && count > 0))
      throw new ValueError({
        where,
        problem: "this is no number of environments",
        expected: "a whole number from 1",
        received: String(count),
      });
    this.environments = Array.from({ length: count }, make);
    if (new Set(this.environments).size < count)
      throw new ValueError({
        where,
        problem: "an environment is there twice",
        expected: "a function that makes a new one with each call",
        received: "the same one again",
      });
    this.observationSpace = this.environments[0]!.observationSpace;
    this.actionSpace = this.environments[0]!.actionSpace;
  }

  /** How many there are. */
  get count(): number {
    return this.environments.length;
  }

  /** Begins an episode in each. With a seed, environment i gets seed + i. Shapes: [count, ...observation]. */
  reset(options: ResetOptions = {}): Float32Array {
    checkOptions("VectorEnvironment.reset", options, ["seed"]);
    const seed = options.seed ?? makeDefaultSeed();
    const observations = new Float32Array(this.count * this.observationSpace.size);
    this.environments.forEach((environment, i) => observations.set(environment.reset({ seed: seed + i }), i * this.observationSpace.size));
    return observations;
  }

  /** One action for each environment. Throws ValueError for another number of them. */
  step(actions: ArrayLike<number>): VectorStepResult {
    if (actions.length !== this.count)
      throw new ValueError({
        where: "VectorEnvironment.step",
        problem: "there must be one action for each environment",
        expected: String(this.count),
        received: String(actions.length),
      });
    const { size } = this.observationSpace;
    const observations = new Float32Array(this.count * size);
    const rewards = new Float32Array(this.count);
    const [terminated, truncated]: [boolean[], boolean[]] = [[], []];
    const finalObservations: (Float32Array | null)[] = [];
    this.environments.forEach((environment, i) => {
      const result = environment.step(actions[i]!);
      const isOver = result.terminated || result.truncated;
      rewards[i] = result.reward;
      terminated.push(result.terminated);
      truncated.push(result.truncated);
      finalObservations.push(isOver ? result.observation : null);
      observations.set(isOver ? environment.reset() : result.observation, i * size);
    });
    return { observations, rewards, terminated, truncated, finalObservations };
  }
}
