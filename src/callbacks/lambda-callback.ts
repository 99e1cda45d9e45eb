/** A callback made of functions. */
import { UnknownNameError, nearestNames } from "../errors.ts";
import { Callback, type Logs } from "./callback.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";

/** Functions to call, by the name of the hook. */
export interface LambdaCallbackOptions {
  readonly onTrainBegin?: (logs: Logs) => void | Promise<void>;
  readonly onTrainEnd?: (logs: Logs) => void | Promise<void>;
  readonly onEpochBegin?: (epoch: number, logs: Logs) => void | Promise<void>;
  readonly onEpochEnd?: (epoch: number, logs: Logs) => void | Promise<void>;
  readonly onTrainBatchBegin?: (batch: number, logs: Logs) => void | Promise<void>;
  readonly onTrainBatchEnd?: (batch: number, logs: Logs) => void | Promise<void>;
}

const hooks: readonly (keyof LambdaCallbackOptions)[] = [
  "onTrainBegin",
  "onTrainEnd",
  "onEpochBegin",
  "onEpochEnd",
  "onTrainBatchBegin",
  "onTrainBatchEnd",
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
    Object.assign(this, options);
  }
}

/** A callback made of functions; see {@link FunctionsCallback}. */
export const LambdaCallback: CallableClass<typeof FunctionsCallback> = /* @__PURE__ */ callableClass(FunctionsCallback);
export type LambdaCallback = FunctionsCallback;
