/** Training small models by large ones (`keras.distillation`). */
export { Distiller, type DistillerOptions } from "./distiller.ts";
export {
  DistillationLoss,
  FeatureDistillation,
  type FeatureDistillationOptions,
  LogitsDistillation,
  type LogitsDistillationOptions,
  type LossChoice,
  type LossStructure,
} from "./losses.ts";
