/** The order that sorts mean, everywhere. */

/**
 * Positions of `keys` in sorted order: ascending, or from the largest where `descending`. Equal keys keep their order; NaN
 * counts as the largest, as in NumPy's sort.
 */
export function sortedPositions(keys: ArrayLike<number>, descending = false): Int32Array {
  const after = (x: number, y: number): number => {
    if (x === y) return 0;
    if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1;
    return Number.isNaN(y) || x < y ? -1 : 1;
  };
  const sign = descending ? -1 : 1;
  return Int32Array.from({ length: keys.length }, (_, i) => i).sort((i, j) => sign * after(keys[i]!, keys[j]!) || i - j);
}
