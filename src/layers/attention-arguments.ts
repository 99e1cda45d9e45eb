/** Arguments of a call of attention with heads. */
import { isPlainObject, type Tensor } from "../graph/index.ts";
import { checkOptions } from "../serialization/index.ts";
import type { AttentionMasks } from "./attention-masks.ts";
import type { CallOptions } from "./layer.ts";
import { maskOf } from "./masks.ts";

/** Options of a call of attention with heads. */
export interface MultiHeadAttentionCallOptions extends CallOptions, AttentionMasks {
  /** Whether the result is `[output, weights]`. Default false. */
  readonly returnAttentionScores?: boolean;
  /** The keys, where they do not stand among the inputs. Default: the values. */
  readonly key?: Tensor | null;
}

/** What follows query and value: the keys, or the options; with scores (`R`) or without. */
export type MultiHeadAttentionArguments<R extends boolean = boolean> = R extends true
  ? [options: WithScores<true>] | [key: Tensor, options: WithScores<true>]
  : [options?: WithScores<false>] | [key: Tensor, options?: WithScores<false>];

type WithScores<R extends boolean> = MultiHeadAttentionCallOptions &
  (R extends true ? { readonly returnAttentionScores: true } : { readonly returnAttentionScores?: false });

const callOptions = ["training", "mask", "queryMask", "valueMask", "keyMask", "attentionMask", "useCausalMask", "returnAttentionScores"];

/** The keys, null where the values are meant, and the options. Throws UnknownNameError for an option that does not exist. */
export function attentionArguments(
  where: string,
  rest: MultiHeadAttentionArguments,
): { key: Tensor | null; options: MultiHeadAttentionCallOptions } {
  const [first, second] = rest;
  const isOptions = first === undefined || isPlainObject(first);
  const options = ((isOptions ? first : second) ?? {}) as MultiHeadAttentionCallOptions;
  checkOptions(`${where}, called`, options, callOptions);
  return { key: isOptions ? null : (first as Tensor), options };
}

/** The masks of a call, where none is given those that the inputs carry. */
export function carriedMasks(
  query: Tensor,
  value: Tensor,
  key: Tensor | null,
  mask: CallOptions["mask"],
  masks: AttentionMasks,
): AttentionMasks {
  return {
    ...masks,
    queryMask: masks.queryMask ?? (Array.isArray(mask) ? null : (mask as Tensor | null | undefined)) ?? maskOf(query),
    valueMask: masks.valueMask ?? maskOf(value),
    keyMask: masks.keyMask ?? (key === null ? null : maskOf(key)),
  };
}
