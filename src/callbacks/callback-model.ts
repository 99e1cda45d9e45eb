/** What callbacks see of a model. */
import type { Tensor } from "../graph/index.ts";

/** Direction in which a metric gets better. */
export type Direction = "up" | "down";

/** The part of a model that callbacks use. */
export interface CallbackModel {
  readonly name: string;
  /** Setting it ends training after the present batch. */
  stopTraining: boolean;
  getWeights(): Promise<Tensor[]>;
  setWeights(weights: readonly Tensor[]): Promise<void>;
  /** Whether larger or smaller is better for the metric of a log entry; null where the model cannot tell. */
  directionOf(key: string): Direction | null;
}
