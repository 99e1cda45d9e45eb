/** Scaled dot-product attention, with grouped heads. */
import { ShapeError } from "../../errors.ts";
import { broadcastShapes, concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { truth } from "../numpy/elementwise.ts";
import { broadcast, castTo, constantLike, promote, toFloat } from "../promote.ts";
import { softmax } from "./activation.ts";

/** Options of `dotProductAttention`. */
export interface DotProductAttentionOptions {
  /** Added to the scores; broadcasts to [batch, heads, query, key]. */
  bias?: TensorLike | null;
  /** Where it is false nothing is attended to; broadcasts to [batch, heads, query, key]. */
  mask?: TensorLike | null;
  /** Default null: `1 / sqrt(width of a head)`. */
  scale?: number | null;
  /** Whether a query sees only keys up to its own place. Default false. */
  isCausal?: boolean;
  /** Accepted for Keras's sake: kernels are chosen by the compiler. */
  flashAttention?: boolean | null;
  /** Scores are `cap tanh(scores / cap)`. Default null: they are not capped. */
  attnLogitsSoftCap?: number | null;
}
type Rest = [(TensorLike | null | DotProductAttentionOptions)?, (TensorLike | null)?, (number | null)?, boolean?];

/** Score of what is masked, as in Keras. */
const masked = -0.7 * 3.38953e38;

/**
 * `softmax(scale q k^T + bias) v` per head. Several heads of queries may share one head of keys and values.
 * Shapes: query [batch, queries, heads, width], key and value [batch, keys, kvHeads, width] -> [batch, queries, heads, width].
 */
export const dotProductAttention: (
  query: TensorLike,
  key: TensorLike,
  value: TensorLike,
  bias?: TensorLike | null | DotProductAttentionOptions,
  mask?: TensorLike | null,
  scale?: number | null,
  isCausal?: boolean,
) => Tensor = defineOp("dotProductAttention", (query: TensorLike, key: TensorLike, value: TensorLike, ...rest: Rest) => {
  const {
    bias = null,
    mask = null,
    scale = null,
    isCausal = false,
    attnLogitsSoftCap = null,
  } = options<DotProductAttentionOptions>(["bias", "mask", "scale", "isCausal", "flashAttention", "attnLogitsSoftCap"], rest);
  const [q, k, v] = promote([query, key, value], true) as [Tensor, Tensor, Tensor];
  const [batch, queries, heads, width] = concreteShape(q) as [number, number, number, number];
  const groups = k.rank === 4 ? k.dim(2) : 0;
  const fits =
    q.rank === 4 && k.rank === 4 && v.rank === 4 && k.shape[0] === batch && v.shape[0] === batch && k.shape[1] === v.shape[1] &&
    k.shape[2] === v.shape[2] && k.shape[3] === width && heads % groups === 0; // prettier-ignore
  if (!fits) {
    throw new ShapeError({
      where: currentScope(),
      problem: "queries, keys and values do not fit",
      expected:
        "[batch, queries, heads, width], [batch, keys, kvHeads, width] and [batch, keys, kvHeads, any], heads a multiple of kvHeads",
      received: [q, k, v].map((t) => formatShape(t.shape)).join(", "),
    });
  }
  const keys = k.dim(1);
  const share = heads / groups;
  // Heads that share keys lie side by side: [batch, queries, groups, share, width].
  const grouped = P.reshape(q, [batch, queries, groups, share, width]);
  const products = P.dotGeneral(grouped, k, { lhsBatch: [0, 2], rhsBatch: [0, 2], lhsContract: [4], rhsContract: [3] });
  // [batch, groups, queries, share, keys] -> [batch, heads, queries, keys]
  const shape = [batch, heads, queries, keys];
  let scores = P.reshape(P.transpose(products, [0, 1, 3, 2, 4]), shape);
  scores = P.multiply(scores, constantLike(scale ?? 1 / Math.sqrt(width), scores));
  if (bias !== null) scores = P.add(scores, fitted(castTo(toFloat(bias), scores.dtype), shape, "bias"));
  if (attnLogitsSoftCap !== null) {
    const cap = constantLike(attnLogitsSoftCap, scores);
    scores = P.multiply(cap, P.tanh(P.divide(scores, cap)));
  }
  let seen = mask === null ? null : fitted(truth(mask), shape, "mask");
  if (isCausal) {
    const past = P.lessEqual(P.iota(shape, 3, "int32"), P.iota(shape, 2, "int32"));
    seen = seen === null ? past : P.and(seen, past);
  }
  if (seen !== null) scores = P.select(seen, scores, constantLike(masked, scores));
  const weights = P.reshape(softmax(scores, -1), [batch, groups, share, queries, keys]);
  const sums = P.dotGeneral(weights, v, { lhsBatch: [0, 1], rhsBatch: [0, 2], lhsContract: [4], rhsContract: [1] });
  // [batch, groups, share, queries, width] -> [batch, queries, heads, width]
  return P.reshape(P.transpose(sums, [0, 3, 1, 2, 4]), [batch, queries, heads, v.dim(3)]);
});

function fitted(x: Tensor, shape: readonly number[], what: string): Tensor {
  const found = broadcastShapes(currentScope(), concreteShape(x), shape);
  if (found.length === shape.length && found.every((extent, axis) => extent === shape[axis])) return broadcast(x, shape);
  throw new ShapeError({
    where: currentScope(),
    problem: `the ${what} does not broadcast to the scores`,
    expected: formatShape(shape),
    received: formatShape(x.shape),
  });
}
