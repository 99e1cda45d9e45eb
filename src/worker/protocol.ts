/** What the two threads ask of each other. */
import type { Logs } from "../callbacks/index.ts";
import type { ModelFormat } from "../saving/model-files.ts";
import type { Config } from "../serialization/index.ts";
import type { ModelState, ModelValues } from "./model-state.ts";

/** Hooks of callbacks. */
export type HookName =
  | "onTrainBegin"
  | "onTrainEnd"
  | "onEpochBegin"
  | "onEpochEnd"
  | "onTrainBatchBegin"
  | "onTrainBatchEnd"
  | "onTestBegin"
  | "onTestEnd"
  | "onTestBatchBegin"
  | "onTestBatchEnd"
  | "onPredictBegin"
  | "onPredictEnd"
  | "onPredictBatchBegin"
  | "onPredictBatchEnd";

/** A run: `fit`, `evaluate` or `predict`. */
export interface RunRequest {
  readonly model: number;
  /** Number of the run, for its hooks and to stop it. */
  readonly run: number;
  /** Packed. */
  readonly x: unknown;
  readonly y: unknown;
  /** Packed; without callbacks and signal. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The hooks that somebody listens to. */
  readonly hooks: readonly HookName[];
  /** Whether the run was stopped before it began. */
  readonly aborted: boolean;
}

/** A step on one batch. */
export interface BatchRequest {
  readonly model: number;
  readonly kind: "trainOnBatch" | "testOnBatch";
  readonly x: unknown;
  readonly y: unknown;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a run tells callbacks. */
export interface HookRequest {
  readonly run: number;
  readonly hook: HookName;
  /** Null for hooks without one. */
  readonly index: number | null;
  readonly logs: Logs;
  readonly steps: number | null;
  /** Whether epochs may end with values of validation. */
  readonly validates: boolean;
  /** The optimizer's; null where it follows a schedule or there is none. */
  readonly learningRate: number | null;
}

/** What callbacks made of it. */
export interface HookReply {
  readonly stopTraining: boolean;
  /** What the callbacks added to the logs or changed in them. */
  readonly logs: Logs;
  /** A new learning rate; null where it stays. */
  readonly learningRate: number | null;
}

/** What can be called in the worker. */
export interface WorkerCalls {
  readonly load: { readonly request: ModelState; readonly reply: number };
  /** The model that the worker's program offers. */
  readonly offered: { readonly request: null; readonly reply: { readonly model: number; readonly name: string } };
  readonly unload: { readonly request: number; readonly reply: null };
  readonly compile: { readonly request: { readonly model: number; readonly config: Config }; readonly reply: null };
  readonly fit: { readonly request: RunRequest; readonly reply: { readonly history: Record<string, number[]>; readonly epoch: number[] } };
  readonly evaluate: { readonly request: RunRequest; readonly reply: Record<string, number> };
  readonly predict: { readonly request: RunRequest; readonly reply: unknown };
  readonly batch: { readonly request: BatchRequest; readonly reply: Record<string, number> };
  readonly predictBatch: { readonly request: { readonly model: number; readonly x: unknown }; readonly reply: unknown };
  /** Ends a run after its present batch. */
  readonly stop: { readonly request: { readonly run: number; readonly aborts: boolean }; readonly reply: null };
  readonly getWeights: { readonly request: number; readonly reply: unknown };
  readonly setWeights: { readonly request: { readonly model: number; readonly weights: unknown }; readonly reply: null };
  readonly values: { readonly request: number; readonly reply: ModelValues };
  /** The file of the model, in parts. */
  readonly file: {
    readonly request: { readonly model: number; readonly format: ModelFormat };
    readonly reply: readonly Uint8Array<ArrayBuffer>[];
  };
  readonly setBackend: { readonly request: string; readonly reply: null };
  readonly backendInfo: { readonly request: null; readonly reply: Readonly<Record<string, string | number | boolean>> };
}

/** What can be called in the thread that started the worker. */
export interface StarterCalls {
  readonly hook: { readonly request: HookRequest; readonly reply: HookReply };
  /** Begins a pass over a stream. */
  readonly open: { readonly request: number; readonly reply: number };
  /** The next batch of a pass, packed; null at its end. */
  readonly pull: { readonly request: number; readonly reply: { readonly batch: unknown } | null };
  /** Ends a pass before its end. */
  readonly close: { readonly request: number; readonly reply: null };
}
