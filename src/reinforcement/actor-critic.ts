/** Actor and critic. */
import type { TypedArray } from "../dtype/index.ts";
import type { Tensor } from "../graph/index.ts";
import type { Model } from "../models/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { checkCount, checkReward, type Course } from "./agent.ts";
import type { Environment } from "./environment.ts";
import type { AnyModel } from "./networks.ts";
import { policyOptionNames, PolicyGradientAgent, type PolicyGradientOptions } from "./policy-gradient.ts";
import { checkShare, generalizedAdvantages } from "./returns.ts";
import { VectorEnvironment } from "./vector-environment.ts";

/** Options of ActorCritic. */
export interface ActorCriticOptions extends PolicyGradientOptions {
  /** From observations to preferences of actions [n, actions] and values [n, 1]; see `actorCriticNetwork`. */
  readonly network: Model<Tensor, [Tensor, Tensor]>;
  /** Steps of each environment between two updates. Default 16. */
  readonly horizon?: number;
  /** How far advantages look ahead; see `generalizedAdvantages`. Default 0.95. */
  readonly lambda?: number;
}

/** Steps of one environment since the last update. */
interface Track {
  readonly rewards: number[];
  readonly values: number[];
  readonly nextValues: number[];
  readonly terminated: boolean[];
  readonly isLast: boolean[];
}

/**
 * Learns chances of actions (the actor) by how much better they turned out than the value (the critic) had said: advantage
 * actor-critic, synchronous, with generalized advantages. After every `horizon` steps of all environments one update. V. Mnih
 * et al., "Asynchronous methods for deep reinforcement learning", 2016; R. Sutton, A. Barto, "Reinforcement learning: an
 * introduction", 2nd edition, section 13.5.
 *
 * @example
 * const environments = new VectorEnvironment(() => new CartPole(), 8);
 * const agent = new ActorCritic({ network: actorCriticNetwork(environments), seed: 1 });
 * await agent.train(environments, { steps: 100_000 });
 */
export class ActorCritic extends PolicyGradientAgent<Environment | VectorEnvironment> {
  readonly horizon: number;
  readonly lambda: number;

  /** Throws ValueError for options that do not make sense. */
  constructor(options: ActorCriticOptions) {
    const where = "ActorCritic";
    checkOptions(where, options, ["network", "horizon", "lambda", ...policyOptionNames]);
    const { network, horizon = 16, lambda = 0.95 } = options;
    super(where, network as unknown as AnyModel, [2], options);
    checkCount(where, "horizon", horizon);
    checkShare(where, "lambda", lambda);
    this.horizon = horizon;
    this.lambda = lambda;
  }

  protected override async learn(environment: Environment | VectorEnvironment, course: Course): Promise<void> {
    const where = "ActorCritic.train";
    const all = environment instanceof VectorEnvironment ? environment : new VectorEnvironment(() => environment, 1);
    const { count } = all;
    const { size } = all.observationSpace;
    const [returns, lengths] = [new Float64Array(count), new Int32Array(count)];
    let observations = all.reset({ seed: this.seed + course.step });
    let outputs = await this.outputs(observations, count);
    while (course.goesOn) {
      const tracks = Array.from({ length: count }, (): Track => ({ rewards: [], values: [], nextValues: [], terminated: [], isLast: [] }));
      const seen = new Float32Array(this.horizon * count * size);
      const actions = new Int32Array(this.horizon * count);
      for (let t = 0; t < this.horizon; t++) {
        seen.set(observations, t * count * size);
        const chosen = Array.from({ length: count }, (_, i) => this.choose(outputs, i, false));
        actions.set(chosen, t * count);
        const result = all.step(chosen);
        const values = outputs[1]!;
        // The next values of those that go on; what was seen last in an episode that was cut is asked for by itself.
        outputs = await this.checkedOutputs(where, all, result.observations);
        const cut = await this.#valuesOf(result.finalObservations.map((final, i) => (result.truncated[i]! ? final : null)));
        for (let i = 0; i < count; i++) {
          const track = tracks[i]!;
          const isLast = result.terminated[i]! || result.truncated[i]!;
          track.rewards.push(checkReward(where, result.rewards[i]!));
          track.values.push(values[i]!);
          track.nextValues.push(cut[i] ?? outputs[1]![i]!);
          track.terminated.push(result.terminated[i]!);
          track.isLast.push(isLast);
          returns[i]! += result.rewards[i]!;
          lengths[i]!++;
          if (!isLast) continue;
          course.episodeEnded(returns[i]!, lengths[i]!);
          returns[i] = lengths[i] = 0;
        }
        observations = result.observations;
        await course.took(count);
      }
      await this.#learnFrom(tracks, seen, actions);
      outputs = await this.outputs(observations, count);
    }
  }

  /** Rows of a batch stand as they were seen: all environments at one time, then at the next. */
  async #learnFrom(tracks: readonly Track[], observations: Float32Array, actions: Int32Array): Promise<void> {
    const count = tracks.length;
    const [advantages, returns] = [new Float32Array(actions.length), new Float32Array(actions.length)];
    tracks.forEach((track, i) => {
      generalizedAdvantages(track, this.discount, this.lambda).forEach((advantage, t) => {
        advantages[t * count + i] = advantage;
        returns[t * count + i] = advantage + track.values[t]!;
      });
    });
    await this.update({ observations, actions, advantages, returns, weights: new Float32Array(actions.length).fill(1) });
  }

  async #valuesOf(observations: readonly (Float32Array | null)[]): Promise<(number | null)[]> {
    const values: (number | null)[] = [];
    for (const observation of observations) {
      const outputs: TypedArray[] | null = observation === null ? null : await this.outputs(observation, 1);
      values.push(outputs === null ? null : outputs[1]![0]!);
    }
    return values;
  }
}
