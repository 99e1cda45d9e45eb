/** The learning rate of a model that is being trained. */
import { ValueError } from "../errors.ts";
import type { Optimizer } from "../optimizers/index.ts";
import type { CallbackModel } from "./callback-model.ts";
import type { Logs } from "./callback.ts";

/** The optimizer of a model. Throws ValueError where there is none. */
export function optimizerOf(where: string, model: CallbackModel): Optimizer {
  const { optimizer } = model;
  if (optimizer !== undefined) return optimizer;
  throw new ValueError({
    where,
    problem: "the model has no optimizer",
    expected: "a compiled model",
    received: model.name,
    advice: "call model.compile first",
  });
}

/** The present learning rate. */
export async function readLearningRate(optimizer: Optimizer): Promise<number> {
  return await optimizer.currentLearningRate().item();
}

/** Adds the learning rate to what later callbacks (and the History) see of an epoch. */
export async function logLearningRate(where: string, model: CallbackModel, logs: Logs): Promise<number> {
  const rate = await readLearningRate(optimizerOf(where, model));
  (logs as Record<string, number>).learning_rate = rate;
  return rate;
}
