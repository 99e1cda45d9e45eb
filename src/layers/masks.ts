/** Masks that travel with tensors: which time steps of a sequence count (Keras's `_keras_mask`). */
import type { Tensor } from "../graph/index.ts";
import { mapStructure } from "./structure.ts";

const masks = new WeakMap<Tensor, Tensor>();

/** Mask that a layer attached to a tensor: bool, shape of the tensor's leading axes. Null where there is none. */
export function maskOf(tensor: Tensor): Tensor | null {
  return masks.get(tensor) ?? null;
}

/** Attaches a mask to a tensor; layers called on the tensor receive it. */
export function attachMask(tensor: Tensor, mask: Tensor): void {
  masks.set(tensor, mask);
}

/** The masks of a structure of tensors, in the same structure. */
export function masksOf(inputs: unknown): unknown {
  return mapStructure(inputs, (leaf) => (typeof leaf === "object" && leaf !== null ? (masks.get(leaf as Tensor) ?? null) : null));
}
