/** Optimizers (`keras.optimizers`). */
import * as schedules from "./schedules/index.ts";

export { Adadelta, AdadeltaOptimizer, type AdadeltaOptions } from "./adadelta.ts";
export { Adafactor, AdafactorOptimizer, type AdafactorOptions } from "./adafactor.ts";
export { Adagrad, AdagradOptimizer, type AdagradOptions } from "./adagrad.ts";
export { Adam, AdamOptimizer, type AdamOptions, AdamW, AdamWOptimizer } from "./adam.ts";
export { Adamax, AdamaxOptimizer, type AdamaxOptions } from "./adamax.ts";
export { Ftrl, FtrlOptimizer, type FtrlOptions } from "./ftrl.ts";
export { Lamb, LambOptimizer, type LambOptions } from "./lamb.ts";
export { Lion, LionOptimizer, type LionOptions } from "./lion.ts";
export { type LossScaleOptions, LossScaleOptimizer, LossScaleOptimizerClass } from "./loss-scale-optimizer.ts";
export { lossScaling } from "./loss-scaling.ts";
export { MultiOptimizer, MultiOptimizerClass, type MultiOptimizerOptions, type OptimizerSelector } from "./multi-optimizer.ts";
export { Muon, MuonOptimizer, type MuonOptions } from "./muon.ts";
export { Nadam, NadamOptimizer, type NadamOptions } from "./nadam.ts";
export { OptimizerMap, OptimizerMapClass, type OptimizerMapOptions } from "./optimizer-map.ts";
export { optimizerRegistry } from "./optimizer-registry.ts";
export { type LearningRate, Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { deserialize, get, type OptimizerIdentifier, registerOptimizers, serialize } from "./registry.ts";
export { RMSprop, RMSpropOptimizer, type RMSpropOptions } from "./rmsprop.ts";
export { ScheduleFreeAdamW, ScheduleFreeAdamWOptimizer, type ScheduleFreeAdamWOptions } from "./schedule-free-adamw.ts";
export { LearningRateSchedule } from "./schedules/index.ts";
export { SGD, SGDOptimizer, type SGDOptions } from "./sgd.ts";
export { schedules };
