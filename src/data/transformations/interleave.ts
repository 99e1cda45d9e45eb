/** Elements of several data sets in turn. */
import type { HostElement } from "../element.ts";
import type { ElementReader } from "../reader.ts";

/**
 * Opens `cycle` of the data sets that `open` makes of the elements, and takes `block` elements of each in turn, as
 * TensorFlow does; where one ends the next takes its place. A cycle of one: one data set after another.
 */
export function interleaveReader(
  reader: ElementReader,
  open: (element: HostElement) => Promise<ElementReader>,
  cycle: number,
  block: number,
): ElementReader {
  const slots: (ElementReader | null | undefined)[] = [];
  let turn = 0;
  let taken = 0;
  let ended = false;
  const fill = async (slot: number): Promise<void> => {
    const element = ended ? undefined : await reader.next();
    if (element === undefined) ended = true;
    slots[slot] = element === undefined ? null : await open(element);
  };
  const advance = (): void => {
    turn = (turn + 1) % cycle;
    taken = 0;
  };
  const next = async (): Promise<HostElement | undefined> => {
    for (let empty = 0; empty < cycle;) {
      if (slots[turn] === undefined) await fill(turn);
      const current = slots[turn];
      if (current === null || current === undefined) {
        empty++;
        advance();
        continue;
      }
      const element = await current.next();
      if (element === undefined) {
        // Its place is taken at the next turn.
        slots[turn] = undefined;
        empty = 0;
        advance();
        continue;
      }
      if (++taken === block) advance();
      return element;
    }
    return undefined;
  };
  return { next };
}
