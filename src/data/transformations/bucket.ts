/** Batches of elements of similar length. */
import type { HostElement } from "../element.ts";
import { type ElementReader, type Reading } from "../reader.ts";

/** What decides on buckets. */
export interface Buckets {
  /** Length of an element. */
  readonly lengthOf: (element: HostElement) => number | Promise<number>;
  /** Upper ends, ascending, not included: [8, 16] makes the buckets below 8, 8 to 15, and 16 and more. */
  readonly boundaries: readonly number[];
  /** Elements of a batch in each bucket: one more than boundaries. */
  readonly batchSizes: readonly number[];
}

/** Collects elements by length and gives a bucket as a batch when it is full; at the end what is left, shortest first. */
export function bucketReader(
  reader: ElementReader,
  { lengthOf, boundaries, batchSizes }: Buckets,
  drop: boolean,
  stack: (elements: readonly HostElement[]) => HostElement,
): ElementReader {
  const buckets = batchSizes.map((): HostElement[] => []);
  let ended = false;
  const rest = (): HostElement | undefined => {
    const bucket = drop ? undefined : buckets.find(({ length }) => length > 0);
    return bucket === undefined ? undefined : stack(bucket.splice(0));
  };
  const next = async (): Promise<HostElement | undefined> => {
    while (!ended) {
      const element = await reader.next();
      if (element === undefined) {
        ended = true;
        break;
      }
      const length = await lengthOf(element);
      const above = boundaries.findIndex((boundary) => length < boundary);
      const index = above < 0 ? boundaries.length : above;
      const bucket = buckets[index]!;
      bucket.push(element);
      if (bucket.length === batchSizes[index]!) return stack(bucket.splice(0));
    }
    return rest();
  };
  return { next: (): Reading => next() };
}
