/** The arrays of a step. */
import type { HostValues } from "../graph/index.ts";
import type { TrainingData } from "./training-data.ts";

/** All arrays that go into a step, in order: inputs, targets, weights. */
export function stepArrays(data: TrainingData): HostValues[] {
  return [...data.inputs, ...data.targets, ...data.weights].flatMap((array) => (array === null ? [] : [array.host]));
}
