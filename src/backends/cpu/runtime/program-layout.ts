/** Where everything of a loaded program stands in memory, and which words change from run to run or turn to turn. */
import { dtypes, type DType } from "../../../dtype/index.ts";
import { InternalError } from "../../../errors.ts";
import { sizeOf } from "../../../graph/index.ts";
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { BoundKernel, Program, ProgramBuffer, Stage } from "../../../compiler/program.ts";
import type { WorkDivision } from "../loops/ir.ts";
import { jobBytes, stageWords } from "./stage-format.ts";

const alignment = 64;

/** A slot of a parameter block (its address) that holds the pointer of a program buffer, as a lane sees it. */
export interface PointerSlot {
  readonly address: number;
  readonly buffer: number;
  readonly lane: number;
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
  /** The lane of slices that it belongs to; null: none. */
  readonly lane: number | null;
}

/** What one lane needs of its own: parameter blocks, and stages that refer to them. */
export interface LaneLayout {
  readonly slots: readonly PointerSlot[];
  readonly body: readonly LayoutNode[];
}

/** A loop whose turns may run at the same time. */
export interface SlicesLayout {
  /** A stage with one job, of which a chunk is a turn; who walks the loop turn after turn does not need it. */
  readonly stage: StageLayout;
  readonly lanes: readonly LaneLayout[];
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
      /** null: one turn after another. Slots and body are those of lane 0. */
      readonly slices: SlicesLayout | null;
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
  /** Parameter blocks of each kernel, one for every lane, and its fault record. */
  readonly blocks: readonly (readonly number[])[];
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
  const places = new Map<number, number>();
  const placeOf = (buffer: number): number => {
    const known = places.get(buffer);
    if (known !== undefined) return known;
    const at = takeFor(program.buffers[buffer]!);
    places.set(buffer, at);
    return at;
  };
  const takeFor = ({ place, elements, dtype }: ProgramBuffer): number => {
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
      case "lane":
        return placeOf(place.of) + place.offset;
    }
  };
  const buffers = program.buffers.map((_, buffer) => placeOf(buffer));

  const roots = program.buffers.map((_, buffer) => rootsOf(program, buffer));
  const stateSlots: PointerSlot[][] = program.states.map(() => []);
  const scalarSlots: { address: number; dtype: DType }[][] = program.scalars.map(() => []);
  /** By loop and lane. */
  const loopSlots = new Map<number, PointerSlot[][]>();
  const lanesOf = lanesOfKernels(program);
  const fixedSlots: PointerSlot[] = [];
  const extents: { address: number; value: number }[] = [];
  const blocks: number[][] = [];
  const faults: number[] = [];
  const addBlock = (bound: BoundKernel, lane: number): number => {
    const { kernel } = bound;
    const dynamic = kernel.axes.filter((axis) => axis.dynamic);
    const slots = kernel.buffers.length + kernel.scalars.length + dynamic.length;
    const block = take(8 * (slots + 1) + 16);
    if (lane === 0) faults.push(block + 8 * (slots + 1));
    bound.buffers.forEach((buffer, position) => {
      const slot = { address: block + 8 * position, buffer, lane };
      const { states, loops } = roots[buffer]!;
      if (loops.size > 0) {
        for (const loop of loops) {
          const perLane = loopSlots.get(loop) ?? loopSlots.set(loop, []).get(loop)!;
          (perLane[lane] ??= []).push(slot);
        }
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
    return block;
  };
  program.kernels.forEach((bound, k) => {
    blocks.push(Array.from({ length: lanesOf[k]! }, (_, lane) => addBlock(bound, lane)));
  });

  const stages: StageLayout[] = [];
  const trips = new Map<number, number>();
  const visit = (list: readonly Stage[], lane: number | null): LayoutNode[] =>
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
            lane,
          };
          stages.push(layout);
          return layout;
        }
        case "loop": {
          trips.set(stage.loop, stage.trips);
          const { loop, condition } = stage;
          const laneOf = (number: number | null): LaneLayout => ({
            slots: loopSlots.get(loop)?.[number ?? 0] ?? [],
            body: visit(stage.body, number),
          });
          if (stage.lanes === undefined || stage.lanes < 2 || lane !== null)
            return { kind: "loop", loop, trips: stage.trips, condition, ...laneOf(lane), slices: null };
          const lanes = Array.from({ length: stage.lanes }, (_, number) => laneOf(number));
          const slices: StageLayout = {
            kind: "stage",
            descriptor: take(stageWords.firstJob + jobBytes),
            chunks: stage.trips,
            checked: [],
            kernels: [],
            writesState: writesStates(lanes[0]!.body),
            lane: null,
          };
          stages.push(slices);
          return { kind: "loop", loop, trips: stage.trips, condition, ...lanes[0]!, slices: { stage: slices, lanes } };
        }
        case "branch":
          return { kind: "branch", condition: stage.condition, then: visit(stage.then, lane), else: visit(stage.else, lane) };
      }
    });
  const nodes = visit(program.stages, null);
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

/** In how many lanes each kernel runs. */
function lanesOfKernels(program: Program): number[] {
  const lanes = program.kernels.map(() => 1);
  const visit = (stages: readonly Stage[], count: number): void => {
    for (const stage of stages) {
      if (stage.kind === "parallel") for (const k of stage.kernels) lanes[k] = count;
      else if (stage.kind === "loop") visit(stage.body, Math.max(count, stage.lanes ?? 1));
      else visit([...stage.then, ...stage.else], count);
    }
  };
  visit(program.stages, 1);
  return lanes;
}

function writesStates(nodes: readonly LayoutNode[]): boolean {
  return nodes.some((node) => {
    if (node.kind === "stage") return node.writesState;
    return writesStates(node.kind === "loop" ? node.body : [...node.then, ...node.else]);
  });
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
