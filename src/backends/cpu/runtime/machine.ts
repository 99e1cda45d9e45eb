/** What the runtime of programs asks of a code generator's side: memory, threads, code. */
import type { DType, HostDType, StoredElements, TypedArray } from "../../../dtype/index.ts";
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import type { LoweredKernel } from "../loops/ir.ts";
import type { CodeCache } from "./code-cache.ts";
import type { Divisions } from "./divisions.ts";
import type { RunOrder } from "../../run-order.ts";
import type { ProgramWalk, WalkedProgram } from "./walk.ts";

/** Some bytes of a machine's memory. Offsets count from its start; nothing may be called after `release`. */
export interface MemoryBlock {
  /** What generated code takes as pointer to the first byte; a multiple of 64. */
  readonly address: number;
  setPointer(offset: number, address: number): void;
  setInt32(offset: number, value: number): void;
  setFloat32(offset: number, value: number): void;
  setFloat64(offset: number, value: number): void;
  getInt32(offset: number): number;
  /** Gives the bytes back. */
  release(): void;
}

/** Memory that generated code works on. */
export interface MachineMemory {
  /** Counts what makes older views stale. */
  readonly version: number;
  /** Bytes given out. */
  readonly bytesInUse: number;
  /** Fresh bytes of arbitrary contents. Throws BackendError where they cannot be had; `what` names the wish in the error. */
  block(bytes: number, what: string): MemoryBlock;
  /** A view of `length` elements at an address inside a block. */
  view(dtype: HostDType, address: number, length: number): TypedArray;
  view(dtype: DType, address: number, length: number): StoredElements;
  /** The byte at an address inside a block. */
  byteAt(address: number): number;
  /**
   * A buffer of arbitrary contents outside of all blocks, whose memory is used again when the buffer has been collected;
   * undefined where an ordinary one serves as well. It must not be transferred.
   */
  heldBuffer?(bytes: number): ArrayBuffer | undefined;
}

/** Threads that run stages: the calling one and its helpers. Results never depend on who runs a chunk. */
export interface StageThreads {
  readonly count: number;
  /** Number that `required` takes so that only threads which know all code of now run a stage. */
  readonly knowledge: number;
  /** Starts the helpers, once. They do not keep the process alive. */
  start(): void;
  /** Makes sure that every thread has this much scratch. Not while a stage runs. */
  reserveScratch(bytes: number): void;
  /** Runs the stage at an address on this thread only. */
  solo(stage: number): void;
  /** Runs a stage with the helpers that have the required knowledge. */
  run(stage: number, required: number): void;
}

/** What the executables of one back-end share. */
export interface Machine {
  /** Names the back-end in errors. */
  readonly name: string;
  readonly memory: MachineMemory;
  readonly threads: StageThreads;
  readonly code: CodeCache;
  readonly order: RunOrder;
  /** Lowers a kernel for this machine's target. */
  readonly lower: (kernel: Kernel) => LoweredKernel;
  /** How a kernel's work divides, without generating its code. */
  readonly divisions: Divisions;
  /** How the stages of a program are walked. */
  readonly walk: (program: WalkedProgram) => ProgramWalk;
}
