/** Elements made before they are asked for. */
import type { HostElement } from "../element.ts";
import type { ElementReader } from "../reader.ts";

/** Keeps `ahead` elements in the making. An error comes where its element would have been. */
export function prefetchReader(reader: ElementReader, ahead: number): ElementReader {
  const queue: Promise<HostElement | undefined>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const ask = (): void => {
    const asked = last.then(() => reader.next());
    // Whoever takes it from the queue sees the error.
    last = asked.catch(() => undefined);
    queue.push(asked);
  };
  return {
    next: async () => {
      while (queue.length <= ahead) ask();
      return await queue.shift();
    },
  };
}
