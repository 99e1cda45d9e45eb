/** Looking into gradients: how many blocks in it compute something again. */
import type { Tensor } from "../graph/index.ts";
import { nodesBelow, scanAttributes } from "../primitives/index.ts";

/** Number of blocks (loops of one turn) that a tensor is computed by. */
export function computedAgain(tensor: Tensor): number {
  return nodesBelow([tensor]).filter((node) => node.primitive.name === "scan" && scanAttributes(node.attributes).length === 1).length;
}
