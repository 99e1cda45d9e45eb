/** Optimizers by name. */
import { type CustomObjects, Registry, type SerializedObject } from "../serialization/index.ts";
import { Adam, AdamW } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { RMSprop } from "./rmsprop.ts";
import { registerSchedules } from "./schedules/register-schedules.ts";
import { SGD } from "./sgd.ts";

/** Every known optimizer. */
export const optimizerRegistry: Registry<Optimizer> = /* @__PURE__ */ new Registry<Optimizer>("optimizer", "keras.optimizers");

/** Registers every built-in optimizer and schedule under Keras's names. */
export function registerOptimizers(): void {
  for (const cls of [SGD, RMSprop, Adam, AdamW]) optimizerRegistry.register(cls);
  registerSchedules();
}

/** What names an optimizer: Keras's name, an optimizer, or Keras's JSON. */
export type OptimizerIdentifier = string | Optimizer | { readonly class_name: string; readonly config: unknown };

/** The optimizer of a name, of Keras's JSON, or itself. Throws UnknownNameError. */
export function get(identifier: OptimizerIdentifier, customObjects: CustomObjects = {}): Optimizer {
  const exact = typeof identifier === "string" && !optimizerRegistry.has(identifier) ? identifier.toLowerCase() : identifier;
  return optimizerRegistry.get(typeof exact === "string" && !optimizerRegistry.has(exact) ? identifier : exact, customObjects);
}
/** Keras's JSON of an optimizer. */
export function serialize(optimizer: Optimizer): SerializedObject {
  return optimizerRegistry.serialize(optimizer);
}
/** The optimizer that Keras's JSON describes. */
export function deserialize(json: string | SerializedObject, customObjects: CustomObjects = {}): Optimizer {
  return optimizerRegistry.deserialize(json, customObjects);
}
