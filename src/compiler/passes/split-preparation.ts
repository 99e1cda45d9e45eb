/** Kernels that need nothing of a run's arguments: packed and transformed weights, masks, constant tables. */
import { dtypes } from "../../dtype/index.ts";
import type { Draft, DraftStep } from "../draft.ts";
import { isChecked, readBuffers, writtenBuffers } from "./kernel-graph.ts";
import { effectsOf } from "./order-steps.ts";

/** Steps that run when states have changed, and those of every run. */
export interface SplitSteps {
  readonly preparing: readonly DraftStep[];
  readonly rest: readonly DraftStep[];
  /** Buffers that the rest reads: they keep their contents from run to run. */
  readonly kept: readonly number[];
  /** States that the preparing steps read. */
  readonly states: readonly number[];
}

/** What decides how steps are split. */
export interface SplitOptions {
  readonly draft: Draft;
  /** States that the program writes: what is made of them changes in every run. */
  readonly writtenStates: ReadonlySet<number>;
  /** Buffers that are read after the program. */
  readonly outputs: ReadonlySet<number>;
  /** Most bytes that preparing steps may write. */
  readonly mostBytes: number;
}

/**
 * Splits a block into kernels that depend on constants and on states that the program does not write, and the rest. A
 * preparing kernel is the only one that writes its buffers, cannot fail, and takes no run-time scalars.
 */
export function splitPreparation(steps: readonly DraftStep[], { draft, writtenStates, outputs, mostBytes }: SplitOptions): SplitSteps {
  if (mostBytes === 0) return { preparing: [], rest: steps, kept: [], states: [] };
  const effects = steps.map((step) => effectsOf(step, draft));
  const writers = new Map<number, number>();
  for (const { writes } of effects) {
    for (const root of new Set([...writes].flatMap((buffer) => draft.roots(buffer)))) writers.set(root, (writers.get(root) ?? 0) + 1);
  }
  const settled = new Set<number>();
  const states = new Set<number>();
  const isSettled = (buffer: number): boolean => {
    const { place } = draft.buffers[buffer]!;
    if (place?.kind === "state") return !writtenStates.has(place.index);
    return place?.kind === "constant" || settled.has(buffer);
  };
  let bytes = 0;
  const preparing: DraftStep[] = [];
  const rest: DraftStep[] = [];
  for (const step of steps) {
    if (step.kind !== "kernel" || step.kernel.scalars.length > 0 || isChecked(step.kernel.kernel)) {
      rest.push(step);
      continue;
    }
    const written = [...writtenBuffers(step.kernel)];
    const read = [...readBuffers(step.kernel)];
    const size = written.reduce((sum, buffer) => sum + draft.buffers[buffer]!.elements * dtypes[draft.buffers[buffer]!.dtype].bytes, 0);
    const isOwn = (buffer: number): boolean =>
      draft.buffers[buffer]!.place === undefined && !outputs.has(buffer) && writers.get(buffer) === 1;
    if (bytes + size > mostBytes || !written.every(isOwn) || !read.every(isSettled)) {
      rest.push(step);
      continue;
    }
    bytes += size;
    preparing.push(step);
    for (const buffer of written) settled.add(buffer);
    for (const buffer of read) {
      const { place } = draft.buffers[buffer]!;
      if (place?.kind === "state") states.add(place.index);
    }
  }
  const readLater = new Set(rest.flatMap((step) => [...effectsOf(step, draft).reads].flatMap((buffer) => draft.roots(buffer))));
  return { preparing, rest, kept: [...settled].filter((buffer) => readLater.has(buffer)), states: [...states].sort((a, b) => a - b) };
}
