/** What both of the CPU's back-ends are to their owner. */
import type { KernelBackend } from "../../backend.ts";

/** A back-end that runs generated code on threads of this process. */
export interface CpuBackend extends KernelBackend {
  /** Ends the helper threads; what runs later runs on the calling thread. */
  close(): Promise<void>;
}
