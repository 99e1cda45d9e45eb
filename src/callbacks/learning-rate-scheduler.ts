/** Sets the learning rate at the beginning of every epoch. */
import { ValueError } from "../errors.ts";
import { callableClass, type CallableClass, checkOptions } from "../serialization/index.ts";
import { Callback, type Logs } from "./callback.ts";
import { logLearningRate, optimizerOf, readLearningRate } from "./learning-rate.ts";
import { writeLine } from "./terminal.ts";

/** The learning rate of an epoch (counted from 0), from it and the present rate. */
export type EpochSchedule = (epoch: number, learningRate: number) => number;

/** Options of LearningRateScheduler. */
export interface LearningRateSchedulerOptions {
  readonly schedule: EpochSchedule;
  /** 1 says the rate of every epoch. Default 0. */
  readonly verbose?: 0 | 1;
}

/**
 * Sets the learning rate of each epoch to `schedule(epoch, learningRate)`. The rate stands in the logs as `learning_rate`.
 *
 * @example
 * callbacks.LearningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * Math.exp(-0.1)));
 */
export class LearningRateSchedulerCallback extends Callback {
  readonly schedule: EpochSchedule;
  readonly verbose: 0 | 1;

  constructor(schedule: EpochSchedule | LearningRateSchedulerOptions, options: { readonly verbose?: 0 | 1 } = {}) {
    super();
    const where = "LearningRateScheduler";
    const given = typeof schedule === "function" ? { schedule, ...options } : schedule;
    if (typeof given !== "object" || given === null || typeof given.schedule !== "function") {
      throw new ValueError({
        where,
        problem: "schedule is no function",
        expected: "(epoch, learningRate) => number",
        received: typeof (given as { schedule?: unknown } | undefined)?.schedule,
      });
    }
    checkOptions(where, given, ["schedule", "verbose"]);
    this.schedule = given.schedule;
    this.verbose = given.verbose ?? 0;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const optimizer = optimizerOf("LearningRateScheduler", this.model);
    const rate = this.schedule(epoch, await readLearningRate(optimizer));
    if (typeof rate !== "number" || !(rate >= 0)) {
      throw new ValueError({
        where: "LearningRateScheduler",
        problem: `schedule gave no learning rate for epoch ${epoch}`,
        expected: "a number from 0",
        received: typeof rate === "number" ? String(rate) : typeof rate,
      });
    }
    optimizer.learningRate = rate;
    if (this.verbose > 0) writeLine(`Epoch ${epoch + 1}: the learning rate is set to ${rate}`);
  }

  override async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    await logLearningRate("LearningRateScheduler", this.model, logs);
  }
}

/** Sets the learning rate of every epoch; see {@link LearningRateSchedulerCallback}. */
export const LearningRateScheduler: CallableClass<typeof LearningRateSchedulerCallback> =
  /* @__PURE__ */ callableClass(LearningRateSchedulerCallback);
export type LearningRateScheduler = LearningRateSchedulerCallback;
