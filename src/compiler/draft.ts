/** A program under construction: kernels bound to buffers whose places are not planned yet. */
import { type DType, isShortFloat, type TypedArray, widened } from "../dtype/index.ts";
import { InternalError } from "../errors.ts";
import { sizeOf, type TensorType } from "../graph/index.ts";
import type { FlatGraph, Op } from "./flat-graph.ts";
import { producers } from "./flat-graph.ts";
import type { Place } from "./program.ts";
import type { Limits, ScheduledKernel } from "./target.ts";

/** A buffer whose place may still be open (undefined: the arena, planned later). */
export interface DraftBuffer {
  readonly dtype: DType;
  readonly elements: number;
  place: Place | undefined;
}

/** One step of a block: a kernel, or control flow over inner blocks. */
export type DraftStep =
  | { readonly kind: "kernel"; kernel: ScheduledKernel }
  | {
      readonly kind: "loop";
      readonly loop: number;
      readonly trips: number;
      readonly condition: number | null;
      /** Turns that may run at the same time (see Stage). Their steps stay in this order. */
      readonly lanes?: number | undefined;
      readonly body: DraftStep[];
    }
  | { readonly kind: "branch"; readonly condition: number; readonly then: DraftStep[]; readonly else: DraftStep[] };

/** Buffers of a program under construction, shared by all of its blocks. */
export class Draft {
  readonly buffers: DraftBuffer[] = [];
  /** Limits of the back-end. */
  readonly limits: Limits;
  /** States that the program writes. */
  readonly writtenStates: ReadonlySet<number>;
  #loops = 0;

  constructor(limits: Limits, writtenStates: readonly number[] = []) {
    this.limits = limits;
    this.writtenStates = new Set(writtenStates);
  }

  /** A new buffer for a value of this type. */
  add(dtype: DType, elements: number, place?: Place): number {
    // What the back-end cannot store in two bytes stands in four.
    const stored = this.limits.dtypes.includes(dtype) || !isShortFloat(dtype) ? dtype : widened(dtype);
    this.buffers.push({ dtype: stored, elements, place });
    return this.buffers.length - 1;
  }

  /** A new buffer of the arena. */
  addFor(type: TensorType): number {
    return this.add(type.dtype, sizeOf(type.shape));
  }

  /** A buffer of fixed data. */
  addConstant(dtype: DType, data: TypedArray): number {
    return this.add(dtype, data.length, { kind: "constant", data });
  }

  /** Number of a new loop. */
  newLoop(): number {
    return this.#loops++;
  }

  /** The buffer that really holds the bytes of `buffer`: slices and alternations refer to others. */
  roots(buffer: number): readonly number[] {
    const place = this.buffers[buffer]!.place;
    if (place?.kind === "slice" || place?.kind === "lane") return this.roots(place.of);
    if (place?.kind === "alternate") return [...this.roots(place.even), ...this.roots(place.odd)];
    return [buffer];
  }
}

/** A graph while its kernels are built: which values live in buffers, and in which. */
export class Block {
  readonly draft: Draft;
  readonly graph: FlatGraph;
  readonly producer: readonly (Op | undefined)[];
  /** Values that are written to a buffer (others are expressions inside kernels). */
  readonly materialized: boolean[];
  readonly #buffers = new Map<number, number>();
  /** Run-time scalars of the program: value -> program scalar. */
  readonly scalars: Map<number, number> = new Map<number, number>();
  readonly steps: DraftStep[] = [];

  constructor(draft: Draft, graph: FlatGraph) {
    this.draft = draft;
    this.graph = graph;
    this.producer = producers(graph);
    this.materialized = new Array<boolean>(graph.types.length).fill(false);
  }

  type(value: number): TensorType {
    return this.graph.types[value]!;
  }

  bind(value: number, buffer: number): void {
    this.#buffers.set(value, buffer);
    this.materialized[value] = true;
  }

  hasBuffer(value: number): boolean {
    return this.#buffers.has(value);
  }

  bufferOf(value: number): number {
    const buffer = this.#buffers.get(value);
    if (buffer === undefined) throw new InternalError("compiler", `value ${value} has no buffer`, this.producer[value]?.primitive.name);
    return buffer;
  }

  push(kernel: ScheduledKernel): void {
    this.steps.push({ kind: "kernel", kernel });
  }
}
