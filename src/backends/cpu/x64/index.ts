/** The x64 back-end: machine code for AVX2 or AVX-512, run in this process on threads and memory of its own. */
import "../../../compiler/complete.ts";
import "../loops/complete.ts";
import type { Executable } from "../../backend.ts";
import type { Program } from "../../../compiler/program.ts";
import { sizeOf } from "../../../graph/index.ts";
import { compilerTarget, type ScheduleOptions } from "../compiler-target.ts";
import { platform } from "../../../platform/index.ts";
import type { CallableFunction } from "../loops/ir.ts";
import { scheduleContract } from "../loops/contract/schedule.ts";
import { rareKernels } from "../loops/parts.ts";
import { divideWork, lowerKernel } from "../loops/lower.ts";
import { chooseThreads } from "../runtime/choose-threads.ts";
import { CodeCache } from "../runtime/code-cache.ts";
import type { CpuBackend } from "../runtime/cpu-backend.ts";
import { DeviceMemory } from "../runtime/device-memory.ts";
import { type CodeListing, describeProgram } from "../runtime/describe-program.ts";
import { Divisions } from "../runtime/divisions.ts";
import { CpuExecutable } from "../runtime/executable.ts";
import type { Machine } from "../runtime/machine.ts";
import { measureMachinePeak } from "../runtime/measure-peak.ts";
import { profiled } from "../runtime/profiling.ts";
import { checkProgram, checkTensor, type TensorLimits } from "../runtime/tensor-limits.ts";
import { RunOrder } from "../../run-order.ts";
import type { CpuTarget } from "../target.ts";
import { CodeMemory } from "./code-memory.ts";
import { mostHelpers } from "./control.ts";
import { emitFunctions } from "./generator/emit.ts";
import { chooseInstructionSet, type InstructionSet, openHost } from "./host.ts";
import { Mappings } from "./mappings.ts";
import { NativeMemory } from "./native-memory.ts";
import { NativeThreads } from "./native-threads.ts";
import { NativeWalk } from "./native-walk.ts";

/** Options of the x64 back-end; what is left out is found out. */
export interface X64Options extends ScheduleOptions {
  /** Threads, the calling one among them. Default: NABLA_THREADS, else the processor's cores, at most 16. */
  readonly threads?: number;
  /** Default: NABLA_CPU, else the best that the processor has. Changes last bits. */
  readonly instructionSet?: InstructionSet;
}

const where = "x64 back-end";

/** The processor as kernels are lowered for it. Cache sizes are those of ordinary machines: bits must not depend on them. */
export const x64Targets: Readonly<Record<InstructionSet, CpuTarget>> = {
  avx512: { name: "avx512", lanes: 16, registers: 32, fma: true, maskedTails: true, l1Bytes: 32 * 2 ** 10, l2Bytes: 2 ** 20 },
  avx2: { name: "avx2", lanes: 8, registers: 16, fma: true, maskedTails: false, l1Bytes: 32 * 2 ** 10, l2Bytes: 512 * 2 ** 10 },
};

/** What a slice of the batch may leave between its kernels: the second cache holds it beside what they read. */
function sliceBytesOf({ l2Bytes }: CpuTarget): number {
  return (l2Bytes / 4) * 3;
}

/** The C library's name of each function that float64 code calls. */
const libraryNames: Readonly<Record<CallableFunction, string>> = {
  exp: "exp",
  expm1: "expm1",
  log: "log",
  log1p: "log1p",
  tanh: "tanh",
  sin: "sin",
  cos: "cos",
  tan: "tan",
  asin: "asin",
  acos: "acos",
  atan: "atan",
  sinh: "sinh",
  cosh: "cosh",
  asinh: "asinh",
  acosh: "acosh",
  atanh: "atanh",
  pow: "pow",
  atan2: "atan2",
  remainder: "fmod",
};

/** Starts the back-end. Throws BackendError where koffi, the processor, the system or its permissions do not fit. */
export function createX64Backend(options: X64Options = {}): CpuBackend {
  const { system, processor } = openHost();
  const instructionSet = chooseInstructionSet(options.instructionSet ?? platform.environment("NABLA_CPU"), processor);
  const cpuTarget = x64Targets[instructionSet];
  const mappings = new Mappings(system);
  const memory = new NativeMemory(mappings);
  const threads = new NativeThreads(mappings, memory, chooseThreads(options.threads, { where, most: mostHelpers + 1, usual: 16 }));
  const functions = Object.fromEntries(Object.entries(libraryNames).map(([f, name]) => [f, BigInt(system.symbol(name))]));
  const features = { avx512: instructionSet === "avx512", functions };
  const code = new CodeCache(new CodeMemory(mappings, (list) => emitFunctions(list, features)));
  const machine = profiled(
    {
      name: where,
      memory,
      threads,
      code,
      order: new RunOrder(),
      lower: (kernel) => lowerKernel(kernel, cpuTarget),
      divisions: new Divisions((kernel) => divideWork(kernel, cpuTarget)),
      walk: (program) => new NativeWalk(threads, memory, program),
    } satisfies Machine,
    cpuTarget,
  );
  const listing: CodeListing = {
    emit: (list) => emitFunctions(list, features).bytes,
    extension: "bin",
    command: (file) => `objdump -D -b binary -m i386:x86-64 -M intel ${file}`,
  };
  const limits: TensorLimits = { bytes: system.access.largestView, memory: "one view of memory in this version of Node" };
  const target = compilerTarget(cpuTarget, limits.bytes, () => ({ scheduleContract, rareKernels }), {
    ...options,
    sliceBytes: options.sliceBytes ?? sliceBytesOf(cpuTarget),
    lanes: threads.count,
  });
  return {
    form: "kernels",
    name: "cpu",
    target,
    info: () => ({
      target: `x86-64 ${instructionSet}`,
      threads: threads.count,
      processor: processor.name,
      ...(processor.missing.length === 0 ? {} : { "no avx512": `it lacks ${processor.missing.join(", ")}` }),
      ...(threads.problem === undefined ? {} : { "fewer threads": threads.problem }),
    }),
    allocate: (type) => {
      checkTensor(where, type.dtype, sizeOf(type.shape), limits);
      return new DeviceMemory(memory, type, where);
    },
    load: (program: Program): Executable => {
      checkProgram(where, program, limits);
      return new CpuExecutable(machine, program);
    },
    describe: (program) => describeProgram(machine, program, listing),
    bytesHeld: () => memory.bytesInUse + code.bytes,
    measurePeak: () => measureMachinePeak(machine, cpuTarget),
    close: () => threads.close(),
  };
}
