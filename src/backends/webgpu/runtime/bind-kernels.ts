/** Where the buffers of a program are on the device, and how each kernel is bound to them. */
import type { Kernel, KernelBuffer } from "../../../compiler/kernels/kernel.ts";
import type { BoundKernel, Program } from "../../../compiler/program.ts";
import { type DType, dtypes, type TypedArray } from "../../../dtype/index.ts";
import { InternalError } from "../../../errors.ts";
import { sizeOf } from "../../../graph/index.ts";
import type { DeviceLimits, Surroundings } from "../wgsl/kernel-code.ts";
import { alignmentBytes, roundUp } from "./gpu.ts";

/** A buffer of the device that a program uses. */
export type Memory =
  | { readonly kind: "arena"; readonly index: number }
  | { readonly kind: "arguments" }
  | { readonly kind: "constants" }
  | { readonly kind: "state"; readonly index: number }
  /** The device buffer that all states of joined kernels are in. */
  | { readonly kind: "states" };

/** Part of a device buffer. */
export interface Range {
  readonly memory: Memory;
  readonly offset: number;
  /** A multiple of 16: what is rounded up to belongs to the same place. */
  readonly bytes: number;
  /** Elements from the start of the range to the first one, where loops move it. */
  readonly base: number;
}

/** Fixed data of a program, stored as elements of `dtype`. */
export interface Constant {
  readonly data: TypedArray;
  readonly dtype: DType;
  readonly offset: number;
}

/** Turns of the loops around a kernel. */
export type Turns = ReadonlyMap<number, number>;

/** Layout of a program's own buffers. */
export class ProgramMemory {
  readonly program: Program;
  readonly argumentOffsets: readonly number[];
  readonly argumentBytes: number;
  readonly constants: readonly Constant[];
  readonly constantBytes: number;
  private readonly trips = new Map<number, number>();

  constructor(program: Program) {
    this.program = program;
    let end = 0;
    const take = (bytes: number): number => {
      const place = end;
      end += roundUp(Math.max(1, bytes), alignmentBytes);
      return place;
    };
    this.argumentOffsets = program.arguments.map(({ shape, dtype }) => take(sizeOf(shape) * dtypes[dtype].bytes));
    this.argumentBytes = end;
    end = 0;
    const constants: Constant[] = [];
    for (const { place, dtype } of program.buffers) {
      if (place.kind !== "constant" || constants.some((other) => other.data === place.data && other.dtype === dtype)) continue;
      constants.push({ data: place.data, dtype, offset: take(place.data.length * dtypes[dtype].bytes) });
    }
    this.constants = constants;
    this.constantBytes = end;
    const visit = (stages: Program["stages"]): void => {
      for (const stage of stages) {
        if (stage.kind === "branch") {
          visit(stage.then);
          visit(stage.else);
        } else if (stage.kind === "loop") {
          this.trips.set(stage.loop, stage.trips);
          visit(stage.body);
        }
      }
    };
    visit(program.stages);
  }

  /** Where a program buffer is, in these turns. */
  range(buffer: number, turns: Turns): Range {
    const { place, elements, dtype } = this.program.buffers[buffer]!;
    const bytes = roundUp(Math.max(1, elements * dtypes[dtype].bytes), 16);
    switch (place.kind) {
      case "argument":
        return { memory: { kind: "arguments" }, offset: this.argumentOffsets[place.index]!, bytes, base: 0 };
      case "state":
        return { memory: { kind: "state", index: place.index }, offset: 0, bytes, base: 0 };
      case "constant":
        return { memory: { kind: "constants" }, offset: this.constantOffset(place.data, dtype), bytes, base: 0 };
      case "arena":
        return { memory: { kind: "arena", index: place.arena }, offset: place.offset, bytes, base: 0 };
      case "alternate":
        return this.range(turnOf(turns, place.loop) % 2 === 0 ? place.even : place.odd, turns);
      case "slice": {
        const whole = this.range(place.of, turns);
        const turn = turnOf(turns, place.loop);
        const step = place.reverse ? this.trips.get(place.loop)! - 1 - turn : turn;
        return { ...whole, base: whole.base + (step * place.strideBytes) / dtypes[dtype].bytes };
      }
      case "lane":
        throw new InternalError("webgpu", "a program has slices of its batch, which this back-end does not ask for");
    }
  }

  /** Text that is equal for buffers at one place. */
  placeKey(buffer: number): string {
    const { place, dtype } = this.program.buffers[buffer]!;
    switch (place.kind) {
      case "argument":
      case "state":
        return `${place.kind}${place.index}`;
      case "constant":
        return `constant${this.constantOffset(place.data, dtype)}`;
      case "arena":
        return `arena${place.arena}@${place.offset}`;
      case "slice":
        return `slice(${this.placeKey(place.of)},${place.loop},${place.strideBytes},${place.reverse})`;
      case "alternate":
        return `alternate(${this.placeKey(place.even)},${this.placeKey(place.odd)},${place.loop})`;
      case "lane":
        return `lane(${this.placeKey(place.of)},${place.offset})`;
    }
  }

  private constantOffset(data: TypedArray, dtype: DType): number {
    return this.constants.find((other) => other.data === data && other.dtype === dtype)!.offset;
  }

  /** Whether the first element of a buffer may stand within a word of memory. */
  isUnaligned(buffer: number): boolean {
    const { place } = this.program.buffers[buffer]!;
    if (place.kind === "slice") return place.strideBytes % 4 !== 0 || this.isUnaligned(place.of);
    return place.kind === "alternate" && (this.isUnaligned(place.even) || this.isUnaligned(place.odd));
  }

  /** Whether a buffer is in one range, whatever the turns of loops. */
  isFixed(buffer: number): boolean {
    return ["argument", "state", "constant", "arena"].includes(this.program.buffers[buffer]!.place.kind);
  }

  /** Whether loops move the first element of a buffer inside its range. */
  isMoved(buffer: number): boolean {
    const { place } = this.program.buffers[buffer]!;
    return place.kind === "slice" || (place.kind === "alternate" && (this.isMoved(place.even) || this.isMoved(place.odd)));
  }

  /** The ranges that a buffer may be in. */
  possible(buffer: number): readonly Range[] {
    const { place } = this.program.buffers[buffer]!;
    if (place.kind === "alternate") return [...this.possible(place.even), ...this.possible(place.odd)];
    if (place.kind === "slice") return this.possible(place.of);
    return [this.range(buffer, new Map())];
  }

  /** Loops whose turn decides which device buffer, or part of one, a buffer is in. */
  alternating(buffer: number): readonly number[] {
    const { place } = this.program.buffers[buffer]!;
    if (place.kind === "slice") return this.alternating(place.of);
    if (place.kind !== "alternate") return [];
    return [place.loop, ...this.alternating(place.even), ...this.alternating(place.odd)];
  }
}

function turnOf(turns: Turns, loop: number): number {
  const turn = turns.get(loop);
  if (turn === undefined) throw new InternalError("webgpu", `a buffer of loop ${loop} is used outside of it`);
  return turn;
}

/** A kernel whose buffers are different places, and what its code must know of them. */
export interface DistinctKernel {
  readonly kernel: Kernel;
  readonly buffers: readonly number[];
  readonly surroundings: Surroundings;
}

/** Text that is equal for what may be one device buffer: states may all be in one. */
export function memoryKey(memory: Memory): string {
  return memory.kind === "arena" ? `arena${memory.index}` : memory.kind;
}

/**
 * Joins buffers of a kernel that are one place (a state read and written), and finds those that must be bound for writing
 * since another part of the same device buffer is written: WebGPU allows one use of a buffer in a dispatch.
 */
export function distinctBuffers(bound: BoundKernel, memory: ProgramMemory, isChecked: boolean, limits: DeviceLimits): DistinctKernel {
  const { kernel } = bound;
  const ids: number[] = [];
  const known = new Map<string, number>();
  const types: KernelBuffer[] = [];
  const moved = bound.buffers.map((buffer, position) => {
    const key = memory.placeKey(buffer);
    const found = known.get(key);
    const type = kernel.buffers[position]!;
    if (found === undefined) {
      known.set(key, ids.length);
      types.push(type);
      return ids.push(buffer) - 1;
    }
    if (types[found]!.dtype !== type.dtype) throw new InternalError("webgpu", "one place has two dtypes", kernel.label);
    if (types[found]!.use !== type.use) types[found] = { ...type, use: "readwrite" };
    return found;
  });
  const renamed = <K extends Kernel>(part: K, buffers: readonly KernelBuffer[]): K => ({
    ...part,
    buffers,
    // Behind the buffers of rows stands their scratch memory.
    accesses: part.accesses.map((access) => ({ ...access, buffer: moved[access.buffer] ?? access.buffer - moved.length + ids.length })),
  });
  const outer = renamed(kernel, types);
  const joined: Kernel =
    outer.kind === "row" ? { ...outer, stages: outer.stages.map((stage) => renamed(stage, [...types, ...outer.scratch])) } : outer;
  const places = ids.map((buffer) => new Set(memory.possible(buffer).map((range) => memoryKey(range.memory))));
  const written = new Set(types.flatMap(({ use }, i) => (use === "read" ? [] : [...places[i]!])));
  const shared = new Set(types.flatMap(({ use }, i) => (use === "read" && [...places[i]!].some((place) => written.has(place)) ? [i] : [])));
  const writesState = types.some(({ use }, i) => use !== "read" && memory.possible(ids[i]!).some((range) => range.memory.kind === "state"));
  return {
    kernel: joined,
    buffers: ids,
    surroundings: {
      moved: new Set(ids.flatMap((buffer, i) => (memory.isMoved(buffer) ? [i] : []))),
      unaligned: new Set(ids.flatMap((buffer, i) => (memory.isUnaligned(buffer) ? [i] : []))),
      shared,
      guarded: isChecked && writesState,
      limits,
    },
  };
}
