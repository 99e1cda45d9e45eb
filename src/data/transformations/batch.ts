/** Elements stacked into batches. */
import type { HostElement } from "../element.ts";
import { type ElementReader, type Reading, readWhile, type RowReader } from "../reader.ts";
import { stackElements } from "../stack.ts";

/** `size` elements at a time, put together by `stack`; the last, smaller one is left out where `drop` says so. */
export function batchReader(
  reader: ElementReader,
  size: number,
  drop: boolean,
  stack: (elements: readonly HostElement[]) => HostElement = stackElements,
): ElementReader {
  if (reader.rows !== undefined && stack === stackElements) return batchRows(reader.rows, size, drop);
  let rows: HostElement[] = [];
  let ended = false;
  const give = (): HostElement | undefined => {
    const full = rows;
    rows = [];
    return full.length === 0 || (drop && full.length < size) ? undefined : stack(full);
  };
  const keep = (element: HostElement | undefined): boolean => {
    if (element === undefined) ended = true;
    else rows.push(element);
    return !ended && rows.length < size;
  };
  return { next: (): Reading => (ended ? undefined : readWhile(reader, keep, give)) };
}

/** The same for rows of a table: each is copied once, from where it is to where it belongs. */
function batchRows({ table, next }: RowReader, size: number, drop: boolean): ElementReader {
  const rows = new Int32Array(size);
  let kept: HostElement | null = null;
  let reuses = false;
  return {
    reuse: () => (reuses = true),
    next: () => {
      let count = 0;
      for (; count < size; count++) {
        const row = next();
        if (row < 0) break;
        rows[count] = row;
      }
      if (count === 0 || (drop && count < size)) return undefined;
      if (!reuses || count < size) return table.gather(rows, count);
      return (kept = table.gather(rows, count, kept));
    },
  };
}
