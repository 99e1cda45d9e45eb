/** What callbacks see of a model. */
import type { Tensor, Trace, Variable } from "../graph/index.ts";
import type { Layer } from "../layers/index.ts";
import type { Optimizer } from "../optimizers/index.ts";

/** Direction in which a metric gets better. */
export type Direction = "up" | "down";

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
  };
}
