/** What probabilities were made from: cross-entropies are computed from logits where a softmax or a sigmoid gave their input. */
import type { Tensor } from "../../graph/index.ts";

/** What makes probabilities of logits. */
export type Link = "softmax" | "sigmoid";

const origins = new WeakMap<Tensor, { readonly link: Link; readonly logits: Tensor }>();

/** Remembers that `probabilities` are the `link` of `logits`; gives the probabilities. */
export function withLogits(link: Link, probabilities: Tensor, logits: Tensor): Tensor {
  origins.set(probabilities, { link, logits });
  return probabilities;
}

/** The logits of which this very tensor is the `link`, or null. */
export function logitsOf(link: Link, probabilities: Tensor): Tensor | null {
  const origin = origins.get(probabilities);
  return origin?.link === link ? origin.logits : null;
}
