/** Values that an operation must know before anything runs, because the shape of its result depends on them. */
import type { TypedArray } from "../dtype/index.ts";
import { StateError } from "../errors.ts";
import { currentScope, type Tensor } from "../graph/index.ts";

/**
 * Elements of a tensor of given data, or of one that has been read. Throws StateError for a tensor that is computed or
 * traced: `advice` says what to do instead.
 */
export function knownValues(x: Tensor, what: string, advice: string): TypedArray {
  const values = x.node.values[x.index];
  if (values !== undefined) return values;
  throw new StateError({
    where: currentScope(),
    problem: `${what} depends on the values of a tensor that are not known yet`,
    expected: "data, or a tensor that has been read (await x.data())",
    received: x.toString(),
    advice,
  });
}
