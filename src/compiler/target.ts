/** What a back-end tells the compiler. */
import type { DType } from "../dtype/index.ts";
import type { ContractKernel, Kernel } from "./kernels/kernel.ts";

/** Limits that fusing and planning obey. */
export interface Limits {
  /** Most buffers one kernel may bind. */
  readonly buffersPerKernel: number;
  /** Alignment of buffers in an arena, bytes. */
  readonly alignmentBytes: number;
  /** Largest buffer, bytes. */
  readonly maxBufferBytes: number;
  /** Dtypes that may be stored. */
  readonly dtypes: readonly DType[];
  /** Whether one kernel may read and write different parts of one arena. */
  readonly sharedArena: boolean;
  /** From how many elements of a row on kernels over the same rows become one (see RowKernel); Infinity: never. */
  readonly rowsFrom: number;
  /** Most bytes that such a kernel may keep of a row beside its buffers. Default 64 KiB. */
  readonly rowScratchBytes?: number;
  /**
   * Most bytes that a program may make of states and constants and keep from run to run (packed weights): the back-end
   * runs such kernels only when a state has changed. Default 0: all kernels run every time.
   */
  readonly preparedBytes?: number;
  /**
   * Bytes of temporaries that the caches next to the processors hold: where kernels that follow each other along the batch
   * leave much more, they run slice by slice of it. Default 0: never.
   */
  readonly sliceBytes?: number;
  /**
   * Points up to which a kernel takes less time than its start: such kernels stand in one stage with others of equal code where
   * data allows, so that the back-end can start them as one. Default 0: never.
   */
  readonly gatheredPoints?: number;
  /** Slices that can run at the same time. Default 1. */
  readonly lanes?: number;
  /** Whether a contraction's epilogue may write a state over the version that it reads at the same places. Default: not. */
  readonly contractsInPlace?: boolean;
}

/** A buffer made while a kernel is scheduled: packed weights, padded input, partial sums. */
export interface Temporary {
  readonly dtype: DType;
  readonly elements: number;
}

/** A kernel bound to ids of program values (non-negative) or temporaries (-1 - position in `temporaries`). */
export interface ScheduledKernel {
  readonly kernel: Kernel;
  readonly buffers: readonly number[];
  /** Program scalar of each run-time scalar of the kernel. */
  readonly scalars: readonly number[];
}

/** What the compiler needs to know of a back-end. */
export interface Target {
  readonly name: string;
  readonly limits: Limits;
  /**
   * Turns one contraction into the kernels this back-end wants, in running order: packs, the contraction with its
   * `schedule`, combination of partial sums. `isRenewed`: rhs is another in every run. The result depends on the kernel and the instruction set only.
   */
  scheduleContract(
    bound: { readonly kernel: ContractKernel; readonly buffers: readonly number[]; readonly scalars: readonly number[] },
    isRenewed?: boolean,
  ): {
    readonly kernels: readonly ScheduledKernel[];
    readonly temporaries: readonly Temporary[];
  };
  /**
   * For an access of a scheduled contraction: elements that a step along an m axis moves through the buffer, of which it
   * touches no others; undefined: what the access itself says; null: not to be told, or the axis cannot be cut.
   */
  stepOfAxis?(kernel: ContractKernel, access: number, axis: number): number | null | undefined;
  /** A scheduled contraction whose extent along an m axis has become shorter, scheduled for that. Bits stay the same. */
  cutContract?(kernel: ContractKernel, axis: number): ContractKernel;
}
