/** Looking integers up in a sorted table, as a graph. */
import { concreteShape, dataTensor, type Tensor } from "../graph/index.ts";
import * as P from "../primitives/index.ts";
import { constantLike } from "../ops/promote.ts";

/**
 * `value` of the key that equals x, elementwise, else `otherwise`: binary search, so log2(keys) selections.
 * Shapes: x int32 `[...]` -> int32 `[...]`. Keys ascend and are distinct.
 */
export function lookUpSorted(x: Tensor, keys: Int32Array, values: Int32Array, otherwise: Tensor): Tensor {
  if (keys.length === 0) return otherwise;
  const table = dataTensor(keys, [keys.length], "int32");
  const last = constantLike(keys.length - 1, x);
  let low = constantLike(0, x);
  for (let step = 2 ** Math.floor(Math.log2(keys.length)); step >= 1; step /= 2) {
    const candidate = P.add(low, constantLike(step, x));
    const key = P.take(table, P.minimum(candidate, last), 0, "clamp");
    const fits = P.and(P.lessEqual(candidate, last), P.lessEqual(key, x));
    low = P.select(fits, candidate, low);
  }
  const found = P.equal(P.take(table, low, 0, "clamp"), x);
  const value = P.take(dataTensor(values, [values.length], "int32"), low, 0, "clamp");
  return P.select(found, value, otherwise);
}

/** Elements of a table at x where 0 <= x - start < its length, else `otherwise`. */
export function lookUpRange(x: Tensor, start: number, values: Int32Array, otherwise: Tensor): Tensor {
  if (values.length === 0) return otherwise;
  const at = P.subtract(x, constantLike(start, x));
  const inside = P.and(P.greaterEqual(at, constantLike(0, x)), P.less(at, constantLike(values.length, x)));
  return P.select(inside, P.take(dataTensor(values, [values.length], "int32"), at, 0, "clamp"), otherwise);
}

/** x, with an IndexError when the program runs where an element is not in [0, extent). */
export function checkedIndices(x: Tensor, extent: number): Tensor {
  concreteShape(x);
  const identity = Int32Array.from({ length: extent }, (_, index) => index);
  return P.take(dataTensor(identity, [extent], "int32"), x, 0, "check");
}
