/** Places buffers in the arena: those that are never alive in the same stage may share bytes. */
import { dtypes } from "../../dtype/index.ts";
import type { Draft, DraftStep } from "../draft.ts";
import { effectsOf } from "./order-steps.ts";

/**
 * Gives every open buffer an offset (largest first, at the lowest offset that is free during its life) and returns the
 * arena's size. A buffer used inside a loop lives for the whole loop.
 */
export function planMemory(draft: Draft, levels: readonly (readonly DraftStep[])[], results: readonly number[], alignment: number): number {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  const touch = (buffer: number, level: number): void => {
    for (const root of draft.roots(buffer)) {
      if (!first.has(root)) first.set(root, level);
      last.set(root, Math.max(level, last.get(root) ?? level));
    }
  };
  levels.forEach((steps, level) => {
    for (const step of steps) {
      const { reads, writes } = effectsOf(step, draft);
      for (const buffer of reads) touch(buffer, level);
      for (const buffer of writes) touch(buffer, level);
    }
  });
  for (const result of results) touch(result, levels.length);

  const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;
  const open = [...first.keys()]
    .filter((buffer) => draft.buffers[buffer]!.place === undefined)
    .map((buffer) => {
      const { dtype, elements } = draft.buffers[buffer]!;
      return { buffer, bytes: align(Math.max(1, elements * dtypes[dtype].bytes)), from: first.get(buffer)!, to: last.get(buffer)! };
    })
    .sort((a, b) => b.bytes - a.bytes || a.buffer - b.buffer);
  const placed: { from: number; to: number; start: number; end: number }[] = [];
  let size = 0;
  for (const { buffer, bytes, from, to } of open) {
    const busy = placed.filter((other) => other.from <= to && from <= other.to).sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of busy) {
      if (other.start - start >= bytes) break;
      start = Math.max(start, other.end);
    }
    draft.buffers[buffer]!.place = { kind: "arena", offset: start };
    placed.push({ from, to, start, end: start + bytes });
    size = Math.max(size, start + bytes);
  }
  // Buffers that no step touches (empty ones) still need a place.
  for (const buffer of draft.buffers) buffer.place ??= { kind: "arena", offset: 0 };
  return size;
}
