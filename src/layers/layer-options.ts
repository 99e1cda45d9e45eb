/** Options of layers: what every layer takes, how defaults and names become objects, and how they become Keras's JSON again. */
import * as activations from "../activations/index.ts";
import * as constraints from "../constraints/index.ts";
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import type { Shape, Tensor } from "../graph/index.ts";
import * as initializers from "../initializers/index.ts";
import * as regularizers from "../regularizers/index.ts";
import type { SerializedObject } from "../serialization/index.ts";
import { DefaultInitializer } from "./default-initializer.ts";
import { describe } from "./describe.ts";
import type { DTypeOption } from "./dtype-policy.ts";

export { describe };

/** A function that a layer applies to its output. */
export type ActivationFunction = activations.Activation;
/** `activation(x)`, or `x` where a program took the activation of a layer away (`layer.activation = null`). */
export function activated(activation: ActivationFunction | null, x: Tensor): Tensor {
  return activation === null ? x : activation(x);
}

/** An activation: a name, a function, or Keras's JSON. */
export type ActivationIdentifier = string | ActivationFunction | SerializedObject;
/** An initializer: a name, an object, or Keras's JSON. */
export type InitializerIdentifier = string | initializers.Initializer | SerializedObject;
/** A regularizer: a name, an object, or Keras's JSON. */
export type RegularizerIdentifier = string | regularizers.Regularizer | SerializedObject;
/** A constraint: a name, an object, or Keras's JSON. */
export type ConstraintIdentifier = string | constraints.Constraint | SerializedObject;

/** Options that every layer takes. */
export interface LayerOptions {
  /** Default: the class's name in snake_case, made unique with `_1`, `_2`, ... */
  readonly name?: string | null;
  /** Whether the optimizer may change the weights. Default true. */
  readonly trainable?: boolean;
  /** Dtype of weights and of floating-point inputs, or a policy (see DTypePolicy). Default: that of `setDtypePolicy`, "float32". */
  readonly dtype?: DTypeOption | null;
  /** Adds a loss computed from the layer's output. */
  readonly activityRegularizer?: RegularizerIdentifier | null;
  /** Shape of one input without the batch axis; only the first layer of a Sequential looks at it. */
  readonly inputShape?: Shape | null;
  /** The same for inputs that are vectors: `inputDim: 100` is `inputShape: [100]`. */
  readonly inputDim?: number | null;
}

/** Names of the options that every layer takes. */
export const commonOptions: readonly string[] = ["name", "trainable", "dtype", "activityRegularizer", "inputShape", "inputDim"];

/** Marks an option that has no default. */
export const required: unique symbol = Symbol("required");

/** Default of each option of a layer class beyond the common ones, in the order in which Keras writes them. */
export type OptionDefaults = Readonly<Record<string, unknown>>;

type Kind = "activation" | "initializer" | "regularizer" | "constraint" | "plain";

/** What kind of object an option holds, told by the end of its name. */
function kindOf(key: string): Kind {
  if (/activation$/i.test(key)) return "activation";
  if (/initializer$/i.test(key)) return "initializer";
  if (/regularizer$/i.test(key)) return "regularizer";
  if (/constraint$/i.test(key)) return "constraint";
  return "plain";
}

/**
 * The value of an option as the layer holds it: names and configurations become objects; no initializer is one that looks at
 * the dtype, unless none is the default.
 */
export function resolveOption(key: string, value: unknown, fallback: unknown = null): unknown {
  switch (kindOf(key)) {
    case "activation":
      return activations.get(value as ActivationIdentifier | null);
    case "initializer":
      if (value === null) return fallback === null ? null : new DefaultInitializer();
      return initializers.get(value as InitializerIdentifier);
    case "regularizer":
      return value === null ? null : regularizers.get(value as RegularizerIdentifier);
    case "constraint":
      return value === null ? null : constraints.get(value as ConstraintIdentifier);
    case "plain":
      return value;
  }
}

/** Throws ValueError for what a plain option cannot be: an option that is a switch takes true or false, a seed a whole number. */
export function checkPlainOption(where: string, key: string, value: unknown, fallback: unknown): void {
  const isSwitch = typeof fallback === "boolean";
  if (isSwitch ? typeof value === "boolean" : key !== "seed" || value === null || Number.isInteger(value)) return;
  throw new ValueError({
    where,
    problem: isSwitch ? `${key} is a switch` : "a seed is a whole number",
    expected: isSwitch ? "true or false" : "for example 1, or null",
    received: describe(value),
  });
}

/** The value of an option as Keras's JSON. Inverse of `resolveOption`. */
export function serializeOption(key: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (kindOf(key)) {
    case "activation":
      return activations.serialize(value as ActivationFunction);
    case "initializer":
      return value instanceof DefaultInitializer ? null : initializers.serialize(value as initializers.Initializer);
    case "regularizer":
      return regularizers.serialize(value as regularizers.Regularizer);
    case "constraint":
      return constraints.serialize(value as constraints.Constraint);
    case "plain":
      return value;
  }
}

/** A positive whole number. Throws ValueError for anything else. */
export function positiveInteger(where: string, name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new ValueError({ where, problem: `${name} must be a positive whole number`, expected: "1, 2, 3, ...", received: describe(value) });
}

/** `rank` positive whole numbers: one for all axes, or one per axis. Throws ValueError for anything else. */
export function spatialTuple(where: string, name: string, value: unknown, rank: number): number[] {
  if (typeof value === "number") return new Array<number>(rank).fill(positiveInteger(where, name, value));
  if (Array.isArray(value) && value.length === rank) return value.map((entry) => positiveInteger(where, name, entry));
  throw new ValueError({
    where,
    problem: `${name} must be a positive whole number, or a list of ${rank} of them`,
    expected: rank === 1 ? "3 or [3]" : `3 or [${new Array(rank).fill(3).join(", ")}]`,
    received: describe(value),
  });
}

/** `rank` whole numbers, 0 or more: one for all axes, or one per axis. Throws ValueError for anything else. */
export function naturalTuple(where: string, name: string, value: unknown, rank: number): number[] {
  const list: unknown[] = Array.isArray(value) ? value : new Array<unknown>(rank).fill(value);
  if (list.length === rank && list.every(isNatural)) return list;
  throw new ValueError({
    where,
    problem: `${name} must be a whole number, 0 or more, or a list of ${rank} of them`,
    expected: rank === 1 ? "1 or [1]" : `1 or [${new Array(rank).fill(1).join(", ")}]`,
    received: describe(value),
  });
}

function isNatural(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** One of the given strings. Throws UnknownNameError, naming the nearest, for anything else. */
export function oneOf<T extends string>(where: string, name: string, value: unknown, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T;
  const near = typeof value === "string" ? nearestNames(value, choices) : [];
  throw new UnknownNameError({
    where,
    problem: `${name} has no such choice`,
    expected: choices.map((choice) => `"${choice}"`).join(", "),
    received: describe(value),
    ...(near.length > 0 ? { advice: `perhaps "${near[0]!}"` } : {}),
  });
}
