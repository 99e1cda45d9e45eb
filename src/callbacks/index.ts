/** Callbacks: what is told about training as it goes on. */
export { Callback, type CallbackParameters, type Logs } from "./callback.ts";
export { CallbackList } from "./callback-list.ts";
export type { CallbackModel, Direction } from "./callback-model.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./early-stopping.ts";
export { History } from "./history.ts";
export { LambdaCallback, type LambdaCallbackOptions } from "./lambda-callback.ts";
export { metricsText, ProgressBar } from "./progress-bar.ts";
export { TerminateOnNaN } from "./terminate-on-nan.ts";
