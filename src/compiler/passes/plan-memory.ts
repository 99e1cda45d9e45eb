/** Places buffers in the arena: those that are never alive in the same stage may share bytes. */
import { dtypes } from "../../dtype/index.ts";
import type { Draft, DraftStep } from "../draft.ts";
import type { Limits } from "../target.ts";
import { readBuffers, writtenBuffers } from "./kernel-graph.ts";
import { effectsOf } from "./order-steps.ts";
import { type Placed, placeOf } from "./place-by-life.ts";

/**
 * Gives every open buffer an arena and an offset (largest first, at the lowest offset that is free during its life) and
 * returns the arenas' sizes. A buffer used inside a loop lives for the whole loop. Where the back-end may not read and
 * write one arena in one kernel, such buffers get different arenas.
 */
export function planMemory(draft: Draft, levels: readonly (readonly DraftStep[])[], results: readonly number[], limits: Limits): number[] {
  const alignment = limits.alignmentBytes;
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
  const apart = limits.sharedArena ? undefined : conflicts(draft, levels);
  const arenaOf = new Map<number, number>();
  const placed: (Placed & { readonly arena: number })[] = [];
  const sizes: number[] = [];
  for (const { buffer, bytes, from, to } of open) {
    const taken = new Set([...(apart?.get(buffer) ?? [])].map((other) => arenaOf.get(other)));
    let arena = 0;
    while (taken.has(arena)) arena++;
    arenaOf.set(buffer, arena);
    const start = placeOf(
      { bytes, from, to },
      placed.filter((other) => other.arena === arena),
    );
    draft.buffers[buffer]!.place = { kind: "arena", arena, offset: start };
    placed.push({ arena, from, to, start, end: start + bytes });
    sizes[arena] = Math.max(sizes[arena] ?? 0, start + bytes);
  }
  // Buffers that no step touches (empty ones) still need a place.
  for (const buffer of draft.buffers) buffer.place ??= { kind: "arena", arena: 0, offset: 0 };
  return sizes;
}

/** For each buffer those that one kernel reads while it writes it, or writes while it reads it. */
function conflicts(draft: Draft, levels: readonly (readonly DraftStep[])[]): Map<number, Set<number>> {
  const apart = new Map<number, Set<number>>();
  const add = (a: number, b: number): void => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      (apart.get(from) ?? apart.set(from, new Set()).get(from)!).add(to);
  };
  const visit = (step: DraftStep): void => {
    if (step.kind === "kernel") {
      const reads = [...readBuffers(step.kernel)].flatMap((buffer) => draft.roots(buffer));
      const writes = [...writtenBuffers(step.kernel)].flatMap((buffer) => draft.roots(buffer));
      for (const read of reads) for (const write of writes) if (read !== write) add(read, write);
      return;
    }
    for (const inner of step.kind === "loop" ? step.body : [...step.then, ...step.else]) visit(inner);
  };
  for (const level of levels) for (const step of level) visit(step);
  return apart;
}
