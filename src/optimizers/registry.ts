/** Optimizers by name. */
import type { CustomObjects, SerializedObject } from "../serialization/index.ts";
import { Adadelta } from "./adadelta.ts";
import { Adafactor } from "./adafactor.ts";
import { Adagrad } from "./adagrad.ts";
import { Adam, AdamW } from "./adam.ts";
import { Adamax } from "./adamax.ts";
import { Ftrl } from "./ftrl.ts";
import { Lamb } from "./lamb.ts";
import { Lion } from "./lion.ts";
import { LossScaleOptimizer } from "./loss-scale-optimizer.ts";
import { lossScaling } from "./loss-scaling.ts";
import { MultiOptimizer } from "./multi-optimizer.ts";
import { Muon } from "./muon.ts";
import { Nadam } from "./nadam.ts";
import { optimizerRegistry } from "./optimizer-registry.ts";
import type { Optimizer } from "./optimizer.ts";
import { RMSprop } from "./rmsprop.ts";
import { ScheduleFreeAdamW } from "./schedule-free-adamw.ts";
import { registerSchedules } from "./schedules/register-schedules.ts";
import { SGD } from "./sgd.ts";

/** Registers every built-in optimizer and schedule under Keras's names. */
export function registerOptimizers(): void {
  for (const cls of [SGD, RMSprop, Adam, AdamW, Adamax, Nadam, Adagrad, Adadelta, Ftrl, Lion, Lamb, Adafactor, Muon]) {
    optimizerRegistry.register(cls);
  }
  optimizerRegistry.register(ScheduleFreeAdamW);
  optimizerRegistry.register(LossScaleOptimizer);
  lossScaling.provide((optimizer) => new LossScaleOptimizer(optimizer));
  optimizerRegistry.register(MultiOptimizer);
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
