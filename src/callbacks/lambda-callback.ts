/** A callback made of functions. */
import { nearestNames, UnknownNameError, ValueError } from "../errors.ts";
import { Callback, type Logs } from "./callback.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";

/** Functions to call, by the name of the hook. */
export interface LambdaCallbackOptions {
  readonly onTrainBegin?: (logs: Logs) => void | Promise<void>;
  readonly onTrainEnd?: (logs: Logs) => void | Promise<void>;
  readonly onTestBegin?: (logs: Logs) => void | Promise<void>;
  readonly onTestEnd?: (logs: Logs) => void | Promise<void>;
  readonly onPredictBegin?: (logs: Logs) => void | Promise<void>;
  readonly onPredictEnd?: (logs: Logs) => void | Promise<void>;
  readonly onEpochBegin?: (epoch: number, logs: Logs) => void | Promise<void>;
  readonly onEpochEnd?: (epoch: number, logs: Logs) => void | Promise<void>;
  readonly onTrainBatchBegin?: (batch: number, logs: Logs) => void | Promise<void>;
  readonly onTrainBatchEnd?: (batch: number, logs: Logs) => void | Promise<void>;
  readonly onTestBatchBegin?: (batch: number, logs: Logs) => void | Promise<void>;
  readonly onTestBatchEnd?: (batch: number, logs: Logs) => void | Promise<void>;
  readonly onPredictBatchBegin?: (batch: number, logs: Logs) => void | Promise<void>;
  readonly onPredictBatchEnd?: (batch: number, logs: Logs) => void | Promise<void>;
}

const hooks: readonly (keyof LambdaCallbackOptions)[] = [
  "onTrainBegin",
  "onTrainEnd",
  "onTestBegin",
  "onTestEnd",
  "onPredictBegin",
  "onPredictEnd",
  "onEpochBegin",
  "onEpochEnd",
  "onTrainBatchBegin",
  "onTrainBatchEnd",
  "onTestBatchBegin",
  "onTestBatchEnd",
  "onPredictBatchBegin",
  "onPredictBatchEnd",
];

/**
 * A callback made of functions, for small things.
 *
 * @example
 * new LambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) });
 */
export class FunctionsCallback extends Callback {
  constructor(options: LambdaCallbackOptions) {
    super();
    for (const key of Object.keys(options)) {
      if ((hooks as readonly string[]).includes(key)) continue;
      const near = nearestNames(key, hooks);
      throw new UnknownNameError({
        where: "LambdaCallback",
        problem: `there is no hook "${key}"`,
        expected: hooks.join(", "),
        received: key,
        ...(near.length > 0 ? { advice: `perhaps "${near[0]!}"` } : {}),
      });
    }
    for (const [key, hook] of Object.entries(options)) {
      if (hook === undefined || hook === null) continue;
      if (typeof hook === "function") Object.assign(this, { [key]: hook as unknown });
      else
        throw new ValueError({ where: "LambdaCallback", problem: `${key} is no function`, expected: "a function", received: typeof hook });
    }
  }
}

/** A callback made of functions; see {@link FunctionsCallback}. */
export const LambdaCallback: CallableClass<typeof FunctionsCallback> = /* @__PURE__ */ callableClass(FunctionsCallback);
export type LambdaCallback = FunctionsCallback;
