/** Features cut into at most 256 bins, so that a split is looked for among bins instead of values. */
import type { Matrix } from "../../data/samples.ts";

/** Binned features. */
export interface Bins {
  /** Bin of each value, feature by feature: `[features][samples]`. */
  readonly codes: Uint8Array;
  /** Number of bins per feature. */
  readonly counts: Int32Array;
  /** Smallest value in each bin: `[features][256]`. */
  readonly lowest: Float64Array;
  /** Largest value in each bin: `[features][256]`. */
  readonly highest: Float64Array;
}

/** A byte tells bins apart. */
export const mostBins = 256;

/** Bins of (nearly) equally many samples; a bin per value where a feature has at most `maxBins` values. */
export function binned({ rows, columns, values }: Matrix, maxBins: number): Bins {
  const codes = new Uint8Array(columns * rows);
  const counts = new Int32Array(columns);
  const lowest = new Float64Array(columns * mostBins);
  const highest = new Float64Array(columns * mostBins);
  const column = new Float64Array(rows);
  for (let feature = 0; feature < columns; feature++) {
    for (let row = 0; row < rows; row++) column[row] = values[row * columns + feature]!;
    const sorted = column.slice().sort();
    const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
    const base = feature * mostBins;
    let bins = 0;
    if (distinct.length <= maxBins) {
      for (const value of distinct) lowest[base + bins] = highest[base + bins++] = value;
    } else {
      // Equal values stay together: a bin ends where its share is full and the next value is another.
      let start = 0;
      while (start < rows) {
        let end = Math.min(rows, Math.max(start + 1, Math.round(((bins + 1) * rows) / maxBins)));
        while (end < rows && sorted[end] === sorted[end - 1]) end++;
        lowest[base + bins] = sorted[start]!;
        highest[base + bins++] = sorted[end - 1]!;
        start = end;
      }
    }
    counts[feature] = bins;
    for (let row = 0; row < rows; row++) {
      let low = 0;
      let high = bins - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (column[row]! <= highest[base + middle]!) high = middle;
        else low = middle + 1;
      }
      codes[feature * rows + row] = low;
    }
  }
  return { codes, counts, lowest, highest };
}
