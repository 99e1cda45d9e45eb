/** Targets, predictions and weights whose ranks differ by an axis of extent 1. */
import { concreteShape, type Tensor } from "../graph/index.ts";
import { reshape } from "../primitives/index.ts";

function expandLast(x: Tensor): Tensor {
  return reshape(x, [...concreteShape(x), 1]);
}
function squeezeLast(x: Tensor): Tensor {
  return reshape(x, concreteShape(x).slice(0, -1));
}

/**
 * Keras's `squeeze_or_expand_to_same_rank`: where one tensor has a last axis of extent 1 more than the other, that axis
 * is removed, or added to the other if that is a vector (and `expandRank1`).
 */
export function sameRank(x1: Tensor, x2: Tensor, expandRank1 = true): [Tensor, Tensor] {
  if (x1.rank === x2.rank + 1 && x1.shape.at(-1) === 1) return x2.rank === 1 && expandRank1 ? [x1, expandLast(x2)] : [squeezeLast(x1), x2];
  if (x2.rank === x1.rank + 1 && x2.shape.at(-1) === 1) return x1.rank === 1 && expandRank1 ? [expandLast(x1), x2] : [x1, squeezeLast(x2)];
  return [x1, x2];
}
