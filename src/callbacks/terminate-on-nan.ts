/** Ends training when the loss is no number any more. */
import { Callback, type Logs } from "./callback.ts";
import { writeLine } from "./terminal.ts";
import { callableClass, type CallableClass } from "../serialization/index.ts";

/** Stops training at the first batch whose loss is NaN or infinite, and says so. */
export class TerminateOnNaNCallback extends Callback {
  override onTrainBatchEnd(batch: number, logs: Logs): void {
    const loss = logs.loss;
    if (loss === undefined || Number.isFinite(loss)) return;
    writeLine(`Batch ${batch}: the loss is ${loss}, terminating training`);
    this.model.stopTraining = true;
  }
}

/** Ends training when the loss is no number any more; see {@link TerminateOnNaNCallback}. */
export const TerminateOnNaN: CallableClass<typeof TerminateOnNaNCallback> = /* @__PURE__ */ callableClass(TerminateOnNaNCallback);
export type TerminateOnNaN = TerminateOnNaNCallback;
