/** Where everything of a loaded program stands in memory, and which words change from run to run or turn to turn. */
import { dtypes, type DType } from "../../../dtype/index.ts";
import { InternalError } from "../../../errors.ts";
import { sizeOf } from "../../../graph/index.ts";
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { Program, Stage } from "../../../compiler/program.ts";
import type { WorkDivision } from "../loops/ir.ts";
import { jobBytes, stageWords } from "./stage-format.ts";

const alignment = 64;

/** A slot of a parameter block (its address) that holds the pointer of a program buffer. */
export interface PointerSlot {
  readonly address: number;
  readonly buffer: number;
}

/** A parallel stage. */
export interface StageLayout {
  readonly kind: "stage";
  /** Address of its descriptor; 0 where there is nothing to do. */
  readonly descriptor: number;
  readonly chunks: number;
  /** Kernels (positions in the program) that may find an index out of range. */
  readonly checked: readonly number[];
  readonly kernels: readonly number[];
  readonly writesState: boolean;
}

/** A tree of stages, as the program's. */
export type LayoutNode =
  | StageLayout
  | {
      readonly kind: "loop";
      readonly loop: number;
      readonly trips: number;
      readonly condition: number | null;
      readonly slots: readonly PointerSlot[];
      readonly body: readonly LayoutNode[];
    }
  | { readonly kind: "branch"; readonly condition: number; readonly then: readonly LayoutNode[]; readonly else: readonly LayoutNode[] };

/** Places of a program, as offsets from the start of its region. */
export interface ProgramLayout {
  /** Bytes of the region. */
  readonly bytes: number;
  /** Offset of each argument's copy; -1 where no buffer reads it. */
  readonly arguments: readonly number[];
  /** Offset of each program buffer; -1 for states, slices and alternates. */
  readonly buffers: readonly number[];
  /** Parameter block and fault record of each kernel. */
  readonly blocks: readonly number[];
  readonly faults: readonly number[];
  /** Slots whose pointer is that of a state, per state. */
  readonly stateSlots: readonly (readonly PointerSlot[])[];
  /** Where each run-time scalar goes. */
  readonly scalarSlots: readonly (readonly { readonly address: number; readonly dtype: DType }[])[];
  /** Slots that never change. */
  readonly fixedSlots: readonly PointerSlot[];
  /** i32 words of the parameter blocks that never change: dynamic extents. */
  readonly extents: readonly { readonly address: number; readonly value: number }[];
  /** Descriptors: addresses and the stages they are of. */
  readonly stages: readonly StageLayout[];
  readonly nodes: readonly LayoutNode[];
  /** Trips of each loop id. */
  readonly trips: ReadonlyMap<number, number>;
}

/** Lays a program out. `lowered` is per kernel. */
export function layOutProgram(program: Program, lowered: readonly WorkDivision[]): ProgramLayout {
  let end = 0;
  const take = (bytes: number): number => {
    const place = end;
    end += Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    return place;
  };

  const argumentPlaces = program.arguments.map(() => -1);
  const arenas = program.arenas.map((bytes) => take(bytes));
  const constants = new Map<unknown, number>();
  const buffers = program.buffers.map(({ place, elements, dtype }) => {
    switch (place.kind) {
      case "argument": {
        const type = program.arguments[place.index]!;
        if (argumentPlaces[place.index] === -1) argumentPlaces[place.index] = take(sizeOf(type.shape) * dtypes[type.dtype].bytes);
        return argumentPlaces[place.index]!;
      }
      case "constant": {
        const known = constants.get(place.data);
        if (known !== undefined) return known;
        const at = take(elements * dtypes[dtype].bytes);
        constants.set(place.data, at);
        return at;
      }
      case "arena":
        return (arenas[place.arena] ?? take(0)) + place.offset;
      case "state":
      case "slice":
      case "alternate":
        return -1;
    }
  });

  const roots = program.buffers.map((_, buffer) => rootsOf(program, buffer));
  const stateSlots: PointerSlot[][] = program.states.map(() => []);
  const scalarSlots: { address: number; dtype: DType }[][] = program.scalars.map(() => []);
  const loopSlots = new Map<number, PointerSlot[]>();
  const fixedSlots: PointerSlot[] = [];
  const extents: { address: number; value: number }[] = [];
  const blocks: number[] = [];
  const faults: number[] = [];
  for (const bound of program.kernels) {
    const { kernel } = bound;
    const dynamic = kernel.axes.filter((axis) => axis.dynamic);
    const slots = kernel.buffers.length + kernel.scalars.length + dynamic.length;
    const block = take(8 * (slots + 1) + 16);
    blocks.push(block);
    faults.push(block + 8 * (slots + 1));
    bound.buffers.forEach((buffer, position) => {
      const slot = { address: block + 8 * position, buffer };
      const { states, loops } = roots[buffer]!;
      if (loops.size > 0) {
        for (const loop of loops) (loopSlots.get(loop) ?? loopSlots.set(loop, []).get(loop)!).push(slot);
      } else if (states.size > 0) {
        for (const state of states) stateSlots[state]!.push(slot);
      } else {
        fixedSlots.push(slot);
      }
    });
    bound.scalars.forEach((scalar, position) => {
      scalarSlots[scalar]!.push({ address: block + 8 * (kernel.buffers.length + position), dtype: kernel.scalars[position]! });
    });
    dynamic.forEach((axis, position) => {
      extents.push({ address: block + 8 * (kernel.buffers.length + kernel.scalars.length + position), value: axis.extent });
    });
  }

  const stages: StageLayout[] = [];
  const trips = new Map<number, number>();
  const visit = (list: readonly Stage[]): LayoutNode[] =>
    list.map((stage): LayoutNode => {
      switch (stage.kind) {
        case "parallel": {
          const chunks = stage.kernels.reduce((sum, k) => sum + chunksOf(lowered[k]!), 0);
          const layout: StageLayout = {
            kind: "stage",
            descriptor: chunks === 0 ? 0 : take(stageWords.firstJob + jobBytes * stage.kernels.length),
            chunks,
            checked: stage.kernels.filter((k) => isChecked(program.kernels[k]!.kernel)),
            kernels: stage.kernels,
            writesState: stage.kernels.some((k) => writesState(program, k, roots)),
          };
          stages.push(layout);
          return layout;
        }
        case "loop":
          trips.set(stage.loop, stage.trips);
          return {
            kind: "loop",
            loop: stage.loop,
            trips: stage.trips,
            condition: stage.condition,
            slots: loopSlots.get(stage.loop) ?? [],
            body: visit(stage.body),
          };
        case "branch":
          return { kind: "branch", condition: stage.condition, then: visit(stage.then), else: visit(stage.else) };
      }
    });
  const nodes = visit(program.stages);
  return {
    bytes: end,
    arguments: argumentPlaces,
    buffers,
    blocks,
    faults,
    stateSlots,
    scalarSlots,
    fixedSlots,
    extents,
    stages,
    nodes,
    trips,
  };
}

/** Chunks of a kernel's unit space. */
export function chunksOf(lowered: WorkDivision): number {
  return Math.ceil(lowered.units / lowered.grain);
}

/** Whether a kernel may find an index out of range. */
function isChecked(kernel: Kernel): boolean {
  return kernel.accesses.some((access) => access.dynamic.some((term) => term.mode === "check"));
}

interface Roots {
  readonly states: ReadonlySet<number>;
  readonly loops: ReadonlySet<number>;
}

/** States that a buffer may be a part of, and loops whose turn moves it. */
function rootsOf(program: Program, buffer: number): Roots {
  const states = new Set<number>();
  const loops = new Set<number>();
  const visit = (id: number, depth: number): void => {
    if (depth > program.buffers.length) throw new InternalError("program", "places of buffers form a circle", String(buffer));
    const { place } = program.buffers[id]!;
    if (place.kind === "state") states.add(place.index);
    if (place.kind === "slice") {
      loops.add(place.loop);
      visit(place.of, depth + 1);
    }
    if (place.kind === "alternate") {
      loops.add(place.loop);
      visit(place.even, depth + 1);
      visit(place.odd, depth + 1);
    }
  };
  visit(buffer, 0);
  return { states, loops };
}

function writesState(program: Program, kernel: number, roots: readonly Roots[]): boolean {
  const bound = program.kernels[kernel]!;
  return bound.buffers.some((buffer, position) => bound.kernel.buffers[position]!.use !== "read" && roots[buffer]!.states.size > 0);
}
