/** The passes over the kernels of loops and branches. */
import type { Draft, DraftStep } from "../draft.ts";
import type { Target } from "../target.ts";
import { hoistInvariant } from "./hoist-invariant.ts";
import { effectsOf } from "./order-steps.ts";
import { finishKernels, optimizeSteps } from "./pipeline.ts";

/** Optimizes the bodies of a loop or branch. `pinned` are buffers that are read outside of it. */
export function optimizeNested(step: DraftStep, draft: Draft, target: Target, pinned: ReadonlySet<number>): DraftStep[] {
  if (step.kind === "kernel") return [step];
  // Parts of other buffers (slices of stacks, carries) are read by the next step or outside.
  const { reads, writes } = effectsOf(step, draft);
  const kept = new Set(pinned);
  for (const buffer of [...reads, ...writes]) if (draft.buffers[buffer]!.place !== undefined) kept.add(buffer);
  if (step.kind === "branch") {
    return [{ ...step, then: optimizeSteps(step.then, draft, target, kept), else: optimizeSteps(step.else, draft, target, kept) }];
  }
  // The body of a while overwrites the carries that it reads: its kernels keep their order.
  if (step.condition !== null) return [{ ...step, body: finishSteps(step.body, draft, target, kept) }];
  // A loop of one turn is a block whose work is to be done when its turn comes.
  if (step.trips === 1) return [{ ...step, body: optimizeSteps(step.body, draft, target, kept) }];
  const { before, body } = hoistInvariant(optimizeSteps(step.body, draft, target, kept), step.loop, draft, kept);
  return [...before, { ...step, body }];
}

/** Finishes each kernel for itself. */
function finishSteps(steps: readonly DraftStep[], draft: Draft, target: Target, pinned: ReadonlySet<number>): DraftStep[] {
  return steps.flatMap((step) =>
    step.kind === "kernel"
      ? finishKernels([step.kernel], draft, target).map((kernel): DraftStep => ({ kind: "kernel", kernel }))
      : optimizeNested(step, draft, target, pinned),
  );
}
