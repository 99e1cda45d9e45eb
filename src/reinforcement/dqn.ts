/** Deep Q-networks. */
import { gradients } from "../autodiff/index.ts";
import type { TypedArray } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { cloneModel, type Model } from "../models/index.ts";
import * as ops from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { Traced } from "../runtime/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { Agent, type AgentOptions, applied, argument, checkCount, checkReward, type Course, largestIn } from "./agent.ts";
import type { Environment } from "./environment.ts";
import type { AnyModel } from "./networks.ts";
import { NStepTransitions } from "./n-step-transitions.ts";
import { PrioritizedReplayBuffer } from "./prioritized-replay-buffer.ts";
import { type ReplayBatch, ReplayBuffer } from "./replay-buffer.ts";
import { checkShare } from "./returns.ts";
import { linearSchedule, type Schedule } from "./schedules.ts";

/** Options of DQN. */
export interface DQNOptions extends AgentOptions {
  /** From observations [n, ...observation] to the values of actions [n, actions]; see `qNetwork`. */
  readonly network: Model;
  /** A name or an optimizer. Default Adam, rate 1e-3. */
  readonly optimizer?: string | optimizers.Optimizer;
  /** What a reward one step later counts. Default 0.99. */
  readonly discount?: number;
  /** Chance of an action by chance, for each step. Default: evenly from 1 to 0.05 in 10,000 steps. */
  readonly exploration?: number | Schedule;
  /** Transitions that are kept. Default 50,000. */
  readonly bufferSize?: number;
  /** Default 64. */
  readonly batchSize?: number;
  /** Steps before the first update. Default 1,000. */
  readonly learningStarts?: number;
  /** Steps between two rounds of updates. Default 4. */
  readonly trainEvery?: number;
  /** Updates of a round. Default 1. */
  readonly updates?: number;
  /** Updates after which the target network follows. Default 250. */
  readonly targetUpdateEvery?: number;
  /** How far it follows then: 1 wholly. Default 1. */
  readonly targetUpdateRate?: number;
  /** Whether the next action is chosen by the network and judged by the target network. Default true. */
  readonly double?: boolean;
  /** Steps that a target looks ahead. Default 1. */
  readonly nStep?: number;
  /** Whether transitions that surprise more are drawn more often. Default false. */
  readonly prioritized?: boolean;
}

type Settings = Required<Omit<DQNOptions, "network" | "optimizer" | "seed" | "exploration" | "prioritized">>;

/**
 * Learns values of actions, `Q(s, a) <- r + discount max_b Q'(s', b)`, from transitions drawn out of a replay buffer; Q' is a
 * target network that follows now and then, errors count by Huber's loss. V. Mnih et al., "Human-level control through deep
 * reinforcement learning", 2015, algorithm 1. With `double` the action b is the one that Q takes for best (H. van Hasselt et
 * al., "Deep reinforcement learning with double Q-learning", 2015).
 *
 * @example
 * const environment = new CartPole();
 * const agent = new DQN({ network: qNetwork(environment), seed: 1 });
 * await agent.train(environment, { steps: 50_000 });
 * const { mean } = await agent.evaluate(new CartPole(), { episodes: 100 });
 */
export class DQN extends Agent {
  readonly buffer: ReplayBuffer;
  readonly targetNetwork: AnyModel;
  readonly optimizer: optimizers.Optimizer;
  readonly exploration: Schedule;
  readonly #settings: Settings;
  readonly #update: Traced;
  readonly #follow: Traced;
  readonly #shape: readonly number[];
  readonly #actions: number;
  #updates = 0;

  /** Throws ValueError for options that do not make sense. */
  constructor(options: DQNOptions) {
    const where = "DQN";
    const { network, optimizer = optimizers.Adam({ learningRate: 1e-3 }), exploration, prioritized = false, seed, ...rest } = options;
    super(where, network as AnyModel, [1], seed === undefined ? {} : { seed });
    const defaults: Settings = {
      discount: 0.99,
      bufferSize: 50_000,
      batchSize: 64,
      learningStarts: 1000,
      trainEvery: 4,
      updates: 1,
      targetUpdateEvery: 250,
      targetUpdateRate: 1,
      double: true,
      nStep: 1,
    };
    checkOptions(where, rest, Object.keys(defaults));
    const settings: Settings = { ...defaults, ...rest };
    for (const name of ["bufferSize", "batchSize", "learningStarts", "trainEvery", "updates", "targetUpdateEvery", "nStep"] as const)
      checkCount(where, name, settings[name]);
    checkShare(where, "discount", settings.discount);
    if (!(settings.targetUpdateRate > 0 && settings.targetUpdateRate <= 1))
      throw new ValueError({
        where,
        problem: "targetUpdateRate is a share",
        expected: "above 0, at most 1",
        received: String(settings.targetUpdateRate),
      });
    if (settings.batchSize > settings.bufferSize)
      throw new ValueError({
        where,
        problem: "the buffer is smaller than a batch",
        expected: `bufferSize from ${settings.batchSize}`,
        received: String(settings.bufferSize),
      });
    this.#settings = settings;
    this.exploration =
      typeof exploration === "number" ? () => exploration : (exploration ?? linearSchedule({ from: 1, to: 0.05, steps: 10_000 }));
    this.optimizer = optimizers.get(optimizer);
    this.#shape = network.inputs!.shape.slice(1) as number[];
    this.#actions = network.outputs!.shape.at(-1)!;
    const sizes = { capacity: settings.bufferSize, observationSize: this.#shape.reduce((product, extent) => product * extent, 1) };
    this.buffer = prioritized ? new PrioritizedReplayBuffer(sizes) : new ReplayBuffer(sizes);
    this.targetNetwork = cloneModel(network as AnyModel);
    this.#follow = new Traced((rate) => {
      this.targetNetwork.weights.forEach((target, i) => {
        const [old, wanted] = [target.read(), this.network.weights[i]!.read()];
        target.assign(ops.add(old, ops.multiply(ops.subtract(wanted, old), ops.cast(rate, old.dtype))));
      });
      return [];
    });
    this.#update = new Traced((...tensors) => this.#updateGraph(tensors));
  }

  /** The program of an update; gives the loss and the error of each transition. */
  #updateGraph(tensors: readonly Tensor[]): Tensor[] {
    const [observations, actions, rewards, nextObservations, discounts, weights] = tensors as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const variables = this.network.trainableWeights;
    const versions = variables.map((variable) => variable.read());
    const valueOf = (values: Tensor, chosen: Tensor): Tensor => ops.sum(ops.multiply(values, ops.oneHot(chosen, this.#actions)), -1);
    const next = applied(this.targetNetwork, nextObservations, false)[0]!;
    const following = this.#settings.double
      ? valueOf(next, ops.argmax(applied(this.network, nextObservations, false)[0]!, -1))
      : ops.max(next, -1);
    const wanted = ops.stopGradient(ops.add(rewards, ops.multiply(discounts, following)));
    const error = ops.subtract(valueOf(applied(this.network, observations, true)[0]!, actions), wanted);
    const size = ops.abs(error);
    // Huber's loss with its corner at 1: what Mnih et al. call clipping the error.
    const huber = ops.where(ops.less(size, 1), ops.multiply(ops.square(error), 0.5), ops.subtract(size, 0.5));
    const loss = ops.mean(ops.multiply(huber, weights));
    this.optimizer.apply(gradients([loss], versions), variables);
    return [loss, size];
  }

  /** One update with a batch; gives its loss. */
  async update(batch: ReplayBatch): Promise<number> {
    const count = batch.actions.length;
    const running = this.#update.run([
      argument(batch.observations, [count, ...this.#shape]),
      argument(batch.actions, [count], "int32"),
      argument(batch.rewards, [count]),
      argument(batch.nextObservations, [count, ...this.#shape]),
      argument(batch.discounts, [count]),
      argument(batch.weights, [count]),
    ]);
    const [loss, errors] = running instanceof Promise ? await running : running;
    if (this.buffer instanceof PrioritizedReplayBuffer) this.buffer.update(batch.positions, errors!);
    this.#updates++;
    if (this.#updates % this.#settings.targetUpdateEvery === 0) await this.#followTarget(this.#settings.targetUpdateRate);
    this.addLoss(loss![0]!);
    return loss![0]!;
  }

  async #followTarget(rate: number): Promise<void> {
    const running = this.#follow.run([argument(Float32Array.of(rate), [])]);
    if (running instanceof Promise) await running;
  }

  /** Best value, or with `greedy: false` by chance as often as `exploration` says of the steps so far. */
  protected override choose(outputs: readonly TypedArray[], row: number, greedy: boolean): number {
    if (!greedy && this.random.uniform() < this.exploration(this.steps)) return this.random.index(this.#actions);
    return largestIn(outputs[0]!, row, this.#actions);
  }

  protected override async learn(environment: Environment, course: Course): Promise<void> {
    const where = "DQN.train";
    const { learningStarts, trainEvery, updates, batchSize, nStep, discount } = this.#settings;
    const steps = new NStepTransitions(nStep, discount);
    if (this.#updates === 0) await this.#followTarget(1);
    let observation = environment.reset({ seed: this.seed + course.step });
    environment.observationSpace.check(where, observation);
    let [episodeReturn, episodeLength] = [0, 0];
    while (course.goesOn) {
      let action: number;
      if (this.random.uniform() < this.exploration(course.step)) action = this.random.index(this.#actions);
      else {
        const running = this.outputs(observation, 1);
        action = largestIn((running instanceof Promise ? await running : running)[0]!, 0, this.#actions);
      }
      const { observation: nextObservation, reward, terminated, truncated } = environment.step(action);
      environment.observationSpace.check(where, nextObservation);
      episodeReturn += checkReward(where, reward);
      episodeLength++;
      for (const transition of steps.add({ observation, action, reward, nextObservation, terminated, truncated }))
        this.buffer.add(transition);
      const isOver = terminated || truncated;
      observation = isOver ? environment.reset() : nextObservation;
      const taken = course.step + 1;
      if (taken >= learningStarts && taken % trainEvery === 0 && this.buffer.length >= batchSize)
        for (let i = 0; i < updates; i++) await this.update(this.buffer.sample(batchSize, this.random));
      await course.took(1);
      if (!isOver) continue;
      course.episodeEnded(episodeReturn, episodeLength);
      [episodeReturn, episodeLength] = [0, 0];
    }
  }
}
