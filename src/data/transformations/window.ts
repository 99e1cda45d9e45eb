/** Runs of elements that follow one another. */
import type { HostElement } from "../element.ts";
import type { ElementReader } from "../reader.ts";
import { stackElements } from "../stack.ts";

/** Which elements make a window: `size` of them, `stride` apart; the next window begins `shift` later. */
export interface WindowLayout {
  readonly size: number;
  readonly shift: number;
  readonly stride: number;
  readonly drop: boolean;
}

/** Windows of elements, each stacked along a new first axis; without `drop` the last ones are shorter. */
export function windowReader(reader: ElementReader, { size, shift, stride, drop }: WindowLayout): ElementReader {
  let kept: HostElement[] = [];
  let ended = false;
  const span = (size - 1) * stride + 1;
  const read = async (): Promise<void> => {
    const element = await reader.next();
    if (element === undefined) ended = true;
    else kept.push(element);
  };
  const next = async (): Promise<HostElement | undefined> => {
    while (!ended && kept.length < span) await read();
    if (kept.length === 0 || (drop && kept.length < span)) return undefined;
    const rows = kept.filter((_, i) => i < span && i % stride === 0);
    for (let skip = kept.length; !ended && skip < shift; skip++) {
      await read();
      if (!ended) kept.pop();
    }
    kept = kept.slice(shift);
    return stackElements(rows, "Dataset.window");
  };
  return { next };
}
