/** Elements in random order. */
import type { HostElement } from "../element.ts";
import { type ElementReader, type Reading, readWhile, type RowReader } from "../reader.ts";
import { rowReader } from "../rows.ts";

/**
 * Draws each element from a buffer of the next `size`; `draw(n)` gives a number from 0 to n - 1. A buffer of all of them
 * gives every order with the same probability (Fisher and Yates).
 */
export function shuffleReader(reader: ElementReader, size: number, draw: (bound: number) => number): ElementReader {
  if (reader.rows !== undefined) return shuffleRows(reader.rows, size, draw);
  const buffer: HostElement[] = [];
  let ended = false;
  const give = (): HostElement | undefined => {
    if (buffer.length === 0) return undefined;
    const chosen = draw(buffer.length);
    const element = buffer[chosen]!;
    const last = buffer.pop()!;
    if (chosen < buffer.length) buffer[chosen] = last;
    return element;
  };
  const keep = (element: HostElement | undefined): boolean => {
    if (element === undefined) ended = true;
    else buffer.push(element);
    return !ended && buffer.length < size;
  };
  return { next: (): Reading => (ended || buffer.length >= size ? give() : readWhile(reader, keep, give)) };
}

/** The same for rows of a table: numbers are drawn, no element is made. */
function shuffleRows({ table, next }: RowReader, size: number, draw: (bound: number) => number): ElementReader {
  let buffer = new Int32Array(Math.min(size, 1024));
  let filled = 0;
  let ended = false;
  return rowReader(table, () => {
    while (!ended && filled < size) {
      const row = next();
      if (row < 0) {
        ended = true;
        break;
      }
      if (filled === buffer.length) {
        const grown = new Int32Array(Math.min(size, 2 * filled));
        grown.set(buffer);
        buffer = grown;
      }
      buffer[filled++] = row;
    }
    if (filled === 0) return -1;
    const chosen = draw(filled);
    const row = buffer[chosen]!;
    buffer[chosen] = buffer[--filled]!;
    return row;
  });
}
