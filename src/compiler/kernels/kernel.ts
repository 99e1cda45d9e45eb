/**
 * Kernels: units of work as data, no back-end's. A kernel has an iteration space (axes), buffers, accesses into them,
 * expressions (SSA lists of scalar operations) and stores. Code generators lower them; see docs/decisions.md for why
 * windows are `reduce` kernels with overlapping accesses and gathers are `map` kernels with data-dependent indices.
 */
import type { DType } from "../../dtype/index.ts";
import type { Affine, Reducer, ScalarOp } from "../../graph/index.ts";

/** One axis of an iteration space, outermost first. */
export interface Axis {
  readonly extent: number;
  /** `reduce` axes stand after all `parallel` axes. */
  readonly role: "parallel" | "reduce";
  /**
   * The extent is only a loop bound: no address constant depends on it. Generated code reads it at run time and is
   * shared between extents (another batch size). At most the first parallel axis and the first reduce axis.
   */
  readonly dynamic: boolean;
}

/** A buffer of a kernel, by position; the program binds it to memory. */
export interface KernelBuffer {
  readonly dtype: DType;
  /** scratch: a stage of a row kernel alone; the same memory for every row of a thread. */
  readonly use: "read" | "write" | "readwrite" | "scratch";
  /** Elements, for checks. Not part of the code's structure. */
  readonly elements: number;
}

/** The access happens only where 0 <= index < limit. */
export interface Guard {
  readonly index: Affine;
  readonly limit: number;
}

/** A data-dependent part of an address: `value` (an int32 entry of the expression) times `stride`. */
export interface DynamicTerm {
  readonly value: number;
  /** Elements per step. */
  readonly stride: number;
  /** Valid values are [0, extent). */
  readonly extent: number;
  /** check: an invalid value sets the kernel's error flag and reads `fill`; clamp: it is moved inside. */
  readonly mode: "check" | "clamp";
  /** For the static part `base + value`, in units of the dynamic axis: what is checked is `offset + value`. */
  readonly offset: Affine;
}

/** Where a load or store goes: element `index` (affine over all axes) plus dynamic terms. */
export interface Access {
  readonly buffer: number;
  readonly index: Affine;
  /** All must hold; otherwise a load gives `fill` and a store does nothing. */
  readonly guards: readonly Guard[];
  readonly fill: number;
  /** Sum of dynamic terms. A term's static `offset * stride` is NOT contained in `index`. */
  readonly dynamic: readonly DynamicTerm[];
}

/** One value of an expression. Arguments are positions of earlier entries in the same list. */
export type Entry =
  | { readonly op: "load"; readonly access: number; readonly dtype: DType }
  | { readonly op: "constant"; readonly value: number; readonly dtype: DType }
  /** Run-time scalar of this kernel: slot in the kernel's `scalars`. */
  | { readonly op: "parameter"; readonly slot: number; readonly dtype: DType }
  /** int32 value of an affine function of the axes. */
  | { readonly op: "position"; readonly index: Affine; readonly dtype: "int32" }
  /** `dtype` is that of the result; for comparisons (bool) the arguments' dtype decides how they compare. */
  | { readonly op: "scalar"; readonly f: ScalarOp; readonly args: readonly number[]; readonly dtype: DType }
  /** Word 0 or 1 of Threefry-2x32 with 20 rounds: args key0, key1, counter0, counter1 (int32). */
  | { readonly op: "threefry"; readonly word: 0 | 1; readonly args: readonly number[]; readonly dtype: "int32" }
  /** In an epilogue: the finished value of reducer `index` (contract: 0). */
  | { readonly op: "accumulator"; readonly index: number; readonly dtype: DType };

/** Stores entry `value` through an access. */
export interface Store {
  readonly access: number;
  readonly value: number;
}

interface KernelBase {
  readonly axes: readonly Axis[];
  readonly buffers: readonly KernelBuffer[];
  readonly accesses: readonly Access[];
  /** How many run-time scalars the kernel takes, and their dtypes. */
  readonly scalars: readonly DType[];
  /** What the user wrote, for errors and profiles: `Dense "head"/matmul`. Not part of the structure. */
  readonly label: string;
}

/** Independent elements: for each point of the axes evaluate `expression`, then store. Any number of stores. */
export interface MapKernel extends KernelBase {
  readonly kind: "map";
  readonly expression: readonly Entry[];
  readonly stores: readonly Store[];
}

/**
 * For each point of the parallel axes: combine `expression[value]` over the reduce axes for every reducer (floats
 * accumulate in float32 blocks with a fixed tree; see reduce.ts), then evaluate `epilogue` (its `load` accesses and
 * positions see only parallel axes) and store. Windows are reduce kernels whose accesses overlap.
 */
export interface ReduceKernel extends KernelBase {
  readonly kind: "reduce";
  readonly expression: readonly Entry[];
  /** argmax / argmin give the row-major position over the reduce axes, the first of equals; NaN wins. */
  readonly reducers: readonly { readonly reducer: Reducer; readonly value: number; readonly dtype: DType }[];
  readonly epilogue: readonly Entry[];
  readonly stores: readonly Store[];
}

/** Role of each axis of a contraction. */
export type ContractRole = "batch" | "m" | "n" | "k";

/**
 * float32 C[batch, m, n] = sum over k of lhs[batch, m, k] * rhs[batch, k, n], then epilogue and stores. `roles` has one
 * role per axis; axes are ordered batch, m, n (parallel) then k (reduce). `lhs` / `rhs` are positions in `accesses`.
 */
export interface ContractKernel extends KernelBase {
  readonly kind: "contract";
  readonly roles: readonly ContractRole[];
  readonly lhs: number;
  readonly rhs: number;
  readonly epilogue: readonly Entry[];
  readonly stores: readonly Store[];
  /** Filled by the back-end's `schedule` (tile sizes, loop order, packed operands); opaque to the compiler. */
  readonly schedule?: unknown;
}

/** Inclusive scan along the last axis (role reduce, exactly one); `expression[value]` is scanned, the running value is stored at every point. */
export interface CumulativeKernel extends KernelBase {
  readonly kind: "cumulative";
  readonly reducer: "sum" | "prod" | "max" | "min";
  readonly reverse: boolean;
  readonly expression: readonly Entry[];
  readonly value: number;
  readonly dtype: DType;
  /** Access of the store, over all axes. */
  readonly store: number;
}

/**
 * The destination (already holding the operand) receives updates in row-major order of the axes (one writer per place):
 * the axes are those of the updates; `expression[value]` goes to `accesses[store]`, which has dynamic terms.
 * A generator may split work only along axes that appear in the store's index and in no dynamic term's index.
 */
export interface ScatterKernel extends KernelBase {
  readonly kind: "scatter";
  readonly mode: "add" | "set";
  readonly expression: readonly Entry[];
  readonly value: number;
  readonly store: number;
}

/** What a sort stores at each place of a row: the sorted value, or the int32 position that it had. */
export interface SortStore {
  /** Access of the store, over all axes. */
  readonly access: number;
  readonly gives: "values" | "positions";
}

/**
 * Stable sort of rows along the last axis (role reduce, exactly one) by `expression[value]`, from the largest where
 * `descending`. NaN counts as the largest; equal elements keep their order.
 */
export interface SortKernel extends KernelBase {
  readonly kind: "sort";
  readonly descending: boolean;
  readonly expression: readonly Entry[];
  readonly value: number;
  readonly dtype: DType;
  readonly stores: readonly SortStore[];
}

/**
 * Rows: for every point of `axes` (all parallel) the stages run one after another, so that what one of them leaves of a row
 * is in cache, or in scratch memory, when the next reads it. Softmax is five stages, layer normalization four.
 *
 * A stage is a map or reduce kernel of its own over `axes` followed by axes within the row. Its buffers are `buffers`, then
 * `scratch`; scratch holds one row, so that indices into it do not depend on `axes`. Stages have all of `scalars`. What
 * one stage stores and another loads is the same row's: rows can run in any order.
 */
export interface RowKernel extends KernelBase {
  readonly kind: "row";
  readonly stages: readonly (MapKernel | ReduceKernel)[];
  readonly scratch: readonly KernelBuffer[];
}

/** A unit of generated work. */
export type Kernel = MapKernel | ReduceKernel | ContractKernel | CumulativeKernel | ScatterKernel | SortKernel | RowKernel;

/**
 * Text of everything that generated code depends on: equal keys mean equal code. Leaves out labels, buffer sizes and
 * dynamic extents.
 */
export function kernelKey(kernel: Kernel): string {
  if (kernel.kind === "row") return `rows ${kernel.stages.map(kernelKey).join(" ")}`;
  const { label: _label, axes, buffers, ...rest } = kernel;
  const space = axes.map(({ extent, role, dynamic }) => (dynamic ? role : `${role}${extent}`));
  const storage = buffers.map(({ dtype, use }) => `${dtype} ${use}`);
  return JSON.stringify([space, storage, rest, unwritable(kernel)]);
}

/** Numbers of a kernel that JSON has no text for (it writes null for the infinities and NaN, and 0 for -0), with their positions. */
function unwritable(kernel: Kernel): string[] {
  const lists = [...("expression" in kernel ? [kernel.expression] : []), ...("epilogue" in kernel ? [kernel.epilogue] : [])];
  const constants = lists.flatMap((list) => list.map((entry) => (entry.op === "constant" ? entry.value : 0)));
  const values = [...kernel.accesses.map(({ fill }) => fill), ...constants];
  return values.flatMap((value, i) => (!Number.isFinite(value) ? [`${i} ${value}`] : Object.is(value, -0) ? [`${i} -0`] : []));
}
