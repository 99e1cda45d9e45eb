/** Callbacks: what is told about training as it goes on. */
export { BackupAndRestore, BackupAndRestoreCallback, type BackupAndRestoreOptions } from "./backup-and-restore.ts";
export { Callback, type CallbackParameters, type CallbackState, type Logs } from "./callback.ts";
export { CallbackList } from "./callback-list.ts";
export type { CallbackModel, Direction, Resumption, TrainedModel, TrainingRun } from "./callback-model.ts";
export { EarlyStopping, EarlyStoppingCallback, type EarlyStoppingOptions } from "./early-stopping.ts";
export { History, HistoryCallback } from "./history.ts";
export { LambdaCallback, FunctionsCallback, type LambdaCallbackOptions } from "./lambda-callback.ts";
export { metricsText, ProgressBar, ProgressBar as ProgbarLogger, ProgressBarCallback } from "./progress-bar.ts";
export { TerminateOnNaN, TerminateOnNaNCallback } from "./terminate-on-nan.ts";
export { CSVLogger, CSVLoggerCallback, type CSVLoggerOptions } from "./csv-logger.ts";
export {
  type EpochSchedule,
  LearningRateScheduler,
  LearningRateSchedulerCallback,
  type LearningRateSchedulerOptions,
} from "./learning-rate-scheduler.ts";
export { ModelCheckpoint, ModelCheckpointCallback, type ModelCheckpointOptions, type SavableModel } from "./model-checkpoint.ts";
export { Monitor, type MonitorMode, type MonitorOptions } from "./monitor.ts";
export { ReduceLROnPlateau, ReduceLROnPlateauCallback, type ReduceLROnPlateauOptions } from "./reduce-lr-on-plateau.ts";
export { RemoteMonitor, RemoteMonitorCallback, type RemoteMonitorOptions } from "./remote-monitor.ts";
export { SwapEMAWeights, SwapEMAWeightsCallback, type SwapEMAWeightsOptions } from "./swap-ema-weights.ts";
export { TensorBoard, TensorBoardCallback, type TensorBoardOptions } from "./tensorboard.ts";
export type { InfinityOrigin, NaNFinding, ValueSummary } from "./first-nan.ts";
export {
  LayerStatistics,
  LayerStatisticsCallback,
  type LayerRecord,
  type LayerStatisticsOptions,
  type TensorStatistics,
} from "./layer-statistics.ts";
export {
  LearningRateFinder,
  LearningRateFinderCallback,
  type LearningRateFinderOptions,
  type LearningRateTrial,
} from "./learning-rate-finder.ts";
export { NaNOrigin, NaNOriginCallback, type NaNOriginOptions, type NaNReport } from "./nan-origin.ts";
