/** The WebAssembly back-end: runs anywhere, on several threads where memory can be shared. */
import type { Executable } from "../../backend.ts";
import { BackendError } from "../../../errors.ts";
import type { Program } from "../../../compiler/program.ts";
import { sizeOf } from "../../../graph/index.ts";
import { withParts } from "../../../parts/part.ts";
import { compilerTarget, type ScheduleOptions } from "../compiler-target.ts";
import type { CpuTarget } from "../target.ts";
import { chooseThreads } from "../runtime/choose-threads.ts";
import { CodeCache } from "../runtime/code-cache.ts";
import { Divisions } from "../runtime/divisions.ts";
import type { CpuBackend } from "../runtime/cpu-backend.ts";
import { DeviceMemory } from "../runtime/device-memory.ts";
import { type CodeListing, describeProgram, measureMachinePeak, profiled } from "../runtime/inspection.ts";
import { CpuExecutable } from "../runtime/executable.ts";
import type { Machine } from "../runtime/machine.ts";
import { RunOrder } from "../../run-order.ts";
import { StageWalk } from "../runtime/stage-walk.ts";
import { checkProgram, checkTensor, type TensorLimits } from "../runtime/tensor-limits.ts";
import type { EmitOptions } from "./emit.ts";
import { detectRelaxedSimd, detectSimd, whyNotShared } from "./detect.ts";
import { Heap } from "./heap.ts";
import { ModuleStore } from "./module-store.ts";
import { generatorOfCode } from "./parts.ts";
import { mostThreads, Threads } from "./threads.ts";

/** Options of the WebAssembly back-end; what is left out is found out. */
export interface WasmOptions extends ScheduleOptions {
  /** Threads, the calling one among them. Default: NABLA_THREADS, else the hardware's, at most 8; 1 without shared memory. */
  readonly threads?: number;
  /** Whether to use fused multiply-add. Default: where the engine has relaxed SIMD. Changes last bits. */
  readonly relaxedFma?: boolean;
  /** Most bytes of memory, at most 4 GiB. */
  readonly maximumBytes?: number;
}

/** Cache sizes that schedules assume: those of ordinary machines, since an engine does not tell. */
const l1Bytes = 32 * 2 ** 10;
const l2Bytes = 512 * 2 ** 10;
const where = "wasm back-end";
const limits: TensorLimits = { bytes: 2 ** 32 - 2 ** 21, memory: "WebAssembly memory" };

/** The description of WebAssembly's 128-bit SIMD that kernels are lowered for. */
export function wasmTarget(relaxedFma: boolean): CpuTarget {
  return { name: "wasm", lanes: 4, registers: 16, fma: relaxedFma, maskedTails: false, l1Bytes, l2Bytes };
}

/** Memory that threads share where that is wanted and can be had, else memory of one thread and the reason. */
function heapFor(shared: boolean, maximumBytes: number | undefined): { readonly heap: Heap; readonly fewer?: string } {
  if (!shared) return { heap: new Heap(false, maximumBytes) };
  const reason = whyNotShared();
  if (reason !== undefined) return { heap: new Heap(false, maximumBytes), fewer: reason };
  try {
    return { heap: new Heap(true, maximumBytes) };
  } catch (error) {
    // Shared memory reserves its maximum of addresses, which engines of phones may refuse.
    if (!(error instanceof BackendError)) throw error;
    const why = error.parts.received ?? error.parts.problem;
    return { heap: new Heap(false, maximumBytes), fewer: `the engine gives no memory that threads can share (${why}), so one thread runs` };
  }
}

/** Starts the back-end. Throws BackendError where the engine has no WebAssembly with 128-bit SIMD, or gives no memory. */
export function createWasmBackend(options: WasmOptions = {}): CpuBackend {
  if (!detectSimd()) {
    throw new BackendError({
      where,
      problem: "this engine has no WebAssembly with 128-bit SIMD",
      advice: 'use a newer engine, or the back-end "reference"',
    });
  }
  const hasRelaxed = detectRelaxedSimd();
  const relaxedFma = options.relaxedFma ?? hasRelaxed;
  if (relaxedFma && !hasRelaxed) {
    throw new BackendError({ where, problem: "this engine has no relaxed SIMD", advice: "leave relaxedFma out" });
  }
  const wanted = chooseThreads(options.threads, { where, most: mostThreads, usual: 8 });
  const { heap, fewer } = heapFor(wanted > 1, options.maximumBytes);
  const isShared = heap.isShared;
  const cpuTarget = wasmTarget(relaxedFma);
  const emitOptions: EmitOptions = { relaxedFma, sharedMemory: isShared };
  const threads = new Threads(heap, wanted);
  // Whoever starts the back-end is about to run something. Where loading fails, the run tries again and says so.
  const loading = withParts(() => generatorOfCode.get());
  if (loading instanceof Promise) loading.catch(() => undefined);
  const code = new CodeCache(new ModuleStore(threads, emitOptions));
  const plain: Machine = {
    name: where,
    memory: heap,
    threads,
    code,
    order: new RunOrder(),
    lower: (kernel) => generatorOfCode.get().lowerKernel(kernel, cpuTarget),
    divisions: new Divisions((kernel) => generatorOfCode.get().divideWork(kernel, cpuTarget)),
    walk: (program) => new StageWalk(plain, program),
  };
  const machine = profiled(plain, cpuTarget);
  const listing: CodeListing = {
    emit: (list) => generatorOfCode.get().emitModule(list, emitOptions),
    extension: "wasm",
    command: (file) => `wasm-objdump -d ${file}`,
  };
  const target = compilerTarget(cpuTarget, limits.bytes, () => generatorOfCode.get(), options);
  return {
    form: "kernels",
    name: "wasm",
    target,
    info: () => ({
      target: relaxedFma ? "wasm simd128 + relaxed simd" : "wasm simd128",
      threads: threads.count,
      sharedMemory: isShared,
      relaxedFma,
      ...(fewer === undefined ? {} : { "fewer threads": fewer }),
      ...(threads.problem === undefined ? {} : { "worker problem": threads.problem }),
    }),
    allocate: (type) => {
      checkTensor(where, type.dtype, sizeOf(type.shape), limits);
      return new DeviceMemory(heap, type, where);
    },
    load: (program: Program): Executable => {
      checkProgram(where, program, limits);
      return new CpuExecutable(machine, program);
    },
    describe: (program) => describeProgram(machine, program, listing),
    bytesHeld: () => heap.bytesInUse + code.bytes,
    measurePeak: () => measureMachinePeak(machine, cpuTarget),
    close: () => threads.close(),
  };
}
