/** A program in memory, and its runs. */
import type { Executable, RunArguments } from "../../backend.ts";
import {
  type DType,
  dtypes,
  isFloat,
  isShortFloat,
  roundedTo,
  type StoredElements,
  storedElements,
  type TypedArray,
} from "../../../dtype/index.ts";
import { InternalError, ShapeError, StateError } from "../../../errors.ts";
import { sizeOf } from "../../../graph/index.ts";
import { kernelKey } from "../../../compiler/kernels/kernel.ts";
import type { Program } from "../../../compiler/program.ts";
import { platform } from "../../../platform/index.ts";
import type { WorkDivision } from "../loops/ir.ts";
import { DeviceMemory } from "./device-memory.ts";
import type { Machine, MemoryBlock } from "./machine.ts";
import { chunksOf, type LayoutNode, layOutProgram, type ProgramLayout } from "./program-layout.ts";
import { jobBytes, jobWords, stageWords } from "./stage-format.ts";
import { type RunWay, ThreadChoice } from "./thread-choice.ts";
import type { ProgramWalk } from "./walk.ts";

/** A run that is predicted to take longer goes in slices with a macrotask between them. */
const sliceMilliseconds = 8;
/** What a chunk is taken to cost before it was ever measured; lowering aims at this. */
const chunkMilliseconds = 0.02;

/** What an executable holds, freed by hand or when the executable is collected. */
class Holding {
  readonly region: MemoryBlock;
  readonly #machine: Machine;
  readonly #keys: readonly string[];
  walk: ProgramWalk | undefined;
  #isFreed = false;

  constructor(machine: Machine, region: MemoryBlock, keys: readonly string[]) {
    this.#machine = machine;
    this.region = region;
    this.#keys = keys;
  }

  free(): void {
    if (this.#isFreed) return;
    this.#isFreed = true;
    this.walk?.free();
    this.region.release();
    this.#machine.code.release(this.#keys);
  }
}

const orphans = new FinalizationRegistry<Holding>((holding) => {
  holding.free();
});

/** A loaded program. */
export class CpuExecutable implements Executable {
  readonly #machine: Machine;
  readonly #program: Program;
  readonly #layout: ProgramLayout;
  readonly #holding: Holding;
  readonly #walk: ProgramWalk;
  /** Address of every program buffer that has one by itself; states are filled in at every run. */
  readonly #pointers: number[];
  readonly #statePointers: number[];
  /** As written last; undefined before the first run (NaN is a value like any other). */
  readonly #scalars: (number | undefined)[];
  #argumentViews: (StoredElements | null)[] = [];
  #resultViews: (StoredElements | null)[] = [];
  #viewsVersion = -1;
  #runs = 0;
  #predicted: number;
  #running = 0;
  #isFreed = false;
  readonly #argumentSizes: readonly number[];
  /** The way of the last measured run. Helpers come first, so that a stage is not left alone before both ways are known. */
  #triesAlone = true;
  /** How runs that are not measured stage by stage go; null: one thread runs all of it. */
  readonly #choice: ThreadChoice | null;
  /** Revisions of the states that the preparation was made of, in its order; null: it is not made. */
  #prepared: readonly number[] | null = null;

  /** Throws BackendError where the program does not fit into memory. */
  constructor(machine: Machine, program: Program) {
    this.#machine = machine;
    this.#program = program;
    this.#argumentSizes = program.arguments.map(({ shape }) => sizeOf(shape));
    const keys = program.kernels.map(({ kernel }) => kernelKey(kernel));
    const divisions = program.kernels.map(({ kernel }, k) => machine.divisions.of(kernel, keys[k]!));
    this.#layout = layOutProgram(program, divisions);
    const region = machine.memory.block(this.#layout.bytes, `the memory of a program (${program.kernels.length} kernels)`);
    let code: number[];
    try {
      machine.threads.reserveScratch(divisions.reduce((most, { scratchBytes }) => Math.max(most, scratchBytes), 0));
      code = machine.code.acquire(keys.map((key, k) => ({ key, code: () => machine.lower(program.kernels[k]!.kernel).code })));
    } catch (error) {
      region.release();
      throw error;
    }
    this.#holding = new Holding(machine, region, keys);
    if (this.#layout.stages.some((stage) => stage.chunks > 1)) machine.threads.start();
    orphans.register(this, this.#holding, this);

    this.#pointers = this.#layout.buffers.map((offset) => (offset < 0 ? 0 : region.address + offset));
    this.#statePointers = program.states.map(() => -1);
    this.#scalars = program.scalars.map(() => undefined);
    this.#upload(code, divisions);
    this.#walk = machine.walk({ program, layout: this.#layout, region, required: machine.threads.knowledge, pointers: this.#pointers });
    this.#holding.walk = this.#walk;
    const threads = machine.threads.count;
    this.#choice = threads > 1 && this.#layout.stages.some((stage) => stage.chunks > 1) ? new ThreadChoice() : null;
    const cost = (nodes: readonly LayoutNode[], sharing: number): number =>
      nodes.reduce((sum, node) => {
        if (node.kind === "stage") return sum + Math.ceil(node.chunks / sharing) * chunkMilliseconds;
        if (node.kind === "loop") {
          return (
            sum + (node.slices === null ? node.trips * cost(node.body, sharing) : Math.ceil(node.trips / sharing) * cost(node.body, 1))
          );
        }
        return sum + Math.max(cost(node.then, sharing), cost(node.else, sharing));
      }, 0);
    this.#predicted = cost(this.#layout.nodes, threads);
  }

  /** Writes what never changes: constants, pointers, extents, fault pointers, descriptors. */
  #upload(code: readonly number[], divisions: readonly WorkDivision[]): void {
    const { memory } = this.#machine;
    const { region } = this.#holding;
    const [layout, program] = [this.#layout, this.#program];
    program.buffers.forEach(({ place, dtype, elements }, buffer) => {
      if (place.kind === "constant") memory.view(dtype, this.#pointers[buffer]!, elements).set(place.data);
    });
    for (const { address, buffer, lane } of layout.fixedSlots) {
      const { place } = program.buffers[buffer]!;
      region.setPointer(address, this.#pointers[buffer]! + (place.kind === "lane" ? lane * place.strideBytes : 0));
    }
    for (const { address, value } of layout.extents) region.setInt32(address, value);
    layout.faults.forEach((fault) => {
      region.setInt32(fault, 0);
      // The pointer to the record stands in the slot before it.
      region.setPointer(fault - 8, region.address + fault);
    });
    for (const stage of layout.stages) {
      if (stage.chunks === 0) continue;
      region.setInt32(stage.descriptor + stageWords.chunks, stage.chunks);
      region.setInt32(stage.descriptor + stageWords.jobs, stage.kernels.length);
      stage.kernels.forEach((k, position) => {
        const job = stage.descriptor + stageWords.firstJob + position * jobBytes;
        const { units, grain } = divisions[k]!;
        region.setPointer(job + jobWords.function, code[k]!);
        region.setPointer(job + jobWords.block, region.address + layout.blocks[k]![stage.lane ?? 0]!);
        region.setInt32(job + jobWords.units, units);
        region.setInt32(job + jobWords.grain, grain);
        region.setInt32(job + jobWords.chunks, chunksOf(divisions[k]!));
      });
    }
  }

  run(args: RunArguments): TypedArray[] | Promise<TypedArray[]> {
    if (this.#isFreed) throw new StateError({ where: this.#machine.name, problem: "a program runs after it was freed" });
    this.#check(args);
    if (!this.#machine.order.isBusy) return this.#begin(args);
    // Another run is between slices: this one waits, with copies of its arguments.
    const copy: RunArguments = { ...args, arguments: args.arguments.map((values) => values.slice()), scalars: [...args.scalars] };
    return this.#machine.order.enqueue(() => this.#begin(copy));
  }

  #check(args: RunArguments): void {
    const sizes = this.#argumentSizes;
    for (let i = 0; i < sizes.length; i++) {
      const length = args.arguments[i]?.length;
      if (length !== sizes[i]) {
        throw new ShapeError({
          where: this.#machine.name,
          problem: `argument ${i} of a program has the wrong length`,
          expected: String(sizes[i]),
          received: String(length),
        });
      }
    }
  }

  #begin(args: RunArguments): TypedArray[] | Promise<TypedArray[]> {
    args.signal?.throwIfAborted();
    this.#bind(args);
    this.#runs++;
    // Runs 4, 8, 16, ... and every 1024th are measured, in turns alone and with the helpers (which may be busy elsewhere).
    const isMeasuring =
      this.#machine.threads.count > 1 && this.#runs >= 4 && ((this.#runs & (this.#runs - 1)) === 0 || this.#runs % 1024 === 0);
    if (isMeasuring) this.#triesAlone = !this.#triesAlone;
    const revisions = this.#revisionsOf(args);
    const isPrepared = this.#prepared !== null && revisions.every((revision, i) => revision === this.#prepared![i]);
    if (!isPrepared) this.#prepared = null;
    // A run with a preparation is no measure of others.
    const way = isMeasuring || !isPrepared ? null : (this.#choice?.next() ?? null);
    this.#walk.begin({ mode: way ?? (!isMeasuring ? "best" : this.#triesAlone ? "alone" : "shared"), isMeasuring, isPrepared });
    this.#running++;
    if (this.#predicted > sliceMilliseconds)
      return this.#machine.order.hold(this.#runInSlices(args, revisions, way).finally(() => this.#finish()));
    try {
      const start = performance.now();
      this.#walk.advance(Infinity);
      this.#ended(revisions, way, performance.now() - start);
      // The next run may go in slices and be stopped on its way: what nobody has read then must not lie in its memory.
      return args.reads === false && this.#predicted <= sliceMilliseconds ? [] : this.#results(args.held === true);
    } finally {
      this.#finish();
    }
  }

  #ended(revisions: readonly number[], way: RunWay | null, milliseconds: number): void {
    this.#prepared = revisions;
    this.#predicted = milliseconds;
    if (way !== null) this.#choice?.add(way, milliseconds);
  }

  async #runInSlices(args: RunArguments, revisions: readonly number[], way: RunWay | null): Promise<TypedArray[]> {
    let busy = 0;
    for (;;) {
      const start = performance.now();
      const hasEnded = this.#walk.advance(sliceMilliseconds);
      busy += performance.now() - start;
      if (hasEnded) break;
      await platform.macrotask();
      if (this.#walk.hasWrittenState || args.signal?.aborted !== true) continue;
      this.#walk.stop();
      args.signal.throwIfAborted();
    }
    this.#ended(revisions, way, busy);
    return this.#results(args.held === true);
  }

  read(): TypedArray[] | Promise<TypedArray[]> {
    return this.#machine.order.isBusy ? this.#machine.order.enqueue(() => this.#results(false)) : this.#results(false);
  }

  #finish(): void {
    this.#running--;
    if (this.#isFreed && this.#running === 0) this.#holding.free();
  }

  /** Revisions of the states that the preparation reads, of now; those that the run writes get new ones. */
  #revisionsOf({ states }: RunArguments): number[] {
    const { preparation, writtenStates } = this.#program;
    const touch = (state: number): void => {
      (states[state] as DeviceMemory).touch();
    };
    writtenStates.forEach(touch);
    return preparation.states.map((state) => (states[state] as DeviceMemory).revision);
  }

  /** Copies arguments in and renews what changed since the last run: pointers of states, scalars. */
  #bind(args: RunArguments): void {
    const { memory, name } = this.#machine;
    const [layout, program] = [this.#layout, this.#program];
    const { region } = this.#holding;
    if (this.#viewsVersion !== memory.version) this.#renewViews();
    for (let i = 0; i < program.arguments.length; i++) this.#argumentViews[i]?.set(args.arguments[i]!);
    let isMoved = false;
    for (let i = 0; i < program.states.length; i++) {
      const buffer = args.states[i];
      if (!(buffer instanceof DeviceMemory) || buffer.memory !== memory)
        throw new InternalError(name, `state ${i} of a program is in another back-end's memory`);
      const pointer = buffer.pointer();
      if (pointer === this.#statePointers[i]) continue;
      isMoved = true;
      this.#statePointers[i] = pointer;
      for (const { address } of layout.stateSlots[i]!) region.setPointer(address, pointer);
    }
    if (isMoved) {
      program.buffers.forEach(({ place }, buffer) => {
        if (place.kind === "state") this.#pointers[buffer] = this.#statePointers[place.index]!;
      });
      this.#resultViews = program.results.map(() => null);
    }
    for (let i = 0; i < program.scalars.length; i++) {
      const value = args.scalars[i]!;
      if (Object.is(value, this.#scalars[i])) continue;
      this.#scalars[i] = value;
      for (const { address, dtype } of layout.scalarSlots[i]!) {
        if (dtype === "float64") region.setFloat64(address, value);
        else if (isFloat(dtype)) region.setFloat32(address, roundedTo(dtype, value));
        else region.setInt32(address, value);
      }
    }
  }

  #renewViews(): void {
    const { memory } = this.#machine;
    this.#viewsVersion = memory.version;
    this.#argumentViews = this.#program.arguments.map(({ dtype, shape }, i) => {
      const offset = this.#layout.arguments[i]!;
      return offset < 0 ? null : memory.view(dtype, this.#holding.region.address + offset, sizeOf(shape));
    });
    this.#resultViews = this.#program.results.map(() => null);
  }

  /** Copies; `held`: of tensors, which may stand in memory that is used again. */
  #results(held: boolean): TypedArray[] {
    const { memory } = this.#machine;
    if (this.#viewsVersion !== memory.version) this.#renewViews();
    const copies: TypedArray[] = [];
    for (let i = 0; i < this.#program.results.length; i++) {
      const { type, buffer } = this.#program.results[i]!;
      const view = (this.#resultViews[i] ??= memory.view(type.dtype, this.#pointers[buffer]!, sizeOf(type.shape)));
      copies.push((held ? this.#heldCopy(type.dtype, view) : undefined) ?? view.slice());
    }
    return copies;
  }

  #heldCopy(dtype: DType, view: StoredElements): TypedArray | undefined {
    if (isShortFloat(dtype)) return undefined;
    const buffer = this.#machine.memory.heldBuffer?.(view.length * dtypes[dtype].bytes);
    if (buffer === undefined) return undefined;
    const copy = storedElements(dtype, buffer, 0, view.length);
    copy.set(view as TypedArray);
    return copy;
  }

  free(): void {
    if (this.#isFreed) return;
    this.#isFreed = true;
    orphans.unregister(this);
    if (this.#running === 0) this.#holding.free();
  }
}
