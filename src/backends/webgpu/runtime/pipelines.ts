/** Compiled kernels, by their text. */
import { BackendError, InternalError } from "../../../errors.ts";
import type { KernelCode } from "../wgsl/kernel-code.ts";
import type { Gpu } from "./gpu.ts";

/** Pipelines that are kept although no program uses them. */
const keptPipelines = 1024;

/** A pipeline, or the promise of one. */
export interface PipelineEntry {
  readonly layout: GPUBindGroupLayout;
  /** Set once compiled. */
  pipeline: GPUComputePipeline | undefined;
  readonly ready: Promise<void>;
  readonly key: string;
  users: number;
}

/** Compiles each distinct kernel once; entries without users are dropped, least recently used first. */
export class Pipelines {
  private readonly gpu: Gpu;
  private readonly entries = new Map<string, PipelineEntry>();
  private readonly layouts = new Map<string, { readonly group: GPUBindGroupLayout; readonly pipeline: GPUPipelineLayout }>();
  private unused = 0;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /** How many pipelines there are. */
  get size(): number {
    return this.entries.size;
  }

  /** The pipeline of a kernel; each call counts as one use, to be ended by `release`. */
  acquire(code: KernelCode, label: string): PipelineEntry {
    let entry = this.entries.get(code.wgsl);
    if (entry === undefined) {
      entry = this.compile(code, label);
      this.unused++;
    }
    if (entry.users++ === 0) this.unused--;
    this.entries.delete(code.wgsl);
    this.entries.set(code.wgsl, entry);
    return entry;
  }

  /** Ends a use. */
  release(entry: PipelineEntry): void {
    if (--entry.users === 0) this.unused++;
    if (this.unused <= keptPipelines) return;
    for (const [key, candidate] of this.entries) {
      if (candidate.users > 0) continue;
      this.entries.delete(key);
      if (--this.unused <= keptPipelines) return;
    }
  }

  private layoutOf({ bindings, hasFault, words }: KernelCode): {
    readonly group: GPUBindGroupLayout;
    readonly pipeline: GPUPipelineLayout;
  } {
    const key = `${words.length > 0 ? "u" : "-"}${bindings.map((use) => use[0]).join("")}${hasFault ? "f" : ""}`;
    let found = this.layouts.get(key);
    if (found !== undefined) return found;
    const { device } = this.gpu;
    const visibility = 4; // GPUShaderStage.COMPUTE
    const entries: GPUBindGroupLayoutEntry[] = bindings.map((use, i) => ({
      binding: i + 1,
      visibility,
      buffer: { type: use === "read" ? "read-only-storage" : "storage" },
    }));
    if (words.length > 0) entries.push({ binding: 0, visibility, buffer: { type: "uniform", hasDynamicOffset: true } });
    if (hasFault) entries.push({ binding: bindings.length + 1, visibility, buffer: { type: "storage" } });
    const group = device.createBindGroupLayout({ entries });
    this.layouts.set(key, (found = { group, pipeline: device.createPipelineLayout({ bindGroupLayouts: [group] }) }));
    return found;
  }

  private compile(code: KernelCode, label: string): PipelineEntry {
    const { device } = this.gpu;
    const layout = this.layoutOf(code);
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code: code.wgsl, label });
    const problem = device.popErrorScope();
    const made = device.createComputePipelineAsync({ layout: layout.pipeline, compute: { module, entryPoint: "main" }, label });
    const entry: PipelineEntry = {
      layout: layout.group,
      pipeline: undefined,
      key: code.wgsl,
      users: 0,
      ready: this.wait(made, problem, code, label),
    };
    // Whoever runs the program hears of it.
    entry.ready.catch(() => undefined);
    void made.then(
      (pipeline) => (entry.pipeline = pipeline),
      () => this.entries.delete(code.wgsl),
    );
    return entry;
  }

  private async wait(made: Promise<GPUComputePipeline>, problem: Promise<GPUError | null>, code: KernelCode, label: string): Promise<void> {
    const error = await problem;
    try {
      await made;
    } catch (reason) {
      this.gpu.check();
      if (error !== null) throw new InternalError(label, `WGSL does not compile: ${error.message}`, code.wgsl);
      throw new BackendError({
        where: label,
        problem: "the driver could not compile a kernel",
        received: reason instanceof Error ? reason.message : String(reason),
      });
    }
  }
}
