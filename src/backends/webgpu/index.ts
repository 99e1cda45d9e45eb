/** The WebGPU back-end: kernels as WGSL, on any graphics processor that a browser or Dawn (in Node) offers. */
import "../../compiler/complete.ts";
import { kernelKey } from "../../compiler/kernels/kernel.ts";
import type { Target } from "../../compiler/target.ts";
import { platform } from "../../platform/index.ts";
import type { KernelBackend, ProgramFile } from "../backend.ts";
import { scheduleContract } from "./contract/schedule.ts";
import { GpuExecutable, type Shared } from "./runtime/executable.ts";
import { alignmentBytes, type Gpu, openGpu } from "./runtime/gpu.ts";
import { GpuMemory } from "./runtime/gpu-memory.ts";
import { mostJoinedPoints } from "./runtime/join-kernels.ts";
import { lowerProgram } from "./runtime/lower-program.ts";
import type { DeviceForms } from "./wgsl/kernel-code.ts";
import { Pipelines } from "./runtime/pipelines.ts";
import { RunOrder } from "../run-order.ts";

/** A back-end on a graphics processor. */
export interface WebGpuBackend extends KernelBackend {
  /** How many kernels are compiled or being compiled. */
  readonly pipelineCount: () => number;
  /** Gives the device back. Nothing runs afterwards. */
  close(): void;
}

/** From how many elements on rows are kept by a workgroup. */
const rowsFrom = 8;
/** Workgroup memory that is left to the trees of rows. */
const treeBytes = 4096;

/**
 * What fusing and planning must know of a device that binds `buffers` storage buffers at once, of at most `bytes` each, and
 * whose workgroups have `workgroupBytes` of memory.
 */
export function webGpuTarget(buffers: number, bytes: number, workgroupBytes = 16384): Target {
  return {
    name: "webgpu",
    limits: {
      // One binding is kept for the fault record.
      buffersPerKernel: buffers - 1,
      rowsFrom,
      rowScratchBytes: workgroupBytes - treeBytes,
      alignmentBytes,
      maxBufferBytes: bytes,
      dtypes: ["float32", "float16", "bfloat16", "int32", "int8", "uint8", "bool"],
      sharedArena: false,
      gatheredPoints: mostJoinedPoints,
    },
    scheduleContract: (bound) => scheduleContract(bound, workgroupBytes),
  };
}

/**
 * Starts the back-end on the best device; features that the environment variable NABLA_WEBGPU_WITHOUT names are left out.
 * Throws BackendError that says why there is none. `forms`: for tests of one form of code.
 */
export async function createWebGpuBackend(forms: DeviceForms = {}): Promise<WebGpuBackend> {
  return webGpuBackendOn(await openGpu(await platform.gpu(), forms, platform.environment("NABLA_WEBGPU_WITHOUT")));
}

function webGpuBackendOn(gpu: Gpu): WebGpuBackend {
  const { limits } = gpu.device;
  const subgroups = gpu.limits.subgroups ?? null;
  const pipelines = new Pipelines(gpu);
  const shared: Shared = { gpu, pipelines, order: new RunOrder() };
  return {
    form: "kernels",
    name: "webgpu",
    target: webGpuTarget(limits.maxStorageBuffersPerShaderStage, limits.maxStorageBufferBindingSize, gpu.limits.workgroupBytes),
    info: () => ({
      target: "WGSL",
      adapter: gpu.adapterName,
      features: [...gpu.features].filter((feature) => ["shader-f16", "subgroups", "timestamp-query"].includes(feature)).join(", "),
      subgroups:
        subgroups === null
          ? "not used"
          : subgroups.min === subgroups.max
            ? `of ${subgroups.min}`
            : `of ${subgroups.min} to ${subgroups.max}`,
      float16: gpu.limits.float16?.hasType === true ? "f16" : "two to a word",
      maxBufferBytes: limits.maxBufferSize,
      maxBindingBytes: limits.maxStorageBufferBindingSize,
      workgroupBytes: gpu.limits.workgroupBytes,
      pipelines: pipelines.size,
    }),
    allocate: (type) => new GpuMemory(gpu, type),
    load: (program) => new GpuExecutable(shared, program),
    describe: (program) => {
      const names = new Map<string, string>();
      return lowerProgram(program, gpu.limits).kernels.map(({ distinct: { kernel }, code }, k): ProgramFile => {
        const name = `${String(k).padStart(3, "0")}-${kernel.kind}-${kernel.label.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 60)}`;
        const first = names.get(code.wgsl);
        if (first === undefined) names.set(code.wgsl, name);
        const head = `// ${kernel.kind} ${kernel.label}\n// ${code.workgroups} workgroups\n// ${kernelKey(kernel)}\n`;
        return { name: `${name}.wgsl`, content: `${head}${first === undefined ? code.wgsl : `// shares the code of ${first}\n`}` };
      });
    },
    bytesHeld: () => gpu.bytes,
    pipelineCount: () => pipelines.size,
    close: () => gpu.device.destroy(),
  };
}
