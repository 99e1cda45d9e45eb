/** What reductions start from. */
import type { DType } from "../../dtype/index.ts";
import type { Reducer } from "../../graph/index.ts";

/**
 * The value that a reducer ignores: 0 for sums, -infinity (or the least integer) for maxima. For argmax and argmin it
 * loses against every earlier value or ties with it, and the first of equals wins.
 */
export function identityOf(reducer: Reducer, dtype: DType): number {
  const lowest = dtype === "int32" ? -2147483648 : dtype === "int8" ? -128 : dtype === "uint8" || dtype === "bool" ? 0 : -Infinity;
  const highest = dtype === "int32" ? 2147483647 : dtype === "int8" ? 127 : dtype === "uint8" ? 255 : dtype === "bool" ? 1 : Infinity;
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
