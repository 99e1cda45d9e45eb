/** Keras's older names of what belongs to mixed precision (`keras.mixed_precision`). */
export {
  DTypePolicy,
  DTypePolicy as Policy,
  dtypePolicy,
  dtypePolicy as globalPolicy,
  setDtypePolicy,
  setDtypePolicy as setGlobalPolicy,
} from "./layers/index.ts";
export { LossScaleOptimizer } from "./optimizers/index.ts";
