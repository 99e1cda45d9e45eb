/** Which query may see which value: masks of attention layers, and softmax over what is seen. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";

/** Options of a call of an attention layer that has heads. */
export interface AttentionMasks {
  /** Bool `[batch, queries]`: which queries count. Default: the mask that the queries carry. */
  readonly queryMask?: Tensor | null;
  /** Bool `[batch, values]`: which values count. Default: the mask that the values carry. */
  readonly valueMask?: Tensor | null;
  /** Bool `[batch, values]`: which keys count. Default: the mask that the keys carry, where keys are given. */
  readonly keyMask?: Tensor | null;
  /** Bool, as the scores from the right: which value counts for which query, such as `[batch, queries, values]`. */
  readonly attentionMask?: Tensor | null;
  /** Whether a query sees only values at its own place and before. Default false. */
  readonly useCausalMask?: boolean;
}

/** Bool `[1, queries, values]`: whether the value does not stand behind the query. */
export function causalMask(queries: number, values: number): Tensor {
  const rows = ops.expandDims(ops.arange(queries), 1);
  return ops.expandDims(ops.greaterEqual(rows, ops.expandDims(ops.arange(values), 0)), 0);
}

/** Bool `[1, queries, values]`: whether value and query are less than `window` places apart. */
function windowMask(queries: number, values: number, window: number): Tensor {
  const rows = ops.expandDims(ops.arange(queries), 1);
  const distance = ops.abs(ops.subtract(rows, ops.expandDims(ops.arange(values), 0)));
  return ops.expandDims(ops.less(distance, window), 0);
}

/**
 * All masks of a call as one, for `[batch, queries, values]`; null where everything counts. Throws ShapeError where a mask
 * does not fit.
 */
export function combinedMask(
  where: string,
  query: Tensor,
  value: Tensor,
  masks: AttentionMasks,
  slidingWindow: number | null = null,
): Tensor | null {
  const [queries, values] = [query.dim(1), value.dim(1)];
  const parts: Tensor[] = [];
  const add = (name: string, mask: Tensor | null | undefined, like: Tensor, axis: number): void => {
    if (mask === null || mask === undefined) return;
    if (mask.rank !== 2 || mask.dim(0) !== like.dim(0) || mask.dim(1) !== like.dim(1)) {
      throw new ShapeError({
        where,
        problem: `${name} does not fit`,
        expected: formatShape([like.dim(0), like.dim(1)]),
        received: formatShape(mask.shape),
      });
    }
    parts.push(ops.expandDims(ops.cast(mask, "bool"), axis));
  };
  add("queryMask", masks.queryMask, query, -1);
  add("valueMask", masks.valueMask, value, -2);
  add("keyMask", masks.keyMask, value, -2);
  if (masks.useCausalMask === true) parts.push(causalMask(queries, values));
  if (slidingWindow !== null) parts.push(windowMask(queries, values, slidingWindow));
  if (masks.attentionMask !== null && masks.attentionMask !== undefined) parts.push(ops.cast(masks.attentionMask, "bool"));
  return parts.length === 0 ? null : parts.reduce((a, b) => ops.logicalAnd(a, b));
}

/**
 * Softmax of scores over their last `axes` axes, without what the mask leaves out. The mask lacks the axis of the heads:
 * axes of extent 1 are put in front of those of queries and values. A query that sees nothing sees everything alike,
 * over several axes each with weight 1, as in Keras.
 */
export function maskedSoftmax(where: string, scores: Tensor, mask: Tensor | null, axes: number): Tensor {
  let counted = scores;
  if (mask !== null) {
    let wide = mask;
    while (wide.rank < scores.rank) wide = ops.expandDims(wide, -2 * axes - 1);
    const fits = wide.rank === scores.rank && wide.shape.every((extent, axis) => extent === 1 || extent === scores.shape[axis]);
    if (!fits) {
      throw new ShapeError({
        where,
        problem: "the attention mask does not fit the scores",
        expected: `what broadcasts to ${formatShape(scores.shape)} (batch, heads, queries, values)`,
        received: formatShape(mask.shape),
      });
    }
    // As Keras's Softmax: a sum of float16 stays finite.
    counted = ops.where(wide, scores, ops.add(scores, scores.dtype === "float16" ? -3e4 : -1e9));
  }
  if (axes === 1) return ops.softmax(counted, { axis: -1 });
  // Over several axes as Keras's Softmax, also where all is masked and rounding makes every weight 1.
  const over = Array.from({ length: axes }, (_, i) => i - axes);
  return ops.exp(ops.subtract(counted, ops.logsumexp(counted, { axis: over, keepdims: true })));
}
