/** Activation functions by name, and their place in Keras's JSON. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { customObject, type CustomObjects, isSerialized, registeredName, type SerializedObject } from "../serialization/index.ts";
import { linear } from "./functions.ts";

/** A function that a layer applies to its output. */
export type Activation = (x: Tensor) => Tensor;
/** A function that a layer applies to its output. */
export type ActivationFunction = Activation;
/** What names an activation: Keras's name, a function, or Keras's JSON. */
export type ActivationIdentifier = string | Activation | SerializedObject;

const functions = new Map<string, Activation>();
const names = new Map<Activation, string>();

/** Makes a function known under Keras's name of it, and further names. */
export function registerActivation(name: string, activation: Activation, aliases: readonly string[] = []): void {
  if (!names.has(activation)) names.set(activation, name);
  for (const known of [name, ...aliases]) functions.set(known, activation);
}

/** The activation function of a name, of Keras's JSON, or the function itself; null is `linear`. Throws UnknownNameError. */
export function get(identifier: ActivationIdentifier | null | undefined, customObjects: CustomObjects = {}): Activation {
  if (identifier === null || identifier === undefined) return linear;
  if (typeof identifier === "function") return identifier;
  if (isSerialized(identifier)) return deserialize(identifier, customObjects);
  if (typeof identifier !== "string") {
    throw new ValueError({
      where: "activations",
      problem: "this is no activation function",
      expected: 'a name such as "relu", Keras\'s JSON, or a function',
      received: JSON.stringify(identifier),
    });
  }
  const custom = customObject([identifier], customObjects);
  if (typeof custom === "function") return custom as Activation;
  const found = functions.get(identifier);
  if (found !== undefined) return found;
  const near = nearestNames(identifier, functions.keys());
  throw new UnknownNameError({
    where: "activations",
    problem: "no activation function has this name",
    received: JSON.stringify(identifier),
    ...(near.length > 0 ? { expected: `perhaps ${near.map((name) => `"${name}"`).join(" or ")}` } : {}),
    advice:
      functions.size === 0
        ? 'nothing is registered: import from "nabla", or pass the function itself'
        : "pass a known name, or the function itself; a function of your own goes into customObjects, or is registered by saving.registerSerializable",
  });
}

/** Keras's JSON of an activation: the name of a known one. Throws ValueError for a function without a name. */
export function serialize(activation: Activation): string | SerializedObject {
  const known = names.get(activation);
  if (known !== undefined) return known;
  if (activation === linear) return "linear";
  const own = registeredName(activation) ?? activation.name;
  if (typeof own !== "string" || own === "") {
    throw new ValueError({
      where: "activations.serialize",
      problem: "the activation function has no name to be found by again",
      advice: "give the function a name and pass it in customObjects when loading",
    });
  }
  return { module: "builtins", class_name: "function", config: own, registered_name: "function" };
}

/** The activation that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject | null, customObjects: CustomObjects = {}): Activation {
  if (json === null || typeof json === "string") return get(json, customObjects);
  return get(typeof json.config === "string" ? json.config : json.class_name, customObjects);
}
