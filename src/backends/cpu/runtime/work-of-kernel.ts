/** How much arithmetic and memory traffic a kernel is: what profiles divide by its time. */
import { type DType, dtypes } from "../../../dtype/index.ts";
import type { ContractKernel, Entry, Kernel } from "../../../compiler/kernels/kernel.ts";
import { filteredGradientScheduleOf, filteredScheduleOf, scheduleOf } from "../loops/contract/contract-schedule.ts";

/** Counted from the kernel as data. */
export interface KernelWork {
  /** Scalar operations; a multiply-add counts as 2, a function like exp as 1. */
  readonly operations: number;
  /** Bytes of the buffers, each once for reading and once for writing. */
  readonly bytes: number;
}

/** What one run of a kernel works through. */
export function workOf(kernel: Kernel): KernelWork {
  if (kernel.kind === "row") {
    const stages = kernel.stages.map(workOf);
    return { operations: stages.reduce((sum, { operations }) => sum + operations, 0), bytes: bytesOf(kernel) };
  }
  const points = kernel.axes.reduce((product, { extent }) => product * extent, 1);
  const parallel = kernel.axes.reduce((product, { extent, role }) => (role === "parallel" ? product * extent : product), 1);
  let operations = 0;
  switch (kernel.kind) {
    case "contract":
      operations = (2 * points) / ranges(kernel) + parallel * scalars(kernel.epilogue);
      break;
    case "reduce":
      operations = points * (scalars(kernel.expression) + kernel.reducers.length) + parallel * scalars(kernel.epilogue);
      break;
    case "cumulative":
    case "scatter":
      operations = points * (scalars(kernel.expression) + 1);
      break;
    case "map":
      operations = points * scalars(kernel.expression);
      break;
    case "sort": {
      // Comparisons of a merge sort of rows along the last axis.
      const length = kernel.axes.at(-1)!.extent;
      operations = points * (scalars(kernel.expression) + Math.ceil(Math.log2(Math.max(2, length))));
    }
  }
  return { operations, bytes: bytesOf(kernel) };
}

function bytesOf(kernel: Kernel): number {
  return kernel.buffers.reduce((sum, { dtype, elements, use }) => sum + elements * size(dtype) * (use === "readwrite" ? 2 : 1), 0);
}

/** Ranges of k that a scheduled contraction is split into: an axis beside all of k. */
function ranges(kernel: ContractKernel): number {
  if (kernel.schedule === undefined || filteredScheduleOf(kernel) !== null || filteredGradientScheduleOf(kernel) !== null) return 1;
  const { splitAxis } = scheduleOf(kernel);
  return splitAxis === null ? 1 : kernel.axes[splitAxis]!.extent;
}

function scalars(entries: readonly Entry[]): number {
  return entries.reduce((count, { op }) => count + (op === "scalar" ? 1 : op === "threefry" ? 80 : 0), 0);
}

function size(dtype: DType): number {
  return dtypes[dtype].bytes;
}
