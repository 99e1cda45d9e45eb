/** What agents share that learn chances of actions. */
import { gradients } from "../autodiff/index.ts";
import type { TypedArray } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import * as optimizers from "../optimizers/index.ts";
import { Traced } from "../runtime/index.ts";
import { Agent, type AgentOptions, applied, argument, largestIn } from "./agent.ts";
import type { Environment } from "./environment.ts";
import type { AnyModel, Spaces } from "./networks.ts";
import { checkShare } from "./returns.ts";

/** Options of agents that learn chances of actions. */
export interface PolicyGradientOptions extends AgentOptions {
  /** A name or an optimizer. Default Adam, rate 1e-3. */
  readonly optimizer?: string | optimizers.Optimizer;
  /** What a reward one step later counts. Default 0.99. */
  readonly discount?: number;
  /** Factor of the loss of values. Default 0.5. */
  readonly valueWeight?: number;
  /** Factor of the reward for chances that are spread. Default 0.01. */
  readonly entropyWeight?: number;
  /** Whether advantages of an update get mean 0 and deviation 1. Default true. */
  readonly normalizeAdvantages?: boolean;
}

/** Names of these options. */
export const policyOptionNames: readonly string[] = [
  "optimizer",
  "discount",
  "valueWeight",
  "entropyWeight",
  "normalizeAdvantages",
  "seed",
];

/** Steps that an update learns from. */
export interface PolicyBatch {
  /** Shapes: [count, ...observation], row by row. */
  readonly observations: Float32Array;
  readonly actions: Int32Array;
  readonly advantages: Float32Array;
  /** What values are to become. */
  readonly returns: Float32Array;
  /** 1, or 0 for what only fills the batch up. */
  readonly weights: Float32Array;
}

/**
 * The network gives preferences of actions, `pi(a|s) = softmax`, and perhaps a value V(s); an update follows the gradient of
 * `-mean(A log pi(a|s)) + valueWeight mean((V - G)^2) - entropyWeight mean(H(pi))`.
 */
export abstract class PolicyGradientAgent<E extends Spaces = Environment> extends Agent<E> {
  readonly optimizer: optimizers.Optimizer;
  readonly discount: number;
  /** Whether the network gives values too. */
  readonly hasValues: boolean;
  protected readonly shape: readonly number[];
  protected readonly actionCount: number;
  protected readonly normalizeAdvantages: boolean;
  readonly #update: Traced;

  protected constructor(where: string, network: AnyModel, outputs: readonly number[], options: PolicyGradientOptions) {
    super(where, network, outputs, options.seed === undefined ? {} : { seed: options.seed });
    const { optimizer = optimizers.Adam({ learningRate: 1e-3 }), discount = 0.99, valueWeight = 0.5, entropyWeight = 0.01 } = options;
    checkShare(where, "discount", discount);
    for (const [name, value] of Object.entries({ valueWeight, entropyWeight }))
      if (!(value >= 0 && Number.isFinite(value)))
        throw new ValueError({ where, problem: `${name} does not make sense`, expected: "a number from 0", received: String(value) });
    const given = [network.outputs].flat() as Tensor[];
    this.optimizer = optimizers.get(optimizer);
    this.discount = discount;
    this.hasValues = given.length === 2;
    this.shape = (network.inputs as Tensor).shape.slice(1) as number[];
    this.actionCount = given[0]!.shape.at(-1)!;
    this.normalizeAdvantages = options.normalizeAdvantages ?? true;
    this.#update = new Traced((...tensors) => {
      const [observations, actions, advantages, returns, weights] = tensors as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const variables = network.trainableWeights;
      const versions = variables.map((variable) => variable.read());
      const [logits, values] = applied(network, observations, true);
      const mean = (x: Tensor): Tensor => ops.divide(ops.sum(ops.multiply(x, weights)), ops.sum(weights));
      const logChances = ops.logSoftmax(logits!);
      const chosen = ops.sum(ops.multiply(logChances, ops.oneHot(actions, this.actionCount)), -1);
      const entropy = ops.negative(ops.sum(ops.multiply(ops.exp(logChances), logChances), -1));
      let loss = ops.subtract(ops.multiply(mean(entropy), -entropyWeight), mean(ops.multiply(chosen, advantages)));
      if (values !== undefined)
        loss = ops.add(loss, ops.multiply(mean(ops.square(ops.subtract(ops.reshape(values, [-1]), returns))), valueWeight));
      this.optimizer.apply(gradients([loss], versions), variables);
      return [loss];
    });
  }

  /** One update; gives its loss. */
  async update(batch: PolicyBatch): Promise<number> {
    const count = batch.actions.length;
    const advantages = this.normalizeAdvantages ? normalized(batch.advantages, batch.weights) : batch.advantages;
    const running = this.#update.run([
      argument(batch.observations, [count, ...this.shape]),
      argument(batch.actions, [count], "int32"),
      argument(advantages, [count]),
      argument(batch.returns, [count]),
      argument(batch.weights, [count]),
    ]);
    const [loss] = running instanceof Promise ? await running : running;
    this.addLoss(loss![0]!);
    return loss![0]!;
  }

  /** The likeliest action, or with `greedy: false` one by its chances. */
  protected override choose(outputs: readonly TypedArray[], row: number, greedy: boolean): number {
    const logits = outputs[0]!;
    const best = largestIn(logits, row, this.actionCount);
    if (greedy) return best;
    const start = row * this.actionCount;
    // Relative to the likeliest, so that nothing overflows.
    return this.random.weighted(Array.from({ length: this.actionCount }, (_, i) => Math.exp(logits[start + i]! - logits[start + best]!)));
  }
}

/** Mean 0 and deviation 1 over what counts. */
function normalized(values: Float32Array, weights: Float32Array): Float32Array {
  let [count, sum, squares] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    count += weights[i]!;
    sum += weights[i]! * values[i]!;
  }
  const mean = sum / count;
  for (let i = 0; i < values.length; i++) squares += weights[i]! * (values[i]! - mean) ** 2;
  const deviation = Math.sqrt(squares / count) + 1e-8;
  return values.map((value) => (value - mean) / deviation);
}
