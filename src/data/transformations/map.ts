/** Elements made of elements, several at a time. */
import type { HostElement } from "../element.ts";
import type { ElementReader } from "../reader.ts";

/**
 * Applies `f` to up to `parallel` elements at once. In order, unless `ordered` is false: then whichever is ready first
 * comes first. An error comes where its element would have been.
 */
export function mapReader(
  reader: ElementReader,
  f: (element: HostElement) => Promise<HostElement>,
  parallel: number,
  ordered: boolean,
): ElementReader {
  const running: Promise<HostElement>[] = [];
  let ended = false;
  const start = async (): Promise<void> => {
    while (!ended && running.length < parallel) {
      const element = await reader.next();
      if (element === undefined) {
        ended = true;
        return;
      }
      const made = f(element);
      // Whoever takes it from the queue sees the error.
      made.catch(() => undefined);
      running.push(made);
    }
  };
  return {
    next: async () => {
      await start();
      if (running.length === 0) return undefined;
      if (ordered) return await running.shift()!;
      const first = await Promise.race(running.map((made, index) => made.then(() => index, () => index))); // prettier-ignore
      return await running.splice(first, 1)[0]!;
    },
  };
}
