/** Attention of a few new queries to keys and values that are kept: what decoding step by step needs. */
import type { Tensor } from "../graph/index.ts";
import { maskedSoftmax } from "../layers/attention-masks.ts";
import type { MultiHeadAttentionLayer } from "../layers/multi-head-attention.ts";
import * as ops from "../ops/index.ts";

/** Keys and values of all heads, `[batch, places, heads, width]`. */
export type KeyValueCache = {
  readonly key: Tensor;
  readonly value: Tensor;
};

/** The keys and values of what is attended to. */
export function keysAndValues(attention: MultiHeadAttentionLayer, values: Tensor): KeyValueCache {
  return { key: attention.keyDense(values), value: attention.valueDense(values) };
}

/** What the queries get from keys and values; `mask`: bool `[batch, queries, places]`, null: all count. No dropout. */
export function attendCached(attention: MultiHeadAttentionLayer, query: Tensor, cache: KeyValueCache, mask: Tensor | null): Tensor {
  const scaled = ops.multiply(attention.queryDense(query), 1 / Math.sqrt(attention.keyDim));
  const scores = ops.einsum("aecd,abcd->acbe", cache.key, scaled);
  const weights = maskedSoftmax(attention.label, scores, mask, 1);
  return attention.outputDense(ops.einsum("acbe,aecd->abcd", weights, cache.value));
}
