/** Kernels as WGSL: what the lowerings of this folder make, and what the runtime needs to know to run it. */
import type { DType } from "../../../dtype/index.ts";

/** One 32-bit word of the uniform block of a kernel. */
export type UniformWord =
  /** Extent of a dynamic axis. */
  | { readonly kind: "extent"; readonly axis: number }
  /** A run-time scalar. */
  | { readonly kind: "scalar"; readonly slot: number; readonly dtype: DType }
  /** Elements from the start of the binding of a kernel buffer to its first element: where loops move it. */
  | { readonly kind: "base"; readonly buffer: number }
  /** Number of the kernel in its program, for faults. */
  | { readonly kind: "number" }
  /** Number of the kernel's first workgroup, where several kernels are one dispatch. */
  | { readonly kind: "first" };

/** What the runtime tells a lowering about the buffers of a kernel. */
export interface Surroundings {
  /** Kernel buffers that loops move: their first element stands at a run-time base. */
  readonly moved: ReadonlySet<number>;
  /** Those of them whose first element may stand within a word of memory. */
  readonly unaligned: ReadonlySet<number>;
  /** Kernel buffers that are bound for reading and writing although the kernel only reads them. */
  readonly shared: ReadonlySet<number>;
  /** Stores happen only while no kernel of the run has found an index out of range. */
  readonly guarded: boolean;
  /** Several kernels run the code in one dispatch, each with uniforms of its own. Default: one. */
  readonly joined?: Joined;
  readonly limits: DeviceLimits;
}

/** Kernels of equal code in one dispatch. */
export interface Joined {
  readonly count: number;
  /** For each kernel buffer the first one that is in the same device buffer and has elements of the same type: they are one binding. */
  readonly bindings: readonly number[];
}

/** How float16 stands in buffers, and who converts it. */
export interface HalfForm {
  /** As WGSL's type f16; else two to a word. */
  readonly hasType: boolean;
  /** Whether the device widens to float32 exactly; else integer arithmetic does. */
  readonly widens: boolean;
  /** Whether the device narrows exactly what float16 can hold. */
  readonly narrows: boolean;
}

/** What every device can do. */
export const plainHalves: HalfForm = { hasType: false, widens: false, narrows: false };

/** How many invocations a device runs as one, which may read one another's registers: powers of two from 4 to 128. */
export interface Subgroups {
  /** The fewest and the most that a kernel may get; the driver chooses where they differ. */
  readonly min: number;
  readonly max: number;
}

/** How code uses what some devices have and others lack. */
export interface DeviceForms {
  /** Default `plainHalves`. */
  readonly float16?: HalfForm;
  /** Default null: subgroup operations are not used. */
  readonly subgroups?: Subgroups | null;
}

/** Limits of a device that generated code depends on, and its forms. */
export interface DeviceLimits extends DeviceForms {
  /** Bytes of a storage buffer that can be bound. Default 128 MiB. */
  readonly bindingBytes?: number;
  /** Invocations of a workgroup. */
  readonly invocations: number;
  /** Bytes of workgroup memory. */
  readonly workgroupBytes: number;
}

/** A kernel as generated code. */
export interface KernelCode {
  readonly wgsl: string;
  /** Words of the uniform block, in order. */
  readonly words: readonly UniformWord[];
  /** How buffers are bound, at binding 1 + position: each kernel buffer, or, of joined kernels, each device buffer. */
  readonly bindings: readonly ("read" | "write")[];
  /** Whether the fault record is bound, after the buffers. */
  readonly hasFault: boolean;
  /** Workgroups that do the work, however they are laid out in a grid. */
  readonly workgroups: number;
}
