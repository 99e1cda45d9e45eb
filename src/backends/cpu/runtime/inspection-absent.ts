/** What bundles for browsers take in the place of inspection.ts: a page has no environment variables that could ask for it. */
import { BackendError } from "../../../errors.ts";
import type { ProgramFile } from "../../backend.ts";
import type { Machine } from "./machine.ts";
import type { MachinePeak } from "./measure-peak.ts";

export type { CodeListing } from "./describe-program.ts";

/** The machine as it is. */
export function profiled(machine: Machine): Machine {
  return machine;
}

/** No files. */
export function describeProgram(): readonly ProgramFile[] {
  return [];
}

/** Throws BackendError. */
export function measureMachinePeak(): MachinePeak {
  throw new BackendError({ where: "measurePeak", problem: "bundles for browsers hold nothing that measures", advice: "measure in Node" });
}
