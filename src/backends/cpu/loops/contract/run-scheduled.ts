/** Runs a scheduled contraction on host arrays, for tests. */
import "../complete.ts";
import type { ContractKernel, Kernel } from "../../../../compiler/kernels/kernel.ts";
import { hostArray, type TypedArray } from "../../../../dtype/index.ts";
import type { CpuTarget } from "../../target.ts";
import { runNaive } from "../naive-kernel.ts";
import { runInterpreted, runWasm } from "../run-lowered.ts";
import { lowerContract } from "./lower-contract.ts";
import { type ScheduledContraction, scheduleContract } from "./schedule.ts";

/** The tiled kernel of a schedule, if it has one. */
export function tiledKernel(scheduled: ScheduledContraction): ContractKernel | null {
  const found = scheduled.kernels.find((bound) => bound.kernel.kind === "contract");
  return found === undefined ? null : (found.kernel as ContractKernel);
}

/**
 * Schedules `kernel` and runs what comes out on `buffers` (those of the kernel, written in place): the contraction as
 * generated code, everything else by its definition. Temporaries start as NaN.
 */
export function runScheduled(
  kernel: ContractKernel,
  buffers: readonly TypedArray[],
  scalars: readonly number[],
  target: CpuTarget,
  how: "wasm" | "interpreter",
  isRenewed = false,
): ScheduledContraction {
  const bound = { kernel, buffers: buffers.map((_, i) => i), scalars: kernel.scalars.map((_, i) => i) };
  const scheduled = scheduleContract(bound, target, "never", isRenewed);
  const temporaries = scheduled.temporaries.map(({ dtype, elements }) => hostArray(dtype, elements).fill(NaN));
  for (const bound of scheduled.kernels) {
    const memory = {
      buffers: bound.buffers.map((id) => (id < 0 ? temporaries[-1 - id]! : buffers[id]!)),
      scalars: bound.scalars.map((id) => scalars[id]!),
    };
    runBound(bound.kernel, memory, target, how);
  }
  return scheduled;
}

function runBound(
  kernel: Kernel,
  memory: { readonly buffers: TypedArray[]; readonly scalars: number[] },
  target: CpuTarget,
  how: "wasm" | "interpreter",
): void {
  if (kernel.kind !== "contract") {
    runNaive(kernel, memory);
    return;
  }
  const lowered = lowerContract(kernel, target);
  if (how === "wasm") runWasm(kernel, lowered, memory);
  else runInterpreted(kernel, lowered, target, memory);
}
