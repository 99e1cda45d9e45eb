/** Large reductions to few values become two kernels, partials and their combination (kernels/split-reduce.ts). */
import type { Draft } from "../draft.ts";
import { type SplitPart, splitReduce } from "../kernels/split-reduce.ts";
import type { ScheduledKernel } from "../target.ts";

/** Splits every reduction that is worth it. */
export function splitReductions(kernels: readonly ScheduledKernel[], draft: Draft): ScheduledKernel[] {
  return kernels.flatMap((bound) => {
    const split = bound.kernel.kind === "reduce" ? splitReduce(bound.kernel) : null;
    if (split === null) return [bound];
    const temporaries = split.temporaries.map(({ dtype, elements }) => draft.add(dtype, elements));
    const bind = (part: SplitPart): ScheduledKernel => ({
      kernel: part.kernel,
      buffers: part.buffers.map((buffer) => (buffer < 0 ? temporaries[-1 - buffer]! : bound.buffers[buffer]!)),
      scalars: part.scalars.map((scalar) => bound.scalars[scalar]!),
    });
    return [bind(split.partial), bind(split.combine)];
  });
}
