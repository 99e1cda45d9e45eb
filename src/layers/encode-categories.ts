/** Category indices as integers, indicator vectors or counts: what the preprocessing layers share. */
import type { DType } from "../dtype/index.ts";
import type { Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";

/** What category indices become. */
export type OutputMode = "int" | "one_hot" | "multi_hot" | "count";

/**
 * Indices in [0, depth) encoded: "int" leaves them, "one_hot" gives an indicator per index (a last axis of 1 is
 * replaced), "multi_hot" and "count" sum up the second axis (the only one of a vector). Indices outside give zeros.
 *
 * Shapes: x `[batch, n]` -> `[batch, n]`, `[batch, n, depth]` or `[batch, depth]`.
 */
export function encodeCategories(x: Tensor, mode: OutputMode, depth: number, dtype: DType, countWeights: Tensor | null = null): Tensor {
  if (mode === "int") return ops.cast(x, dtype);
  const indices = x.rank === 0 ? ops.expandDims(x, 0) : x;
  if (mode === "one_hot") {
    const narrow = indices.rank > 1 && indices.shape.at(-1) === 1;
    return ops.oneHot(narrow ? ops.squeeze(indices, -1) : indices, depth, { dtype });
  }
  const axis = indices.rank > 1 ? 1 : 0;
  const indicators = ops.oneHot(indices, depth, { dtype: countWeights?.dtype ?? dtype });
  if (mode === "multi_hot") return ops.max(indicators, axis);
  return ops.sum(countWeights === null ? indicators : ops.multiply(indicators, ops.expandDims(countWeights, -1)), axis);
}
