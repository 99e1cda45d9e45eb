/** The kernels of a program as code. */
import { kernelKey } from "../../../compiler/kernels/kernel.ts";
import type { Program } from "../../../compiler/program.ts";
import type { DeviceLimits, KernelCode } from "../wgsl/kernel-code.ts";
import { valueTypeOf } from "../wgsl/literals.ts";
import { lowerKernel } from "../wgsl/lower.ts";
import { type DistinctKernel, distinctBuffers, ProgramMemory } from "./bind-kernels.ts";
import { narrowFloat64 } from "./narrow-float64.ts";

/** A kernel with its code. */
export interface LoadedKernel {
  readonly distinct: DistinctKernel;
  readonly code: KernelCode;
}

/** A program as code, and where its buffers are. */
export interface LoweredProgram {
  /** The program, with float64 tables as float32. */
  readonly program: Program;
  readonly memory: ProgramMemory;
  readonly kernels: readonly LoadedKernel[];
  /** Whether a kernel may find an index out of range. */
  readonly isChecked: boolean;
}

/** Lowers the kernels of a program for a device. Throws DTypeError for float64. */
export function lowerProgram(given: Program, limits: DeviceLimits): LoweredProgram {
  const program = narrowFloat64(given);
  for (const { dtype } of program.buffers) valueTypeOf(dtype);
  const memory = new ProgramMemory(program);
  const isChecked = program.kernels.some(({ kernel }) =>
    kernel.accesses.some((access) => access.dynamic.some(({ mode }) => mode === "check")),
  );
  const known = new Map<string, KernelCode>();
  const kernels = program.kernels.map((bound): LoadedKernel => {
    const distinct = distinctBuffers(bound, memory, isChecked, limits);
    const { moved, unaligned, shared, guarded } = distinct.surroundings;
    // Extents decide the form of code and the number of workgroups, also those that it reads at run time.
    const extents = distinct.kernel.axes.map(({ extent }) => extent).join();
    const scratch = distinct.kernel.kind === "row" ? distinct.kernel.scratch.map(({ elements }) => elements).join() : "";
    const key = `${kernelKey(distinct.kernel)} ${extents} ${scratch} ${[...moved].join()} ${[...unaligned].join()} ${[...shared].join()} ${guarded}`;
    let code = known.get(key);
    if (code === undefined) known.set(key, (code = lowerKernel(distinct.kernel, distinct.surroundings)));
    return { distinct, code };
  });
  return { program, memory, kernels, isChecked };
}
