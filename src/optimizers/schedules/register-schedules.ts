/** Makes all built-in schedules known by name. */
import { CosineDecay, CosineDecayRestarts } from "./cosine.ts";
import { ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay } from "./decays.ts";
import { scheduleRegistry } from "./schedule.ts";

/** Registers every built-in learning rate schedule under Keras's names. */
export function registerSchedules(): void {
  for (const cls of [ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts])
    scheduleRegistry.register(cls);
}
