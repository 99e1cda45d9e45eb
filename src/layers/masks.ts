/** Masks that travel with tensors: which time steps of a sequence count (Keras's `_keras_mask`). */
import { isSymbolic, parameterTensor, symbolicTensor, Tensor } from "../graph/index.ts";
import { flattenStructure, mapStructure } from "./structure.ts";

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

/** Attaches the masks of a structure to its tensors; with `inNumber` none where there are not as many of one as of the other. */
export function attachMasks(given: unknown, outputs: unknown, inNumber: boolean): void {
  const [leaves, tensors] = [flattenStructure(given), flattenStructure(outputs)];
  if (inNumber && leaves.length !== tensors.length) return;
  tensors.forEach((output, index) => {
    const mask = leaves[index];
    if (output instanceof Tensor && mask instanceof Tensor && !isSymbolic(output)) attachMask(output, mask);
  });
}

/** Symbolic masks for the symbolic outputs of a call, as `masks` stand for them where shapes were inferred. */
export function symbolicMasks(masks: unknown, outputs: unknown): void {
  const tensors = flattenStructure(outputs);
  flattenStructure(masks).forEach((mask, index) => {
    const output = tensors[index];
    if (output instanceof Tensor && mask instanceof Tensor && isSymbolic(output))
      attachMask(output, symbolicTensor(output.shape.slice(0, mask.rank), mask.dtype, undefined));
  });
}

/** Gives the tensors that stand for symbolic ones masks that stand for theirs. */
export function standMasks(symbolic: unknown, stands: unknown): void {
  const tensors = flattenStructure(stands);
  flattenStructure(symbolic).forEach((leaf, index) => {
    const stand = tensors[index];
    if (!(leaf instanceof Tensor) || !(stand instanceof Tensor) || stand === leaf) return;
    const mask = masks.get(leaf);
    if (mask !== undefined) attachMask(stand, parameterTensor(stand.shape.slice(0, mask.rank) as number[], mask.dtype));
  });
}
