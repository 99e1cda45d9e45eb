/** What callbacks see of a model. */
import type { Tensor, Trace, Variable } from "../graph/index.ts";
import type { Layer } from "../layers/index.ts";
import type { Metric } from "../metrics/index.ts";
import type { Optimizer } from "../optimizers/index.ts";

/** Direction in which a metric gets better. */
export type Direction = "up" | "down";

/** Where a run goes on that was interrupted. */
export interface Resumption {
  readonly epoch: number;
  /** Steps of the epoch that are done. */
  readonly batch: number;
  /** Logs of the last of them. */
  readonly logs: Readonly<Record<string, number>>;
  /** What `data()` of the run said. */
  readonly data: unknown;
  /** Puts all values back. Called when a first step has made all variables. */
  restore(): void;
}

/** A run of `fit`, for callbacks that keep where it stands. */
export interface TrainingRun {
  /** Where the data stands, as plain values: the order of the samples, and the place in it. */
  data(): unknown;
  /** Whether its signal has ended it. */
  readonly aborted: boolean;
  /** Set in `onTrainBegin`: where the run goes on. */
  resume: Resumption | null;
}

/** The part of a model that callbacks use. What a stand-in of a test lacks, some callbacks refuse to do without. */
export interface CallbackModel {
  readonly name: string;
  /** Setting it ends training after the present batch. */
  stopTraining: boolean;
  getWeights(): Promise<Tensor[]>;
  setWeights(weights: readonly Tensor[]): Promise<void>;
  /** Whether larger or smaller is better for the metric of a log entry; null where the model cannot tell. */
  directionOf(key: string): Direction | null;
  /** The optimizer of `compile`. */
  readonly optimizer?: Optimizer | undefined;
  readonly weights?: readonly Variable[];
  readonly trainableWeights?: readonly Variable[];
  /** Weights and states of seed generators. */
  readonly variables?: readonly Variable[];
  /** The layers, from the inputs to the outputs. */
  readonly layers?: readonly Layer[];
  /** Sets the loss's mean and the metrics back. */
  resetMetrics?(): void;
  /** What the model holds while it is trained. */
  readonly session?: {
    /** The graph of the last training step with its batch as data; null before the first. */
    traceLastTraining(): Trace<Readonly<Record<string, Tensor>>> | null;
    /** The run of `fit` that goes on at present; null outside of one. */
    readonly run?: TrainingRun | null;
  };
  /** The loss's mean and the metrics. */
  readonly metrics?: readonly Metric[];
}

/** What callbacks of one's own see of a model: all that is the same for every model. */
export interface TrainedModel extends CallbackModel {
  readonly optimizer: Optimizer;
  readonly weights: readonly Variable[];
  readonly trainableWeights: readonly Variable[];
  readonly variables: readonly Variable[];
  readonly layers: readonly Layer[];
  readonly metrics: readonly Metric[];
  resetMetrics(): void;
  predict(x: unknown, options?: { readonly batchSize?: number | null; readonly verbose?: 0 | 1 | 2 | "auto" }): Promise<unknown>;
  evaluate(
    x: unknown,
    y?: unknown,
    options?: { readonly batchSize?: number | null; readonly verbose?: 0 | 1 | 2 | "auto" },
  ): Promise<Record<string, number>>;
  getLayer(nameOrIndex: string | number): Layer;
  save(target: string): Promise<void>;
  saveWeights(target: string): Promise<void>;
}
