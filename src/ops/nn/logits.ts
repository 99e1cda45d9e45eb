/** What probabilities were made from: cross-entropies are computed from logits where a softmax or a sigmoid gave their input. */
import { InternalError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";

/** What makes probabilities of logits. */
export type Link = "softmax" | "sigmoid";

/** By position among the inputs of the node: the logits live no longer than the graph needs them. */
const origins = new WeakMap<Tensor, { readonly link: Link; readonly input: number }>();

/** Remembers that `probabilities`, made by a node that reads `logits`, are their `link`; gives the probabilities. */
export function withLogits(link: Link, probabilities: Tensor, logits: Tensor): Tensor {
  const input = probabilities.node.inputs.indexOf(logits);
  if (input < 0) throw new InternalError(link, "the node of probabilities does not read the logits");
  origins.set(probabilities, { link, input });
  return probabilities;
}

/** The logits of which this very tensor is the `link`, or null: also where a long chain of read tensors was cut behind it. */
export function logitsOf(link: Link, probabilities: Tensor): Tensor | null {
  const origin = origins.get(probabilities);
  return origin?.link === link ? (probabilities.node.inputs[origin.input] ?? null) : null;
}
