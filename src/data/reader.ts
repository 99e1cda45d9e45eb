/** How elements are read: one after another, without waiting where nothing has to be waited for. */
import type { HostElement } from "./element.ts";
import type { RowTable } from "./rows.ts";

/** An element, undefined at the end, or a promise of either. */
export type Reading = HostElement | undefined | Promise<HostElement | undefined>;

/** Elements one after another; undefined at the end. Called again only when the call before is done. */
export interface ElementReader {
  next(): Reading;
  /**
   * The same elements as row numbers, where all of them are rows of one table; -1 at the end. Whoever takes rows does
   * not call `next`.
   */
  readonly rows?: RowReader;
  /** Says that an element is looked at only until the next is asked for: the reader may then fill the same arrays again. */
  reuse?(): void;
}

/** Rows of one table, one after another. */
export interface RowReader {
  readonly table: RowTable;
  /** The next row; -1 at the end. */
  readonly next: () => number;
}

/** A reader of elements that are all there. */
export function readerOf(elements: readonly HostElement[]): ElementReader {
  let next = 0;
  return { next: () => elements[next++] };
}

/**
 * Reads on until `take` has enough: it is given every element, undefined at the end, and says whether to go on. Waits
 * only while the source waits. Gives what `done` makes.
 */
export function readWhile<T>(reader: ElementReader, take: (element: HostElement | undefined) => boolean, done: () => T): T | Promise<T> {
  for (;;) {
    const element = reader.next();
    if (element instanceof Promise) return element.then((known) => (take(known) ? readWhile(reader, take, done) : done()));
    if (!take(element)) return done();
  }
}
