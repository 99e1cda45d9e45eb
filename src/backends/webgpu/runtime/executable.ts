/** A program on a device, and its runs. */
import type { Program } from "../../../compiler/program.ts";
import { dtypes, type TypedArray } from "../../../dtype/index.ts";
import { BackendError, IndexError, InternalError, ShapeError, StateError } from "../../../errors.ts";
import { sizeOf } from "../../../graph/index.ts";
import type { Executable, RunArguments } from "../../backend.ts";
import type { Memory, ProgramMemory, Range } from "./bind-kernels.ts";
import { type Command, CommandBuilder, type Dispatch } from "./commands.ts";
import { type Gpu, roundUp, where } from "./gpu.ts";
import { bringTogether, fromBytes, GpuMemory, type GpuPlace, upload } from "./gpu-memory.ts";
import { memberBytes } from "./join-kernels.ts";
import { type LoadedKernel, lowerProgram } from "./lower-program.ts";
import type { PipelineEntry, Pipelines } from "./pipelines.ts";
import { usage } from "./usage.ts";
import type { RunOrder } from "../../run-order.ts";

/** What programs of one device share. */
export interface Shared {
  readonly gpu: Gpu;
  readonly pipelines: Pipelines;
  readonly order: RunOrder;
}

/** Bytes of the fault record: flag, kernel, index, extent. */
const faultBytes = 16;

/** What an executable holds, freed by hand or when it is collected. */
class Holding {
  readonly shared: Shared;
  readonly buffers: GPUBuffer[] = [];
  readonly pipelines: PipelineEntry[] = [];
  private isFreed = false;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    for (const buffer of this.buffers) this.shared.gpu.release(buffer);
    for (const pipeline of this.pipelines) this.shared.pipelines.release(pipeline);
  }
}

const orphans = new FinalizationRegistry<Holding>((holding) => {
  holding.free();
});

/** A loaded program. */
export class GpuExecutable implements Executable {
  private readonly shared: Shared;
  private readonly program: Program;
  private readonly memory: ProgramMemory;
  private readonly kernels: readonly LoadedKernel[];
  private readonly holding: Holding;
  private readonly pipelines: readonly PipelineEntry[];
  private readonly commands: readonly Command[];
  private readonly isStatic: boolean;
  private readonly arenas: readonly GPUBuffer[];
  private readonly arguments: GPUBuffer | undefined;
  private readonly constants: GPUBuffer | undefined;
  private readonly fault: GPUBuffer | undefined;
  private readonly uniforms: GPUBuffer | undefined;
  private readonly uniformBytes: ArrayBuffer;
  private readonly builder: CommandBuilder;
  private readonly groups = new Map<string, GPUBindGroup>();
  private states: readonly GpuPlace[] = [];
  private readonly joinedStates: readonly number[];
  private scalars: readonly number[] | undefined;
  /** Buffers for reading back that no run uses. */
  private readonly staging: GPUBuffer[] = [];
  private readonly results: readonly { readonly range: Range; readonly at: number; readonly bytes: number; readonly length: number }[];
  private readonly readBytes: number;
  private isReady = false;
  /** Whether the fault record is of runs whose results nobody has read. */
  private isUnread = false;
  private running = 0;
  private isFreed = false;

  /** Throws BackendError where the program exceeds a limit of the device. */
  constructor(shared: Shared, given: Program) {
    this.shared = shared;
    const { gpu } = shared;
    gpu.check();
    const lowered = lowerProgram(given, gpu.limits);
    const { program, memory, kernels, isChecked } = lowered;
    this.program = program;
    this.memory = memory;
    this.kernels = kernels;
    checkBindings(gpu, kernels, memory);
    this.joinedStates = [...lowered.joinedStates];
    this.builder = new CommandBuilder(lowered, gpu.device.limits.maxComputeWorkgroupsPerDimension);
    this.commands = this.builder.build(program.stages);
    this.isStatic = this.commands.every(({ kind }) => kind === "dispatches");
    this.holding = new Holding(shared);
    orphans.register(this, this.holding, this);
    try {
      const storage = usage.storage | usage.copySource | usage.copyTarget;
      const own = (bytes: number, usages: number, label: string): GPUBuffer => {
        const buffer = gpu.buffer(bytes, usages, label);
        this.holding.buffers.push(buffer);
        return buffer;
      };
      this.arenas = program.arenas.map((bytes) => own(bytes, storage, "the intermediate values of a program"));
      this.arguments = memory.argumentBytes === 0 ? undefined : own(memory.argumentBytes, storage, "the arguments of a program");
      this.constants = memory.constantBytes === 0 ? undefined : own(memory.constantBytes, storage, "the constants of a program");
      this.fault = isChecked ? own(faultBytes, storage, "a fault record") : undefined;
      this.uniformBytes = new ArrayBuffer(roundUp(this.builder.uniformBytes, 16));
      this.uniforms =
        this.builder.uniformBytes === 0
          ? undefined
          : own(this.builder.uniformBytes, usage.uniform | usage.copyTarget, "the scalars of a program");
      for (const { data, dtype, offset } of memory.constants) upload(gpu, this.constants!, offset, dtype, data);
      this.pipelines = kernels.map(({ code, members, distinct }) => {
        const { label } = distinct.kernel;
        const entry = shared.pipelines.acquire(code, members.length === 1 ? label : `${label}, and ${members.length - 1} like it`);
        this.holding.pipelines.push(entry);
        return entry;
      });
    } catch (error) {
      this.holding.free();
      throw error;
    }
    let end = isChecked ? faultBytes : 0;
    this.results = program.results.map(({ type, buffer }) => {
      const length = sizeOf(type.shape);
      const bytes = roundUp(length * dtypes[type.dtype].bytes, 4);
      const at = end;
      end += bytes;
      return { range: memory.range(buffer, new Map()), at, bytes, length };
    });
    this.readBytes = end;
  }

  run(args: RunArguments): TypedArray[] | Promise<TypedArray[]> {
    const { shared } = this;
    if (this.isFreed) throw new StateError({ where, problem: "a program runs after it was freed" });
    shared.gpu.check();
    args.signal?.throwIfAborted();
    this.check(args);
    if (this.isReady && !shared.order.isBusy) return this.begin(args);
    // Kernels are being compiled, or a run waits for a condition: this one waits, with copies of its arguments.
    const copy: RunArguments = { ...args, arguments: args.arguments.map((values) => values.slice()), scalars: [...args.scalars] };
    this.running++;
    return shared.order
      .enqueue(async () => {
        await Promise.all(this.pipelines.map(({ ready }) => ready));
        this.isReady = true;
        copy.signal?.throwIfAborted();
        return this.begin(copy);
      })
      .finally(() => this.leave());
  }

  private check(args: RunArguments): void {
    this.program.arguments.forEach((type, i) => {
      const length = args.arguments[i]?.length;
      if (length !== sizeOf(type.shape)) {
        throw new ShapeError({
          where,
          problem: `argument ${i} of a program has the wrong length`,
          expected: String(sizeOf(type.shape)),
          received: String(length),
        });
      }
    });
  }

  private begin(args: RunArguments): TypedArray[] | Promise<TypedArray[]> {
    this.bind(args);
    if (this.isStatic) {
      const encoder = this.shared.gpu.device.createCommandEncoder();
      this.prepare(encoder);
      for (const command of this.commands) if (command.kind === "dispatches") this.encode(encoder, command.list);
      if (args.reads !== false) return this.finish(encoder);
      this.shared.gpu.device.queue.submit([encoder.finish()]);
      this.isUnread = true;
      return [];
    }
    this.running++;
    return this.shared.order.hold(this.walk(args)).finally(() => this.leave());
  }

  private leave(): void {
    this.running--;
    if (this.isFreed && this.running === 0) this.holding.free();
  }

  /** Runs with conditions that the host reads. */
  private async walk(args: RunArguments): Promise<TypedArray[]> {
    const { device } = this.shared.gpu;
    let encoder = device.createCommandEncoder();
    this.prepare(encoder);
    const isTrue = async (range: Range): Promise<boolean> => {
      const staging = this.takeStaging(16 + faultBytes);
      try {
        this.copy(encoder, range, staging, faultBytes, 4);
        if (this.fault !== undefined) encoder.copyBufferToBuffer(this.fault, 0, staging, 0, faultBytes);
        device.queue.submit([encoder.finish()]);
        const bytes = await this.shared.gpu.map(staging, 16 + faultBytes);
        if (this.fault !== undefined) this.throwFault(bytes);
        args.signal?.throwIfAborted();
        encoder = device.createCommandEncoder();
        return new Uint8Array(bytes)[faultBytes] !== 0;
      } finally {
        this.staging.push(staging);
      }
    };
    const visit = async (commands: readonly Command[]): Promise<void> => {
      for (const command of commands) {
        switch (command.kind) {
          case "dispatches":
            this.encode(encoder, command.list);
            break;
          case "branch":
            await visit((await isTrue(command.condition)) ? command.then : command.else);
            break;
          case "while":
            for (let turn = 0; turn < command.trips && (await isTrue(command.condition)); turn++) await visit(command.body);
        }
      }
    };
    await visit(this.commands);
    return await this.finish(encoder);
  }

  /** Clears the fault record, unless a fault may stand in it that nobody has read: then no further run writes states. */
  private prepare(encoder: GPUCommandEncoder): void {
    if (this.fault !== undefined && !this.isUnread) encoder.clearBuffer(this.fault, 0, faultBytes);
  }

  read(): TypedArray[] | Promise<TypedArray[]> {
    const { shared } = this;
    const go = (): TypedArray[] | Promise<TypedArray[]> => this.finish(shared.gpu.device.createCommandEncoder());
    return shared.order.isBusy ? shared.order.enqueue(go) : go();
  }

  private encode(encoder: GPUCommandEncoder, list: readonly Dispatch[]): void {
    if (list.length === 0) return;
    const pass = encoder.beginComputePass();
    let last: GPUComputePipeline | undefined;
    for (const dispatch of list) {
      const { pipeline } = this.pipelines[dispatch.kernel]!;
      if (pipeline !== last) pass.setPipeline((last = pipeline!));
      const group = this.group(dispatch);
      if (this.kernels[dispatch.kernel]!.code.words.length > 0) pass.setBindGroup(0, group, [dispatch.uniforms]);
      else pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(dispatch.x, dispatch.y);
    }
    pass.end();
  }

  private group(dispatch: Dispatch): GPUBindGroup {
    const key = `${dispatch.kernel} ${dispatch.bindingKey}`;
    let group = this.groups.get(key);
    if (group !== undefined) return group;
    const { code, members } = this.kernels[dispatch.kernel]!;
    const entries: GPUBindGroupEntry[] = dispatch.ranges.map(({ memory, offset, bytes }, i) => {
      const place = this.placeOf(memory);
      const size = memory.kind === "states" ? place.buffer.size : bytes;
      return { binding: i + 1, resource: { buffer: place.buffer, offset: place.offset + offset, size } };
    });
    const uniformBytes = members.length * memberBytes(code);
    if (code.words.length > 0) entries.push({ binding: 0, resource: { buffer: this.uniforms!, size: uniformBytes } });
    if (code.hasFault) entries.push({ binding: dispatch.ranges.length + 1, resource: { buffer: this.fault! } });
    group = this.shared.gpu.device.createBindGroup({ layout: this.pipelines[dispatch.kernel]!.layout, entries });
    this.groups.set(key, group);
    return group;
  }

  private placeOf(memory: Memory): GpuPlace {
    switch (memory.kind) {
      case "arena":
        return { buffer: this.arenas[memory.index]!, offset: 0 };
      case "arguments":
        return { buffer: this.arguments!, offset: 0 };
      case "constants":
        return { buffer: this.constants!, offset: 0 };
      case "state":
        return this.states[memory.index]!;
      case "states":
        return { buffer: this.states[this.joinedStates[0]!]!.buffer, offset: 0 };
    }
  }

  private copy(encoder: GPUCommandEncoder, { memory, offset }: Range, to: GPUBuffer, at: number, bytes: number): void {
    const place = this.placeOf(memory);
    encoder.copyBufferToBuffer(place.buffer, place.offset + offset, to, at, bytes);
  }

  /** Copies arguments in and renews what changed since the last run: states, scalars. */
  private bind(args: RunArguments): void {
    const { gpu } = this.shared;
    args.arguments.forEach((values, i) => {
      const isNarrowed = values instanceof Float64Array;
      const { dtype } = this.program.arguments[i]!;
      upload(gpu, this.arguments!, this.memory.argumentOffsets[i]!, dtype, isNarrowed ? Float32Array.from(values) : values);
    });
    const states = args.states.map((state, i) => {
      if (!(state instanceof GpuMemory) || state.gpu !== gpu)
        throw new InternalError(where, `state ${i} of a program is in another back-end's memory`);
      return state;
    });
    if (this.joinedStates.length > 0) {
      const joined = this.joinedStates.map((state) => states[state]!);
      bringTogether(joined, gpu.device.limits.maxStorageBufferBindingSize);
    }
    const places = states.map(({ place }) => place);
    const hasMoved = places.some((place, i) => place !== this.states[i]);
    if (hasMoved) {
      this.states = places;
      this.groups.clear();
    }
    const { scalars } = this;
    const isOther = scalars === undefined || args.scalars.some((value, i) => !Object.is(value, scalars[i]));
    if (this.uniforms !== undefined && (isOther || (hasMoved && this.joinedStates.length > 0))) {
      this.scalars = [...args.scalars];
      this.builder.fill(this.uniformBytes, args.scalars, (state) => this.states[state]!.offset);
      gpu.device.queue.writeBuffer(this.uniforms, 0, this.uniformBytes);
    }
  }

  private takeStaging(bytes: number): GPUBuffer {
    const found = this.staging.findIndex((buffer) => buffer.size >= bytes);
    if (found >= 0) return this.staging.splice(found, 1)[0]!;
    const buffer = this.shared.gpu.buffer(bytes, usage.mapRead | usage.copyTarget, "the results of a program");
    this.holding.buffers.push(buffer);
    return buffer;
  }

  /** Copies results and fault to the host. */
  private finish(encoder: GPUCommandEncoder): TypedArray[] | Promise<TypedArray[]> {
    const { gpu } = this.shared;
    this.isUnread = false;
    if (this.readBytes === 0) {
      gpu.device.queue.submit([encoder.finish()]);
      return this.program.results.map(({ type }) => new dtypes[type.dtype].array(0));
    }
    const staging = this.takeStaging(this.readBytes);
    if (this.fault !== undefined) encoder.copyBufferToBuffer(this.fault, 0, staging, 0, faultBytes);
    for (const { range, at, bytes } of this.results) {
      if (bytes > 0) this.copy(encoder, range, staging, at, bytes);
    }
    gpu.device.queue.submit([encoder.finish()]);
    this.running++;
    return this.readResults(staging).finally(() => this.leave());
  }

  private async readResults(staging: GPUBuffer): Promise<TypedArray[]> {
    const bytes = await this.shared.gpu.map(staging, this.readBytes);
    this.staging.push(staging);
    if (this.fault !== undefined) this.throwFault(bytes);
    return this.results.map(({ at, length }, i) => fromBytes(this.program.results[i]!.type.dtype, bytes, at, length));
  }

  /** Throws what a fault record tells, if anything. */
  private throwFault(bytes: ArrayBuffer): void {
    const [flag, kernel, index, extent] = new Int32Array(bytes, 0, 4) as unknown as [number, number, number, number];
    if (flag === 0) return;
    throw new IndexError({
      where: this.program.kernels[kernel]!.kernel.label,
      problem: "an index is out of range",
      expected: extent === 0 ? "no index: the axis is empty" : `0 to ${extent - 1}`,
      received: String(index),
      advice: "look at the indices (labels, token ids) that the operation was given; no variable was changed",
    });
  }

  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    orphans.unregister(this);
    if (this.running === 0) this.holding.free();
  }
}

/** Refuses programs with a binding that the device cannot have. */
function checkBindings(gpu: Gpu, kernels: readonly LoadedKernel[], memory: ProgramMemory): void {
  const { maxStorageBufferBindingSize: most, maxStorageBuffersPerShaderStage: count } = gpu.device.limits;
  for (const { distinct, code, bound: joined } of kernels) {
    const { label } = distinct.kernel;
    const bound = code.bindings.length + (code.hasFault ? 1 : 0);
    if (bound > count) {
      throw new BackendError({
        where: label,
        problem: "a kernel binds too many buffers for this device",
        expected: `at most ${count}`,
        received: String(bound),
      });
    }
    // What joined kernels bind was chosen to fit.
    for (const buffer of joined === null ? distinct.buffers : []) {
      const bytes = Math.max(...memory.possible(buffer).map((range) => range.bytes));
      if (bytes <= most) continue;
      throw new BackendError({
        where: label,
        problem: "a tensor is too large for this device",
        expected: `at most ${most} bytes`,
        received: `${bytes} bytes`,
        advice: 'use a smaller batch, or the back-end "cpu"',
      });
    }
  }
}
