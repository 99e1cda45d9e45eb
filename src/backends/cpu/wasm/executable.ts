/** A program in memory, and its runs. */
import type { Executable, RunArguments } from "../../backend.ts";
import { dtypes, type TypedArray } from "../../../dtype/index.ts";
import { BackendError, IndexError, InternalError, ShapeError, StateError } from "../../../errors.ts";
import { sizeOf } from "../../../graph/index.ts";
import { type Kernel, kernelKey } from "../../../compiler/kernels/kernel.ts";
import type { Program } from "../../../compiler/program.ts";
import { platform } from "../../../platform/index.ts";
import type { LoweredKernel, WorkDivision } from "../loops/ir.ts";
import type { CodeCache } from "./code-cache.ts";
import { DeviceMemory } from "./device-memory.ts";
import { jobBytes, jobWords, stageWords } from "./driver.ts";
import type { Heap } from "./heap.ts";
import { chunksOf, type LayoutNode, layOutProgram, type PointerSlot, type ProgramLayout, type StageLayout } from "./program-layout.ts";
import type { RunOrder } from "./run-order.ts";
import type { Threads } from "./threads.ts";

/** A run that is predicted to take longer goes in slices with a macrotask between them. */
const sliceMilliseconds = 8;
/** A stage that one thread does faster is not worth handing out. */
const soloMilliseconds = 0.015;
/** What a chunk is taken to cost before it was ever measured; lowering aims at this. */
const chunkMilliseconds = 0.02;

/** What executables of one back-end share. */
export interface Machine {
  readonly heap: Heap;
  readonly threads: Threads;
  readonly code: CodeCache;
  readonly order: RunOrder;
  /** Lowers a kernel for this machine's target. */
  readonly lower: (kernel: Kernel) => LoweredKernel;
  /** How a kernel's work divides, without generating its code. */
  readonly divide: (kernel: Kernel) => WorkDivision;
}

/** What an executable holds, freed by hand or when the executable is collected. */
class Holding {
  readonly region: number;
  private readonly machine: Machine;
  private readonly keys: readonly string[];
  private isFreed = false;

  constructor(machine: Machine, region: number, keys: readonly string[]) {
    this.machine = machine;
    this.region = region;
    this.keys = keys;
  }

  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    this.machine.heap.release(this.region);
    this.machine.code.release(this.keys);
  }
}

const orphans = new FinalizationRegistry<Holding>((holding) => {
  holding.free();
});

/** How a stage is run, and what it took on one thread and on all when that was last measured. */
interface StageRecord {
  isSolo: boolean;
  alone: number;
  shared: number;
}

/** A loaded program. */
export class WasmExecutable implements Executable {
  private readonly machine: Machine;
  private readonly program: Program;
  private readonly layout: ProgramLayout;
  private readonly holding: Holding;
  /** Message count that a worker must have reached to know this program's kernels. */
  private readonly required: number;
  /** Address of every program buffer that has one by itself; states are filled in at every run. */
  private readonly pointers: number[];
  private readonly statePointers: number[];
  /** As written last; undefined before the first run (NaN is a value like any other). */
  private readonly scalars: (number | undefined)[];
  private readonly turns: Map<number, number> = new Map();
  private readonly records: Map<StageLayout, StageRecord> = new Map();
  private argumentViews: (TypedArray | null)[] = [];
  private resultViews: (TypedArray | null)[] = [];
  private viewsVersion = -1;
  private runs = 0;
  private predicted: number;
  private running = 0;
  private isFreed = false;
  /** Whether the run in progress measures its stages. */
  private isMeasuring = false;
  private triesAlone = false;
  private hasWrittenState = false;

  /** Throws BackendError where the program does not fit into memory. */
  constructor(machine: Machine, program: Program) {
    this.machine = machine;
    this.program = program;
    const lowered = program.kernels.map(({ kernel }) => machine.divide(kernel));
    this.layout = layOutProgram(program, lowered);
    const region = machine.heap.allocate(this.layout.bytes, `the memory of a program (${program.kernels.length} kernels)`);
    const keys = program.kernels.map(({ kernel }) => kernelKey(kernel));
    let indices: number[];
    try {
      machine.threads.reserveScratch(lowered.reduce((most, { scratchBytes }) => Math.max(most, scratchBytes), 0));
      indices = machine.code.acquire(keys.map((key, k) => ({ key, code: () => machine.lower(program.kernels[k]!.kernel).code })));
    } catch (error) {
      machine.heap.release(region);
      throw error;
    }
    this.holding = new Holding(machine, region, keys);
    this.required = machine.threads.knowledge;
    if (this.layout.stages.some((stage) => stage.chunks > 1)) machine.threads.start();
    orphans.register(this, this.holding, this);

    this.pointers = this.layout.buffers.map((offset) => (offset < 0 ? 0 : region + offset));
    this.statePointers = program.states.map(() => -1);
    this.scalars = program.scalars.map(() => undefined);
    this.upload(indices, lowered);
    const threads = machine.threads.count;
    const cost = (nodes: readonly LayoutNode[]): number =>
      nodes.reduce((sum, node) => {
        if (node.kind === "stage") return sum + Math.ceil(node.chunks / threads) * chunkMilliseconds;
        if (node.kind === "loop") return sum + node.trips * cost(node.body);
        return sum + Math.max(cost(node.then), cost(node.else));
      }, 0);
    this.predicted = cost(this.layout.nodes);
  }

  /** Writes what never changes: constants, pointers, extents, fault pointers, descriptors. */
  private upload(indices: readonly number[], lowered: readonly WorkDivision[]): void {
    const { heap } = this.machine;
    const { region } = this.holding;
    const { layout, program } = this;
    program.buffers.forEach(({ place, dtype }, buffer) => {
      if (place.kind === "constant") heap.write(dtype, this.pointers[buffer]!, place.data);
    });
    const word = (offset: number): number => (region + offset) / 4;
    for (const { address, buffer } of layout.fixedSlots) heap.u32[word(address)] = this.pointers[buffer]!;
    for (const { address, value } of layout.extents) heap.i32[word(address)] = value;
    layout.faults.forEach((fault) => {
      heap.i32[word(fault)] = 0;
      // The pointer to the record stands in the slot before it.
      heap.u32[word(fault - 8)] = region + fault;
    });
    for (const stage of layout.stages) {
      this.records.set(stage, { isSolo: stage.chunks < 2 || this.machine.threads.count === 1, alone: Infinity, shared: Infinity });
      if (stage.chunks === 0) continue;
      heap.i32[word(stage.descriptor + stageWords.chunks)] = stage.chunks;
      heap.i32[word(stage.descriptor + stageWords.jobs)] = stage.kernels.length;
      stage.kernels.forEach((k, position) => {
        const job = word(stage.descriptor + stageWords.firstJob + position * jobBytes);
        const { units, grain } = lowered[k]!;
        heap.i32[job + jobWords.function / 4] = indices[k]!;
        heap.u32[job + jobWords.block / 4] = region + layout.blocks[k]!;
        heap.u32[job + jobWords.units / 4] = units;
        heap.u32[job + jobWords.grain / 4] = grain;
        heap.u32[job + jobWords.chunks / 4] = chunksOf(lowered[k]!);
      });
    }
  }

  run(args: RunArguments): TypedArray[] | Promise<TypedArray[]> {
    if (this.isFreed) throw new StateError({ where: "wasm back-end", problem: "a program runs after it was freed" });
    this.check(args);
    if (!this.machine.order.isBusy) return this.begin(args);
    // Another run is between slices: this one waits, with copies of its arguments.
    const copy: RunArguments = { ...args, arguments: args.arguments.map((values) => values.slice()), scalars: [...args.scalars] };
    return this.machine.order.enqueue(() => this.begin(copy));
  }

  private check(args: RunArguments): void {
    this.program.arguments.forEach((type, i) => {
      const length = args.arguments[i]?.length;
      if (length !== sizeOf(type.shape)) {
        throw new ShapeError({
          where: "wasm back-end",
          problem: `argument ${i} of a program has the wrong length`,
          expected: String(sizeOf(type.shape)),
          received: String(length),
        });
      }
    });
  }

  private begin(args: RunArguments): TypedArray[] | Promise<TypedArray[]> {
    args.signal?.throwIfAborted();
    this.bind(args);
    this.runs++;
    // Runs 4, 8, 16, ... and every 1024th are measured, in turns alone and with the workers (which may be busy elsewhere).
    this.isMeasuring = this.machine.threads.count > 1 && this.runs >= 4 && ((this.runs & (this.runs - 1)) === 0 || this.runs % 1024 === 0);
    if (this.isMeasuring) this.triesAlone = !this.triesAlone;
    this.hasWrittenState = false;
    this.running++;
    if (this.predicted > sliceMilliseconds) {
      return this.machine.order.hold(this.runInSlices(args).finally(() => this.finish()));
    }
    try {
      const start = performance.now();
      this.walk(this.layout.nodes);
      this.predicted = performance.now() - start;
      return this.results();
    } finally {
      this.finish();
    }
  }

  private finish(): void {
    this.running--;
    if (this.isFreed && this.running === 0) this.holding.free();
  }

  /** Copies arguments in and renews what changed since the last run: pointers of states, scalars. */
  private bind(args: RunArguments): void {
    const { heap } = this.machine;
    const { layout, program } = this;
    const { region } = this.holding;
    if (this.viewsVersion !== heap.version) this.renewViews();
    for (let i = 0; i < program.arguments.length; i++) this.argumentViews[i]?.set(args.arguments[i]!);
    let isMoved = false;
    for (let i = 0; i < program.states.length; i++) {
      const buffer = args.states[i];
      if (!(buffer instanceof DeviceMemory) || buffer.heap !== heap)
        throw new InternalError("wasm back-end", `state ${i} of a program is in another back-end's memory`);
      const pointer = buffer.pointer();
      if (pointer === this.statePointers[i]) continue;
      isMoved = true;
      this.statePointers[i] = pointer;
      for (const { address } of layout.stateSlots[i]!) heap.u32[(region + address) / 4] = pointer;
    }
    if (isMoved) {
      program.buffers.forEach(({ place }, buffer) => {
        if (place.kind === "state") this.pointers[buffer] = this.statePointers[place.index]!;
      });
      this.resultViews = program.results.map(() => null);
    }
    for (let i = 0; i < program.scalars.length; i++) {
      const value = args.scalars[i]!;
      if (Object.is(value, this.scalars[i])) continue;
      this.scalars[i] = value;
      for (const { address, dtype } of layout.scalarSlots[i]!) {
        const place = region + address;
        if (dtype === "float32") heap.f32[place / 4] = value;
        else if (dtype === "float64") heap.f64[place / 8] = value;
        else heap.i32[place / 4] = value;
      }
    }
  }

  private renewViews(): void {
    const { heap } = this.machine;
    this.viewsVersion = heap.version;
    this.argumentViews = this.program.arguments.map(({ dtype, shape }, i) => {
      const offset = this.layout.arguments[i]!;
      return offset < 0 ? null : heap.view(dtype, this.holding.region + offset, sizeOf(shape));
    });
    this.resultViews = this.program.results.map(() => null);
  }

  /** Address of a buffer now; inside loops it depends on their turns. */
  private pointer(buffer: number): number {
    const { place } = this.program.buffers[buffer]!;
    if (place.kind === "slice") {
      const turn = this.turns.get(place.loop)!;
      return this.pointer(place.of) + place.strideBytes * (place.reverse ? this.layout.trips.get(place.loop)! - 1 - turn : turn);
    }
    if (place.kind === "alternate") return this.pointer(this.turns.get(place.loop)! % 2 === 0 ? place.even : place.odd);
    return this.pointers[buffer]!;
  }

  private setSlots(slots: readonly PointerSlot[]): void {
    const { u32 } = this.machine.heap;
    const { region } = this.holding;
    for (let i = 0; i < slots.length; i++) u32[(region + slots[i]!.address) / 4] = this.pointer(slots[i]!.buffer);
  }

  private isTrue(buffer: number): boolean {
    return this.machine.heap.u8[this.pointer(buffer)] !== 0;
  }

  private walk(nodes: readonly LayoutNode[]): void {
    for (const node of nodes) {
      switch (node.kind) {
        case "stage":
          this.runStage(node);
          break;
        case "loop":
          for (let turn = 0; turn < node.trips; turn++) {
            this.turns.set(node.loop, turn);
            if (node.condition !== null && !this.isTrue(node.condition)) break;
            this.setSlots(node.slots);
            this.walk(node.body);
          }
          break;
        case "branch":
          this.walk(this.isTrue(node.condition) ? node.then : node.else);
      }
    }
  }

  private async runInSlices(args: RunArguments): Promise<TypedArray[]> {
    let sliceStart = performance.now();
    let busy = 0;
    const breathe = async (): Promise<void> => {
      const now = performance.now();
      if (now - sliceStart < sliceMilliseconds) return;
      busy += now - sliceStart;
      await platform.macrotask();
      if (!this.hasWrittenState) args.signal?.throwIfAborted();
      sliceStart = performance.now();
    };
    const walk = async (nodes: readonly LayoutNode[]): Promise<void> => {
      for (const node of nodes) {
        switch (node.kind) {
          case "stage":
            this.runStage(node);
            if (performance.now() - sliceStart >= sliceMilliseconds) await breathe();
            break;
          case "loop":
            for (let turn = 0; turn < node.trips; turn++) {
              this.turns.set(node.loop, turn);
              if (node.condition !== null && !this.isTrue(node.condition)) break;
              this.setSlots(node.slots);
              await walk(node.body);
            }
            break;
          case "branch":
            await walk(this.isTrue(node.condition) ? node.then : node.else);
        }
      }
    };
    await walk(this.layout.nodes);
    this.predicted = busy + performance.now() - sliceStart;
    return this.results();
  }

  private runStage(stage: StageLayout): void {
    if (stage.chunks === 0) return;
    const { threads } = this.machine;
    const record = this.records.get(stage)!;
    const start = this.isMeasuring ? performance.now() : 0;
    if (stage.writesState) this.hasWrittenState = true;
    const descriptor = this.holding.region + stage.descriptor;
    const isSolo = this.isMeasuring && stage.chunks > 1 ? this.triesAlone : record.isSolo;
    if (isSolo) threads.solo(descriptor);
    else threads.run(descriptor, this.required);
    if (this.isMeasuring) this.judge(stage, record, isSolo, performance.now() - start);
    for (let i = 0; i < stage.checked.length; i++) {
      const fault = (this.holding.region + this.layout.faults[stage.checked[i]!]!) / 4;
      if (this.machine.heap.i32[fault] !== 0) this.throwFault(stage);
    }
  }

  /** Decides how a stage goes until it is measured again: alone where that is quick, or was quicker than with workers. */
  private judge(stage: StageLayout, record: StageRecord, wasAlone: boolean, milliseconds: number): void {
    if (wasAlone) record.alone = milliseconds;
    else record.shared = milliseconds;
    if (stage.chunks < 2 || this.machine.threads.count === 1) return;
    record.isSolo = record.alone < soloMilliseconds || record.alone < record.shared;
  }

  private throwFault(stage: StageLayout): never {
    const { i32 } = this.machine.heap;
    let found: { label: string; index: number; extent: number } | undefined;
    for (const k of stage.checked) {
      const record = (this.holding.region + this.layout.faults[k]!) / 4;
      if (i32[record] !== 0) found ??= { label: this.program.kernels[k]!.kernel.label, index: i32[record + 1]!, extent: i32[record + 2]! };
      i32[record] = 0;
    }
    const { label, index, extent } = found!;
    throw new IndexError({
      where: label,
      problem: "an index is out of range",
      expected: extent === 0 ? "no index: the axis is empty" : `0 to ${extent - 1}`,
      received: String(index),
      advice: "look at the indices (labels, token ids) that the operation was given; no variable was changed",
    });
  }

  private results(): TypedArray[] {
    const { heap } = this.machine;
    if (this.viewsVersion !== heap.version) this.renewViews();
    return this.program.results.map(({ type, buffer }, i) => {
      const view = (this.resultViews[i] ??= heap.view(type.dtype, this.pointer(buffer), sizeOf(type.shape)));
      const copy = new dtypes[type.dtype].array(view.length);
      copy.set(view);
      return copy;
    });
  }

  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    orphans.unregister(this);
    if (this.running === 0) this.holding.free();
  }
}

/** Refuses programs that the back-end cannot hold whatever is freed. */
export function checkLimits(program: Program, maxBufferBytes: number): void {
  for (const { dtype, elements } of program.buffers) {
    if (elements * dtypes[dtype].bytes <= maxBufferBytes) continue;
    throw new BackendError({
      where: "wasm back-end",
      problem: "a tensor is too large for WebAssembly memory",
      expected: `at most ${maxBufferBytes} bytes`,
      received: `${elements * dtypes[dtype].bytes} bytes`,
      advice: "use a smaller batch, or a back-end without the limit",
    });
  }
}
