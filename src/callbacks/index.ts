/** Callbacks: what is told about training as it goes on. */
export { Callback, type CallbackParameters, type Logs } from "./callback.ts";
export { CallbackList } from "./callback-list.ts";
export type { CallbackModel, Direction } from "./callback-model.ts";
export { EarlyStopping, EarlyStoppingCallback, type EarlyStoppingOptions } from "./early-stopping.ts";
export { History, HistoryCallback } from "./history.ts";
export { LambdaCallback, FunctionsCallback, type LambdaCallbackOptions } from "./lambda-callback.ts";
export { metricsText, ProgressBar, ProgressBarCallback } from "./progress-bar.ts";
export { TerminateOnNaN, TerminateOnNaNCallback } from "./terminate-on-nan.ts";
