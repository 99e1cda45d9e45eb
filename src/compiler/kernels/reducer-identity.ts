/** What reductions start from. */
import { type DType, dtypes } from "../../dtype/index.ts";
import type { Reducer } from "../../graph/index.ts";

/**
 * The value that a reducer ignores: 0 for sums, -infinity (or the least integer) for maxima. For argmax and argmin it
 * loses against every earlier value or ties with it, and the first of equals wins.
 */
export function identityOf(reducer: Reducer, dtype: DType): number {
  const [lowest, highest] = dtypes[dtype].range;
  const table: Readonly<Record<Reducer, number>> = {
    sum: 0,
    prod: 1,
    any: 0,
    all: 1,
    max: lowest,
    argmax: lowest,
    min: highest,
    argmin: highest,
  };
  return table[reducer];
}
