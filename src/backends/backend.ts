/** The interface of a back-end: it loads programs (or interprets graphs) and keeps memory. */
import type { Program } from "../compiler/program.ts";
import type { Target } from "../compiler/target.ts";
import type { TypedArray } from "../dtype/index.ts";
import type { Subgraph, TensorType } from "../graph/index.ts";

/** Memory of a variable, held by a back-end until freed. */
export interface DeviceBuffer {
  readonly type: TensorType;
  /** Copies host values in. Length must match. */
  write(values: TypedArray): void;
  /** A copy of the values on the host. */
  read(): TypedArray | Promise<TypedArray>;
  free(): void;
}

/** What went wrong in a kernel that checks indices from data. */
export interface KernelFault {
  /** Label of the kernel. */
  readonly label: string;
  /** The first offending index that was seen, and the extent it must stay below. */
  readonly index: number;
  readonly extent: number;
}

/** Inputs of one run. */
export interface RunArguments {
  /** Values of the arguments, dtype and length as declared. They are copied before `run` returns or yields. */
  readonly arguments: readonly TypedArray[];
  readonly states: readonly DeviceBuffer[];
  readonly scalars: readonly number[];
  /** Stops a long run between slices. */
  readonly signal?: AbortSignal;
  /**
   * False: the results may stay where they are, for `read`; the run then gives an empty list. A back-end that has to
   * wait for a run anyway gives them all the same. Default true.
   */
  readonly reads?: boolean;
  /**
   * True: the results go to tensors, which give copies of them only. Their arrays may then be memory that the back-end
   * uses again once nothing refers to it. Default false: ordinary arrays.
   */
  readonly held?: boolean;
}

/** A program loaded into a back-end. */
export interface Executable {
  /**
   * Runs and returns copies of the results. Synchronous where the predicted time is short; otherwise it runs slices of
   * stages with a macrotask between them. States are written by the run; where a kernel finds an index out of range,
   * no state is written and the promise (or call) throws an IndexError naming the kernel's label.
   */
  run(args: RunArguments): TypedArray[] | Promise<TypedArray[]>;
  /**
   * Copies of the results of the last run, where that gave an empty list (`reads: false`). An index out of range in a
   * run since the last reading is thrown here; no run after it has written states.
   */
  read(): TypedArray[] | Promise<TypedArray[]>;
  /** Frees arena and code. */
  free(): void;
}

interface BackendBase {
  readonly name: string;
  /** What `backendInfo()` prints: target, threads, features, and why a better one was not taken. */
  info(): Readonly<Record<string, string | number | boolean>>;
  allocate(type: TensorType): DeviceBuffer;
  /** Bytes held outside the JavaScript heap: arenas, states, code. */
  bytesHeld(): number;
}

/** A back-end that runs compiled programs. */
export interface KernelBackend extends BackendBase {
  readonly form: "kernels";
  readonly target: Target;
  load(program: Program): Executable;
  /** Files that show a person what is generated for a program. */
  describe?(program: Program): readonly ProgramFile[];
}

/** A file for people. */
export interface ProgramFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** A back-end that interprets graphs (the reference). Parameters of the graph: arguments, then states, then scalars. */
export interface GraphBackend extends BackendBase {
  readonly form: "graph";
  /** `graph.results`: results first, then the new values of `writtenStates`. */
  interpret(
    graph: Subgraph,
    counts: { readonly arguments: number; readonly states: number; readonly writtenStates: readonly number[] },
  ): Executable;
}

/** Any back-end. */
export type Backend = KernelBackend | GraphBackend;
