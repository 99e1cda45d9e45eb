/** The passes over kernels, in running order. */
import type { Draft, DraftStep } from "../draft.ts";
import { collapseAxes, markDynamic } from "../kernels/collapse.ts";
import { splitTarget } from "../kernels/split-target.ts";
import { rarePasses } from "../parts.ts";
import type { ScheduledKernel, Target } from "../target.ts";
import { fuseEpilogues } from "./fuse-epilogues.ts";
import { KernelGraph, writtenBuffers } from "./kernel-graph.ts";
import { mergeKernels } from "./merge-kernels.ts";
import { effectsOf } from "./order-steps.ts";
import { isRowSeed } from "./row-seeds.ts";

/** Joins, fuses, splits and schedules the kernels of a block. `outputs` are buffers that are read after it. */
export function optimizeSteps(steps: readonly DraftStep[], draft: Draft, target: Target, outputs: ReadonlySet<number>): DraftStep[] {
  const segments = segmentsOf(steps);
  const touched = segments.map((segment) => {
    const buffers = new Set<number>();
    for (const step of segment) {
      const { reads, writes } = effectsOf(step, draft);
      for (const buffer of [...reads, ...writes]) buffers.add(buffer);
    }
    return buffers;
  });
  return segments.flatMap((segment, i) => {
    const pinned = new Set(outputs);
    touched.forEach((buffers, j) => {
      if (j !== i) for (const buffer of buffers) pinned.add(buffer);
    });
    if (segment[0]!.kind !== "kernel") return segment.flatMap((step) => rarePasses.get().optimizeNested(step, draft, target, pinned));
    const kernels = segment.flatMap((step) => (step.kind === "kernel" ? [step.kernel] : []));
    return optimizeKernels(kernels, draft, target, pinned).map((kernel): DraftStep => ({ kind: "kernel", kernel }));
  });
}

function optimizeKernels(
  kernels: readonly ScheduledKernel[],
  draft: Draft,
  target: Target,
  pinned: ReadonlySet<number>,
): ScheduledKernel[] {
  const context = { draft, limits: target.limits, pinned };
  const merged = mergeKernels(kernels, context);
  const fused = fuseEpilogues(merged, context);
  const alive = withoutDeadKernels(fused, pinned, draft);
  const hasRows = alive.some(({ kernel }) => isRowSeed(kernel, target.limits));
  return finishKernels(hasRows ? rarePasses.get().joinRows(alive, context) : alive, draft, target);
}

/** Splits long reductions, brings kernels into canonical form, and lets the back-end schedule contractions. */
export function finishKernels(kernels: readonly ScheduledKernel[], draft: Draft, target: Target): ScheduledKernel[] {
  const isLong = kernels.some(({ kernel }) => kernel.kind === "reduce" && splitTarget(kernel) !== null);
  const split = isLong ? rarePasses.get().splitReductions(kernels, draft) : kernels;
  const canonical = split.map((bound): ScheduledKernel => ({
    ...bound,
    kernel: markDynamic(bound.kernel.kind === "row" ? bound.kernel : collapseAxes(bound.kernel)),
  }));
  return canonical.flatMap((bound) => scheduleContraction(bound, draft, target));
}

/** Runs of kernels, and single control-flow steps between them. */
function segmentsOf(steps: readonly DraftStep[]): DraftStep[][] {
  const segments: DraftStep[][] = [];
  for (const step of steps) {
    const last = segments[segments.length - 1];
    if (step.kind === "kernel" && last?.[0]!.kind === "kernel") last.push(step);
    else segments.push([step]);
  }
  return segments;
}

function withoutDeadKernels(kernels: readonly ScheduledKernel[], pinned: ReadonlySet<number>, draft: Draft): ScheduledKernel[] {
  const graph = new KernelGraph(kernels);
  const dead = (bound: ScheduledKernel): boolean =>
    [...writtenBuffers(bound)].every(
      (buffer) =>
        !pinned.has(buffer) && draft.buffers[buffer]!.place === undefined && [...graph.readers(buffer)].every((reader) => reader === bound),
    );
  for (const bound of [...kernels].reverse()) if (dead(bound)) graph.remove(bound);
  return kernels.filter((bound) => graph.kernels.has(bound));
}

function scheduleContraction(bound: ScheduledKernel, draft: Draft, target: Target): ScheduledKernel[] {
  const { kernel } = bound;
  if (kernel.kind !== "contract") return [bound];
  const rhs = draft.buffers[bound.buffers[kernel.accesses[kernel.rhs]!.buffer]!]!.place;
  const isKept = rhs?.kind === "constant" || (rhs?.kind === "state" && !draft.writtenStates.has(rhs.index));
  const scheduled = target.scheduleContract({ kernel, buffers: bound.buffers, scalars: bound.scalars }, !isKept);
  const temporaries = scheduled.temporaries.map(({ dtype, elements }) => draft.add(dtype, elements));
  return scheduled.kernels.map((next) => ({
    ...next,
    kernel: next.kernel.kind === "contract" ? next.kernel : markDynamic(collapseAxes(next.kernel)),
    buffers: next.buffers.map((buffer) => (buffer < 0 ? temporaries[-1 - buffer]! : buffer)),
  }));
}
