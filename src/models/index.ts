/** Models (`keras.Model`, `keras.Sequential`), training and Keras's JSON of them. */
export { kerasOperations } from "./keras-operations.ts";
export { registerOperations } from "./operation-registry.ts";
export { cloneModel, type CloneModelOptions } from "./clone-model.ts";
export type { LossIdentifier, LossOption, LossWeights } from "./compile-loss.ts";
export type { MetricIdentifier, MetricsOption, OutputMetrics } from "./compile-metrics.ts";
export type { CompileOptions, OptimizerIdentifier } from "./compiled.ts";
export type { DataStructure } from "./data-binding.ts";
export type { BatchStream, EvaluateOptions, FitOptions, PredictOptions, Verbose } from "./fit-options.ts";
export { FunctionalGraph, type GraphNode, type Operation } from "./functional-graph.ts";
export { Model, type ModelOptions } from "./functional-model.ts";
export { modelFromJSON, registerModels } from "./model-from-json.ts";
export { Sequential, type SequentialOptions } from "./sequential.ts";
export type { LossData, StepData, StepLogs } from "./step.ts";
export { type SummaryOptions, summaryText } from "./summary.ts";
