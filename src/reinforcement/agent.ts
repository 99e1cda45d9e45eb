/** What agents share: acting, evaluation, the record of their learning. */
import type { TypedArray } from "../dtype/index.ts";
import { StateError, ValueError } from "../errors.ts";
import type { HostValues, Tensor } from "../graph/index.ts";
import { type RandomNumbers, randomNumbers } from "../data/random-numbers.ts";
import { makeDefaultSeed } from "../random/seed-generator.ts";
import { airIsDue, takeAir, Traced } from "../runtime/index.ts";
import { flattenStructure } from "../layers/structure.ts";
import type { FileTarget, SaveOptions } from "../saving/index.ts";
import { checkOptions } from "../serialization/index.ts";
import type { Environment } from "./environment.ts";
import { type AnyModel, checkFits, outputsOf, type Spaces } from "./networks.ts";

/** What happened while an agent learned. Entries of the same group belong together. */
export interface AgentHistory {
  /** For each episode that ended: the number of steps taken by then. */
  readonly step: number[];
  /** Sum of its rewards. */
  readonly episodeReturn: number[];
  readonly episodeLength: number[];
  /** Mean loss of the updates since the episode before; NaN where there was none. */
  readonly loss: number[];
  /** For each evaluation: the number of steps taken by then. */
  readonly evaluationStep: number[];
  /** Mean sum of rewards. */
  readonly evaluationReturn: number[];
}

/** What `evaluate` gives. */
export interface Evaluation {
  /** Sum of rewards of each episode. */
  readonly returns: readonly number[];
  readonly lengths: readonly number[];
  readonly mean: number;
  readonly least: number;
  readonly largest: number;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Default 100. */
  readonly episodes?: number;
  /** Of the first episode; episode i gets seed + i. Default: the next default seed. */
  readonly seed?: number;
  /** Whether the best action is taken, or one by chance as in training. Default true. */
  readonly greedy?: boolean;
}

/** Evaluations while an agent learns. */
export interface EvaluationPlan {
  /** One of its own: the one of training is in the midst of an episode. */
  readonly environment: Environment;
  /** Steps between two evaluations. */
  readonly every: number;
  /** Default 10. */
  readonly episodes?: number;
  /** Training ends where the mean is at least this. */
  readonly stopAt?: number;
  /** Whether the weights of the best evaluation are those in the end. Default true. */
  readonly keepBest?: boolean;
}

/** Options of `train`. */
export interface TrainOptions {
  /** Steps of the environment; those of environments side by side are counted together. */
  readonly steps: number;
  readonly evaluation?: EvaluationPlan;
  /** Called at the end of each episode, and after each evaluation. */
  readonly onProgress?: (history: AgentHistory) => void;
  /** Ends the training. */
  readonly signal?: AbortSignal;
}

/** Options that every agent takes. */
export interface AgentOptions {
  /** Makes exploration, replay and the environment's episodes repeat. Default: the next default seed (`setRandomSeed`). */
  readonly seed?: number;
}

/** Evaluations get seeds that training does not have. */
const evaluationSeeds = 2 ** 24;

/** An agent with a network: acts, is evaluated, learns. */
export abstract class Agent<E extends Spaces = Environment> {
  /** What decides. Save it with `agent.save`; an agent made with the loaded model acts the same. */
  readonly network: AnyModel;
  readonly history: AgentHistory = { step: [], episodeReturn: [], episodeLength: [], loss: [], evaluationStep: [], evaluationReturn: [] };
  readonly seed: number;
  protected readonly random: RandomNumbers;
  readonly #where: string;
  readonly #forward: Traced;
  readonly #observationShape: readonly number[];
  #losses: number[] = [];
  #steps = 0;
  #isTraining = false;

  protected constructor(where: string, network: AnyModel, outputs: readonly number[], options: AgentOptions) {
    outputsOf(where, network, outputs);
    this.#where = where;
    this.network = network;
    this.#observationShape = (network.inputs as Tensor).shape.slice(1) as number[];
    this.seed = options.seed ?? makeDefaultSeed();
    if (!Number.isInteger(this.seed))
      throw new ValueError({ where, problem: "this is no seed", expected: "a whole number", received: String(options.seed) });
    this.random = randomNumbers(this.seed, 1);
    this.#forward = new Traced((observations) => applied(network, observations, false));
  }

  /** Steps of training so far. */
  get steps(): number {
    return this.#steps;
  }

  /** An action by what the network gave for one observation, at `row` of its outputs. */
  protected abstract choose(outputs: readonly TypedArray[], row: number, greedy: boolean): number;

  /** Learns. */
  protected abstract learn(environment: E, course: Course): Promise<void>;

  /** The network's outputs for observations one after another. At once where nothing else runs. */
  protected outputs(observations: Float32Array, count: number): TypedArray[] | Promise<TypedArray[]> {
    return this.#forward.run([{ values: observations, shape: [count, ...this.#observationShape], dtype: "float32" }]);
  }

  /** The same for what environments show. Throws ValueError for numbers that are not finite. */
  protected checkedOutputs(
    where: string,
    environment: Spaces & { readonly count?: number },
    observations: Float32Array,
  ): TypedArray[] | Promise<TypedArray[]> {
    const { observationSpace, count = 1 } = environment;
    for (let i = 0; i < count; i++)
      observationSpace.check(where, observations.subarray(i * observationSpace.size, (i + 1) * observationSpace.size));
    return this.outputs(observations, count);
  }

  /**
   * The action for an observation: the best one, or with `greedy: false` one by chance as in training. Throws ValueError for
   * observations of another size, and numbers that are not finite.
   */
  async act(observation: ArrayLike<number>, options: { readonly greedy?: boolean } = {}): Promise<number> {
    const where = `${this.#where}.act`;
    checkOptions(where, options, ["greedy"]);
    const size = this.#observationShape.reduce((product, extent) => product * extent, 1);
    if (observation.length !== size || !Array.prototype.every.call(observation, Number.isFinite))
      throw new ValueError({
        where,
        problem: "this is no observation for the network",
        expected: `${size} finite numbers`,
        received: observation.length === size ? "numbers that are not finite" : `${observation.length} numbers`,
      });
    return this.choose(await this.outputs(Float32Array.from(observation), 1), 0, options.greedy ?? true);
  }

  /** Plays whole episodes without learning. Throws ValueError and ShapeError where environment and network do not fit. */
  async evaluate(environment: Environment, options: EvaluateOptions = {}): Promise<Evaluation> {
    const where = `${this.#where}.evaluate`;
    checkOptions(where, options, ["episodes", "seed", "greedy"]);
    const { episodes = 100, seed = makeDefaultSeed(), greedy = true } = options;
    checkCount(where, "episodes", episodes);
    checkFits(where, this.network, environment);
    const [returns, lengths]: [number[], number[]] = [[], []];
    for (let episode = 0; episode < episodes; episode++) {
      let observation = environment.reset({ seed: seed + episode });
      let [total, steps] = [0, 0];
      for (;;) {
        const running = this.checkedOutputs(where, environment, observation);
        const action = this.choose(running instanceof Promise ? await running : running, 0, greedy);
        const result = environment.step(action);
        total += checkReward(where, result.reward);
        steps++;
        if (airIsDue(0)) await takeAir();
        if (result.terminated || result.truncated) break;
        observation = result.observation;
      }
      returns.push(total);
      lengths.push(steps);
    }
    const mean = returns.reduce((sum, value) => sum + value, 0) / episodes;
    return { returns, lengths, mean, least: Math.min(...returns), largest: Math.max(...returns) };
  }

  /**
   * Learns in an environment. Calling it again goes on with what was learnt. Throws ValueError and ShapeError where
   * environment and network do not fit, and for observations and rewards that are not finite; StateError while it is learning.
   */
  async train(environment: E, options: TrainOptions): Promise<AgentHistory> {
    const where = `${this.#where}.train`;
    checkOptions(where, options, ["steps", "evaluation", "onProgress", "signal"]);
    checkCount(where, "steps", options.steps);
    const plan = options.evaluation;
    if (plan !== undefined) {
      checkOptions(`${where}, evaluation`, plan, ["environment", "every", "episodes", "stopAt", "keepBest"]);
      checkCount(where, "evaluation.every", plan.every);
      if ((plan.environment as Spaces) === environment)
        throw new ValueError({
          where,
          problem: "the evaluation's environment is that of training, in the midst of an episode",
          expected: "one of its own",
          received: "the same",
        });
    }
    checkFits(where, this.network, environment);
    if (this.#isTraining) throw new StateError({ where, problem: "the agent is learning already", advice: "wait for its end first" });
    this.#isTraining = true;
    try {
      const course = new Course(this, options, this.#steps);
      try {
        await this.learn(environment, course);
        await course.end();
      } finally {
        this.#steps = course.step;
      }
    } finally {
      this.#isTraining = false;
    }
    return this.history;
  }

  /** Saves the network, as `model.save` does. */
  async save(target: FileTarget, options: SaveOptions = {}): Promise<void> {
    await this.network.save(target, options);
  }

  /** Keeps the loss of an update for the history. */
  protected addLoss(loss: number): void {
    this.#losses.push(loss);
  }

  /** Writes down the end of an episode. */
  record(step: number, episodeReturn: number, episodeLength: number): void {
    const { history } = this;
    history.step.push(step);
    history.episodeReturn.push(episodeReturn);
    history.episodeLength.push(episodeLength);
    history.loss.push(this.#losses.reduce((sum, loss) => sum + loss, 0) / this.#losses.length);
    this.#losses = [];
  }
}

/** A run of `train`: when to evaluate, when to end, which weights were the best. */
export class Course {
  /** Steps so far, those of earlier runs included. */
  step: number;
  readonly #agent: Agent<never>;
  readonly #options: TrainOptions;
  readonly #last: number;
  #nextEvaluation: number;
  #best: { readonly mean: number; readonly weights: readonly Tensor[] } | null = null;
  #isStopped = false;

  constructor(agent: Agent<never>, options: TrainOptions, start: number) {
    this.#agent = agent;
    this.#options = options;
    this.step = start;
    this.#last = start + options.steps;
    this.#nextEvaluation = start + (options.evaluation?.every ?? Infinity);
  }

  /** Whether there is more to do. */
  get goesOn(): boolean {
    return !this.#isStopped && this.step < this.#last && this.#options.signal?.aborted !== true;
  }

  /** An episode has ended. */
  episodeEnded(episodeReturn: number, episodeLength: number): void {
    this.#agent.record(this.step, episodeReturn, episodeLength);
    this.#options.onProgress?.(this.#agent.history);
  }

  /** Counts steps; evaluates where it is time to. */
  async took(steps: number): Promise<void> {
    this.step += steps;
    if (this.step >= this.#nextEvaluation) await this.#evaluate();
    if (airIsDue(0)) await takeAir();
  }

  async #evaluate(): Promise<void> {
    const plan = this.#options.evaluation!;
    this.#nextEvaluation += plan.every;
    const { history, seed, network } = this.#agent;
    const { mean } = await this.#agent.evaluate(plan.environment, { episodes: plan.episodes ?? 10, seed: evaluationSeeds + seed });
    history.evaluationStep.push(this.step);
    history.evaluationReturn.push(mean);
    if (plan.keepBest !== false && (this.#best === null || mean >= this.#best.mean))
      this.#best = { mean, weights: await network.getWeights() };
    if (plan.stopAt !== undefined && mean >= plan.stopAt) this.#isStopped = true;
    this.#options.onProgress?.(history);
  }

  /** Takes the best weights back. */
  async end(): Promise<void> {
    if (this.#best !== null) await this.#agent.network.setWeights([...this.#best.weights]);
  }
}

/** What a network gives in a program: a list of its outputs. */
export function applied(network: AnyModel, observations: Tensor, training: boolean): Tensor[] {
  return flattenStructure(network(observations, { training })) as Tensor[];
}

/** Throws ValueError for what is no whole number from 1. */
export function checkCount(where: string, name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new ValueError({ where, problem: `${name} does not make sense`, expected: "a whole number from 1", received: String(value) });
}

/** Throws ValueError for a reward that is not finite. */
export function checkReward(where: string, reward: number): number {
  if (Number.isFinite(reward)) return reward;
  throw new ValueError({ where, problem: "the reward is not finite", expected: "a number", received: String(reward) });
}

/** The position of the largest value in a row. */
export function largestIn(values: TypedArray, row: number, columns: number): number {
  let best = 0;
  for (let i = 1; i < columns; i++) if (values[row * columns + i]! > values[row * columns + best]!) best = i;
  return best;
}

/** Arguments of a program. */
export function argument(values: TypedArray, shape: readonly number[], dtype: HostValues["dtype"] = "float32"): HostValues {
  return { values, shape: [...shape], dtype };
}
