/**
 * Kernels to loop IR. The parameter block that generated code reads is an array of 8-byte slots: the pointers of the
 * kernel's buffers, its run-time scalars, the extents of its dynamic axes (i32, in order), then a pointer to the fault
 * record, three int32 [flag, index, extent] that the first index out of range sets.
 */
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { lowerContract } from "./contract/lower-contract.ts";
import type { LoweredKernel, WorkDivision } from "./ir.ts";
import { lowerMap } from "./lower-map.ts";
import { lowerReduce } from "./lower-reduce.ts";
import { rareKernels } from "./parts.ts";
import { withoutUnits } from "./unit-space.ts";

/**
 * The code of a kernel for a target, and how its work divides. The code depends on `kernelKey(kernel)` and the target;
 * `units` and `grain` also on dynamic extents. Throws PartMissing where the lowering of a rare kind is not loaded (parts.ts).
 */
export function lowerKernel(kernel: Kernel, target: CpuTarget): LoweredKernel {
  switch (kernel.kind) {
    case "map":
      return lowerMap(kernel, target);
    case "reduce":
      return lowerReduce(kernel, target);
    case "contract":
      return lowerContract(kernel, target);
    case "cumulative":
      return rareKernels.get().lowerCumulative(kernel, target);
    case "scatter":
      return rareKernels.get().lowerScatter(kernel, target);
    case "sort":
      return rareKernels.get().lowerSort(kernel, target);
    case "row":
      return rareKernels.get().lowerRows(kernel, target);
  }
}

/** How the work of a kernel divides, without its code: what a program needs of a kernel whose code it already has. */
export function divideWork(kernel: Kernel, target: CpuTarget): WorkDivision {
  const { units, grain, scratchBytes } = withoutUnits(() => lowerKernel(kernel, target));
  return { units, grain, scratchBytes };
}
