/** Environments: what an agent acts in. */
import { StateError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { type RandomNumbers, randomNumbers } from "../data/random-numbers.ts";
import { makeDefaultSeed } from "../random/seed-generator.ts";
import type { Box, Discrete } from "./spaces.ts";

/** What a step gives. */
export interface StepResult {
  /** What is seen now; the array is the caller's. */
  readonly observation: Float32Array;
  readonly reward: number;
  /** The episode has come to an end of its own: nothing follows, the value of what follows is 0. */
  readonly terminated: boolean;
  /** The episode was cut, by a limit of time: more would follow. */
  readonly truncated: boolean;
}

/** Options of `reset`. */
export interface ResetOptions {
  /** Begins the environment's random numbers anew; without one they go on. */
  readonly seed?: number;
}

/**
 * A world in which one action follows another, as Gymnasium defines it: `reset` begins an episode, `step` takes an action,
 * until `terminated` or `truncated`.
 *
 * @example
 * let observation = environment.reset({ seed: 1 });
 * for (;;) {
 *   const result = environment.step((await agent.act(observation)));
 *   if (result.terminated || result.truncated) break;
 *   observation = result.observation;
 * }
 */
export interface Environment {
  readonly observationSpace: Box;
  readonly actionSpace: Discrete;
  /** Begins an episode and gives its first observation. */
  reset(options?: ResetOptions): Float32Array;
  /** Throws ValueError for an unknown action, StateError before `reset` and after an episode's end. */
  step(action: number): StepResult;
  /** The present scene as a picture, values 0 to 1. Shapes: [height, width]. */
  render?(): Tensor;
}

/** The random numbers of an environment: those of a seed, or the same ones going on. */
export function resetRandom(present: RandomNumbers | null, options: ResetOptions): RandomNumbers {
  if (options.seed === undefined && present !== null) return present;
  return randomNumbers(options.seed ?? makeDefaultSeed(), 0);
}

/** Throws StateError unless an episode is going on. */
export function requireEpisode(where: string, isGoingOn: boolean): void {
  if (isGoingOn) return;
  throw new StateError({
    where,
    problem: "no episode is going on",
    expected: "a step after reset, before the end",
    advice: "call reset()",
  });
}
