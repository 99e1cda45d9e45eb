/** Places things that are not there at the same time over one another. */

/** Something that takes `bytes` from time `from` to time `to`, both included. */
export interface Lasting {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/** What has a place already. */
export interface Placed {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/** The lowest offset that is free for all of its life. */
export function placeOf({ bytes, from, to }: Lasting, placed: readonly Placed[]): number {
  const busy = placed.filter((other) => other.from <= to && from <= other.to).sort((a, b) => a.start - b.start);
  let start = 0;
  for (const other of busy) {
    if (other.start - start >= bytes) break;
    start = Math.max(start, other.end);
  }
  return start;
}
