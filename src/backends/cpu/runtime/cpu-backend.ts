/** What both of the CPU's back-ends are to their owner. */
import type { KernelBackend } from "../../backend.ts";
import type { MachinePeak } from "./measure-peak.ts";

/** A back-end that runs generated code on threads of this process. */
export interface CpuBackend extends KernelBackend {
  /** Ends the helper threads; what runs later runs on the calling thread. */
  close(): Promise<void>;
  /** What its threads can do at most, measured for a third of a second. Not while anything runs. */
  measurePeak(): MachinePeak;
}
