/** REINFORCE. */
import type { Tensor } from "../graph/index.ts";
import type { Model } from "../models/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { checkCount, checkReward, type Course } from "./agent.ts";
import type { Environment } from "./environment.ts";
import type { AnyModel } from "./networks.ts";
import { policyOptionNames, PolicyGradientAgent, type PolicyGradientOptions } from "./policy-gradient.ts";
import { discountedReturns } from "./returns.ts";

/** Options of Reinforce. */
export interface ReinforceOptions extends PolicyGradientOptions {
  /**
   * From observations to preferences of actions [n, actions], and where it has a second output, values [n, 1] that are the
   * baseline; see `actorCriticNetwork`.
   */
  readonly network: Model | Model<Tensor, [Tensor, Tensor]>;
  /** Whole episodes between two updates. Default 8. */
  readonly episodes?: number;
}

/** An episode. */
interface Episode {
  readonly observations: Float32Array[];
  readonly actions: number[];
  readonly values: number[];
  readonly returns: Float32Array;
}

/**
 * Learns chances of actions from the returns of whole episodes: `A_t = G_t - V(s_t)`, or `G_t` where the network gives no
 * values. R. Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning", 1992;
 * R. Sutton, A. Barto, "Reinforcement learning: an introduction", 2nd edition, section 13.4.
 *
 * @example
 * const agent = new Reinforce({ network: actorCriticNetwork(environment), seed: 1 });
 * await agent.train(environment, { steps: 100_000 });
 */
export class Reinforce extends PolicyGradientAgent {
  readonly episodes: number;

  /** Throws ValueError for options that do not make sense. */
  constructor(options: ReinforceOptions) {
    const where = "Reinforce";
    checkOptions(where, options, ["network", "episodes", ...policyOptionNames]);
    const { network, episodes = 8 } = options;
    super(where, network as unknown as AnyModel, [1, 2], options);
    checkCount(where, "episodes", episodes);
    this.episodes = episodes;
  }

  protected override async learn(environment: Environment, course: Course): Promise<void> {
    let seed: number | undefined = this.seed + course.step;
    let done: Episode[] = [];
    while (course.goesOn) {
      const episode = await this.#play(environment, course, seed);
      seed = undefined;
      if (episode === null) break;
      done.push(episode);
      if (done.length < this.episodes) continue;
      await this.#learnFrom(done);
      done = [];
    }
  }

  /** One episode; null where the run ends in the midst of it. */
  async #play(environment: Environment, course: Course, seed: number | undefined): Promise<Episode | null> {
    const where = "Reinforce.train";
    let observation = environment.reset(seed === undefined ? {} : { seed });
    const [observations, actions, values, rewards]: [Float32Array[], number[], number[], number[]] = [[], [], [], []];
    while (course.goesOn) {
      const outputs = await this.checkedOutputs(where, environment, observation);
      const action = this.choose(outputs, 0, false);
      observations.push(observation);
      actions.push(action);
      values.push(this.hasValues ? outputs[1]![0]! : 0);
      const result = environment.step(action);
      rewards.push(checkReward(where, result.reward));
      observation = result.observation;
      await course.took(1);
      if (!result.terminated && !result.truncated) continue;
      // Where an episode was cut, what would have followed is known by the baseline alone.
      const last = result.terminated || !this.hasValues ? 0 : (await this.checkedOutputs(where, environment, observation))[1]![0]!;
      course.episodeEnded(
        rewards.reduce((sum, reward) => sum + reward, 0),
        rewards.length,
      );
      return { observations, actions, values, returns: discountedReturns(rewards, this.discount, last) };
    }
    return null;
  }

  async #learnFrom(episodes: readonly Episode[]): Promise<void> {
    const steps = episodes.reduce((sum, { actions }) => sum + actions.length, 0);
    // Filled up to a power of two: a program is made for each length.
    const count = 2 ** Math.ceil(Math.log2(steps));
    const size = episodes[0]!.observations[0]!.length;
    const observations = new Float32Array(count * size);
    const actions = new Int32Array(count);
    const [advantages, returns, weights] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
    let at = 0;
    for (const episode of episodes) {
      for (let t = 0; t < episode.actions.length; t++, at++) {
        observations.set(episode.observations[t]!, at * size);
        actions[at] = episode.actions[t]!;
        returns[at] = episode.returns[t]!;
        advantages[at] = episode.returns[t]! - episode.values[t]!;
        weights[at] = 1;
      }
    }
    await this.update({ observations, actions, advantages, returns, weights });
  }
}
