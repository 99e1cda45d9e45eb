/** Programs: what the compiler hands to a back-end. All data. */
import type { DType, TypedArray } from "../dtype/index.ts";
import type { TensorType } from "../graph/index.ts";
import type { Kernel } from "./kernels/kernel.ts";

/** Where a buffer of the program lives. Buffers with the same place alias. */
export type Place =
  /** Caller's argument: copied in before the run. */
  | { readonly kind: "argument"; readonly index: number }
  /** State of a variable, kept by the runtime between runs; kernels may write it in place. */
  | { readonly kind: "state"; readonly index: number }
  /** Fixed data, uploaded once. */
  | { readonly kind: "constant"; readonly data: TypedArray }
  /** Bytes of one of the program's arenas (back-ends with `sharedArena` have one), planned by liveness. */
  | { readonly kind: "arena"; readonly arena: number; readonly offset: number }
  /** Inside loop `loop`: part of buffer `of` that starts at iteration * strideBytes (counted from the end where reverse). */
  | { readonly kind: "slice"; readonly of: number; readonly loop: number; readonly strideBytes: number; readonly reverse: boolean }
  /** Inside loop `loop`: buffer `even` in even iterations, `odd` in odd ones (a carry that is read in one and written in the other). */
  | { readonly kind: "alternate"; readonly even: number; readonly odd: number; readonly loop: number }
  /** Inside a loop with lanes: part of buffer `of` at `offset` + `strideBytes` times the lane that the turn runs in. */
  | { readonly kind: "lane"; readonly of: number; readonly offset: number; readonly strideBytes: number };

/** One buffer of a program. */
export interface ProgramBuffer {
  readonly dtype: DType;
  readonly elements: number;
  readonly place: Place;
}

/** A kernel bound to buffers and scalar values. */
export interface BoundKernel {
  readonly kernel: Kernel;
  /** Program buffer of each kernel buffer. */
  readonly buffers: readonly number[];
  /** Index into the program's `scalars` for each of the kernel's run-time scalars. */
  readonly scalars: readonly number[];
}

/** Steps of a program, in order. Kernels of one `parallel` stage are independent of each other; a barrier follows. */
export type Stage =
  | { readonly kind: "parallel"; readonly kernels: readonly number[] }
  /**
   * Runs `body` `trips` times; stops early where `condition` (a bool buffer of one element) is 0 before an iteration. Where
   * it has `lanes`, turns need nothing of one another: as many as there are lanes may run at the same time, each in a lane of
   * its own; one after another they may all run in lane 0.
   */
  | {
      readonly kind: "loop";
      readonly loop: number;
      readonly trips: number;
      readonly condition: number | null;
      readonly lanes?: number | undefined;
      readonly body: readonly Stage[];
    }
  | { readonly kind: "branch"; readonly condition: number; readonly then: readonly Stage[]; readonly else: readonly Stage[] };

/** A compiled graph, ready for a back-end to generate code for and load. */
export interface Program {
  readonly arguments: readonly TensorType[];
  readonly states: readonly TensorType[];
  /** States that the program writes. */
  readonly writtenStates: readonly number[];
  /** Program buffer that holds each result after the run. */
  readonly results: readonly { readonly type: TensorType; readonly buffer: number }[];
  readonly buffers: readonly ProgramBuffer[];
  readonly kernels: readonly BoundKernel[];
  readonly stages: readonly Stage[];
  /**
   * The first stages make what depends on these states (none of which the program writes) and on constants alone, in
   * buffers that no other stage writes: a run may leave them out where the last whole run found the states as they are.
   */
  readonly preparation: { readonly stages: number; readonly states: readonly number[] };
  /** How many run-time scalars a run takes (values and order are the caller's: scalar constants of the graph). */
  readonly scalars: readonly DType[];
  /** Bytes of each arena. */
  readonly arenas: readonly number[];
  /** Bytes of the first arena. */
  readonly arenaBytes: number;
}
