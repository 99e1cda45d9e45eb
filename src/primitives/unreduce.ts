/** The way back of what was reduced. */
import { concreteShape, type Tensor } from "../graph/index.ts";
import { broadcastInDim } from "./broadcast-in-dim.ts";

/** A reduced tensor repeated along the `axes` that were reduced from `like`'s shape. */
export function unreduce(reduced: Tensor, like: Tensor, axes: readonly number[]): Tensor {
  const shape = concreteShape(like);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return broadcastInDim(reduced, shape, kept);
}
