/** Optimizers (`keras.optimizers`). */
import * as schedules from "./schedules/index.ts";

export { Adam, AdamOptimizer, type AdamOptions, AdamW, AdamWOptimizer } from "./adam.ts";
export { type LearningRate, Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { deserialize, get, type OptimizerIdentifier, optimizerRegistry, registerOptimizers, serialize } from "./registry.ts";
export { RMSprop, RMSpropOptimizer, type RMSpropOptions } from "./rmsprop.ts";
export { LearningRateSchedule } from "./schedules/index.ts";
export { SGD, SGDOptimizer, type SGDOptions } from "./sgd.ts";
export { schedules };
