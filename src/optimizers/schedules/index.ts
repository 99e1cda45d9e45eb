/** Learning rate schedules (`keras.optimizers.schedules`). */
export {
  CosineDecay,
  type CosineDecayOptions,
  CosineDecayRestarts,
  type CosineDecayRestartsOptions,
  CosineDecayRestartsSchedule,
  CosineDecaySchedule,
} from "./cosine.ts";
export {
  ExponentialDecay,
  ExponentialDecaySchedule,
  InverseTimeDecay,
  InverseTimeDecaySchedule,
  PiecewiseConstantDecay,
  PiecewiseConstantDecaySchedule,
  type PiecewiseConstantOptions,
  PolynomialDecay,
  type PolynomialDecayOptions,
  PolynomialDecaySchedule,
  type RateDecayOptions,
} from "./decays.ts";
export { registerSchedules } from "./register-schedules.ts";
export { deserialize, LearningRateSchedule, scheduleRegistry, serialize } from "./schedule.ts";
