/** Kernels that do the same in every step of a loop run once before it: packing of a weight, mostly. */
import type { Draft, DraftStep } from "../draft.ts";
import { isChecked, readBuffers, writtenBuffers } from "./kernel-graph.ts";
import { effectsOf } from "./order-steps.ts";

/** Whether a buffer is a slice or carry of the loop, directly or by way of an inner loop. */
function belongsTo(buffer: number, loop: number, draft: Draft): boolean {
  const place = draft.buffers[buffer]!.place;
  if (place?.kind === "slice") return place.loop === loop || belongsTo(place.of, loop, draft);
  if (place?.kind === "alternate") return place.loop === loop || belongsTo(place.even, loop, draft) || belongsTo(place.odd, loop, draft);
  return false;
}

/**
 * Splits the body of a loop into kernels that need nothing of the loop and write temporaries only, and the rest. Kernels
 * that can fail stay: the loop may take no step. `pinned` are buffers that are read elsewhere.
 */
export function hoistInvariant(
  body: readonly DraftStep[],
  loop: number,
  draft: Draft,
  pinned: ReadonlySet<number>,
): { before: DraftStep[]; body: DraftStep[] } {
  const writers = new Map<number, number>();
  for (const step of body) {
    for (const buffer of effectsOf(step, draft).writes) {
      for (const root of new Set([buffer, ...draft.roots(buffer)])) writers.set(root, (writers.get(root) ?? 0) + 1);
    }
  }
  const before: DraftStep[] = [];
  const settled = new Set<number>();
  const rest = body.filter((step) => {
    if (step.kind !== "kernel" || isChecked(step.kernel.kernel)) return true;
    const isFixed = (buffer: number): boolean =>
      !belongsTo(buffer, loop, draft) && draft.roots(buffer).every((root) => settled.has(root) || !writers.has(root));
    const isTemporary = (buffer: number): boolean =>
      draft.buffers[buffer]!.place === undefined && !pinned.has(buffer) && writers.get(buffer) === 1;
    const written = writtenBuffers(step.kernel);
    const read = [...readBuffers(step.kernel)].filter((buffer) => !written.has(buffer));
    if (!read.every(isFixed) || ![...written].every(isTemporary)) return true;
    for (const buffer of written) settled.add(buffer);
    before.push(step);
    return false;
  });
  return { before, body: rest };
}
