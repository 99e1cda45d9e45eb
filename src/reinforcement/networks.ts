/** Small networks for agents. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Shape, Tensor } from "../graph/index.ts";
import { VarianceScaling } from "../initializers/index.ts";
import * as layers from "../layers/index.ts";
import { Model } from "../models/index.ts";
import { checkOptions } from "../serialization/index.ts";
import type { Environment } from "./environment.ts";

/** Spaces of an environment, or of several side by side. */
export type Spaces = Pick<Environment, "observationSpace" | "actionSpace">;

/** Options of `qNetwork` and `actorCriticNetwork`. */
export interface NetworkOptions {
  /** Units of the dense layers. Default [64, 64]. */
  readonly units?: readonly number[];
  /** Filters of 3 x 3 convolutions before them, for observations [height, width, channels]. Default: none. */
  readonly filters?: readonly number[];
  /** Stride of each convolution. Default: 1 each. */
  readonly strides?: readonly number[];
  /** Default "relu". */
  readonly activation?: string;
  readonly name?: string;
}

/** Any model. */
export type AnyModel = Model<unknown, unknown>;

function trunk(where: string, spaces: Spaces, options: NetworkOptions): { readonly inputs: Tensor; readonly features: () => Tensor } {
  checkOptions(where, options, ["units", "filters", "strides", "activation", "name"]);
  const { units = [64, 64], filters = [], strides = filters.map(() => 1), activation = "relu" } = options;
  const { shape } = spaces.observationSpace;
  if (filters.length > 0 && shape.length !== 3)
    throw new ShapeError({
      where,
      problem: "only pictures can be convolved",
      expected: "observations [height, width, channels]",
      received: formatShape(shape),
      advice: "leave filters out",
    });
  if (strides.length !== filters.length)
    throw new ValueError({
      where,
      problem: "there must be one stride for each convolution",
      expected: String(filters.length),
      received: String(strides.length),
    });
  const inputs = layers.Input({ shape: [...shape] });
  let seen: Tensor = inputs;
  filters.forEach((count, i) => {
    seen = layers.Conv2D({ filters: count, kernelSize: 3, strides: strides[i]!, padding: "same", activation })(seen);
  });
  if (shape.length > 1) seen = layers.Flatten()(seen);
  const features = (): Tensor => units.reduce((x, count) => layers.Dense({ units: count, activation })(x), seen);
  return { inputs, features };
}

/** One value for each action. Shapes: [n, ...observation] -> [n, actions]. */
export function qNetwork(spaces: Spaces, options: NetworkOptions = {}): Model {
  const { inputs, features } = trunk("qNetwork", spaces, options);
  const outputs = layers.Dense({ units: spaces.actionSpace.n, name: "action_values" })(features());
  return new Model({ inputs, outputs, name: options.name ?? "q_network" });
}

/**
 * Preferences of actions (logits) and the value of what is seen; the convolutions are common to both, the dense layers not.
 * Shapes: [n, ...observation] -> [n, actions] and [n, 1].
 */
export function actorCriticNetwork(spaces: Spaces, options: NetworkOptions = {}): Model<Tensor, [Tensor, Tensor]> {
  const { inputs, features } = trunk("actorCriticNetwork", spaces, options);
  // Small in the beginning: no action is preferred, and nothing has a value.
  const kernelInitializer = VarianceScaling({ scale: 1e-4, mode: "fan_in", distribution: "truncated_normal" });
  const logits = layers.Dense({ units: spaces.actionSpace.n, kernelInitializer, name: "preferences" })(features());
  const value = layers.Dense({ units: 1, kernelInitializer, name: "value" })(features());
  return new Model<Tensor, [Tensor, Tensor]>({ inputs, outputs: [logits, value], name: options.name ?? "actor_critic" });
}

/** Throws ValueError where a network is no functional model with one input and so many outputs. */
export function outputsOf(where: string, network: unknown, counts: readonly number[]): Tensor[] {
  const model = network instanceof Model ? (network as AnyModel) : null;
  const outputs = [model?.outputs ?? []].flat() as unknown[];
  if (model?.inputs instanceof Tensor && counts.includes(outputs.length) && outputs.every((output) => output instanceof Tensor))
    return outputs;
  throw new ValueError({
    where,
    problem: "this is no network for the agent",
    expected: `a functional or Sequential model of known shapes, with one input and ${counts.join(" or ")} outputs`,
    received: model === null ? typeof network : model.label,
  });
}

/** Throws ShapeError where a network does not take an environment's observations, or gives another number of actions. */
export function checkFits(where: string, network: AnyModel, spaces: Spaces): void {
  const inputs = (network.inputs as Tensor).shape.slice(1);
  const { shape } = spaces.observationSpace;
  const fits = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((extent, axis) => extent === b[axis]);
  if (!fits(inputs, shape))
    throw new ShapeError({
      where,
      problem: "the network does not take the environment's observations",
      expected: formatShape(shape),
      received: formatShape(inputs),
    });
  const { shape: given } = [network.outputs].flat()[0] as Tensor;
  if (given.length !== 2 || given[1] !== spaces.actionSpace.n)
    throw new ShapeError({
      where,
      problem: "the network's outputs are not one for each action",
      expected: formatShape([null, spaces.actionSpace.n]),
      received: formatShape(given),
    });
}
