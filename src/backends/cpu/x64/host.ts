/** This machine: whether generated code runs on it, and which instruction set is taken. */
import { BackendError } from "../../../errors.ts";
import { type NativeAccess, platform } from "../../../platform/index.ts";
import { detectProcessor, type InstructionSet, type ProcessorFeatures } from "./detect.ts";
import { openSystem, type System } from "./system.ts";

export type { InstructionSet } from "./detect.ts";

const where = "x64 back-end";

/** What a process can run, found once. */
export interface Host {
  readonly system: System;
  readonly processor: ProcessorFeatures;
}

let host: Host | undefined;

/** The instruction sets of this machine that code can be run for, the best first. Throws BackendError where none can. */
export function nativeInstructionSets(): readonly InstructionSet[] {
  return openHost().processor.instructionSets;
}

/** Opens the host, once. Throws BackendError where koffi, the processor's kind, the system or its permissions do not fit. */
export function openHost(): Host {
  if (host !== undefined) return host;
  const access = platform.native();
  checkHost(access);
  const system = openSystem(access);
  const processor = detectProcessor(system);
  host = { system, processor };
  return host;
}

function checkHost({ system, architecture }: NativeAccess): void {
  if (system === "linux" && architecture === "x64") return;
  throw new BackendError({
    where,
    problem: "machine code is generated for Linux on x86-64 only",
    received: `${system} on ${architecture}`,
    advice: "use the back-end wasm",
  });
}

/** The instruction set `wanted`, or the best. Throws BackendError where the machine lacks it. */
export function chooseInstructionSet(wanted: string | undefined, { instructionSets, missing, name }: ProcessorFeatures): InstructionSet {
  const best = instructionSets[0];
  if (wanted === undefined) {
    if (best !== undefined) return best;
    throw new BackendError({
      where,
      problem: `the processor lacks ${missing.join(", ")}`,
      received: name,
      advice: "use the back-end wasm",
    });
  }
  if (wanted !== "avx2" && wanted !== "avx512")
    throw new BackendError({ where, problem: "NABLA_CPU names no instruction set", expected: "avx2 or avx512", received: wanted });
  if (instructionSets.includes(wanted)) return wanted;
  throw new BackendError({
    where,
    problem: `this machine does not run ${wanted}: it lacks ${missing.join(", ")}`,
    received: name,
    advice: best === undefined ? "use the back-end wasm" : `set NABLA_CPU=${best}, or leave it out`,
  });
}
