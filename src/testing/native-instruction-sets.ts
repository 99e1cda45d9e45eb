/** The native instruction sets that a test can run here. */
import { type InstructionSet, nativeInstructionSets } from "../backends/cpu/x64/host.ts";
import { BackendError } from "../errors.ts";

export { type InstructionSet, nativeInstructionSets } from "../backends/cpu/x64/host.ts";

/** Why no machine code can be generated and run here; undefined where it can. */
export function nativeProblem(): string | undefined {
  try {
    return nativeInstructionSets().length > 0 ? undefined : "the processor has no AVX2";
  } catch (error) {
    if (error instanceof BackendError) return error.parts.problem;
    throw error;
  }
}

/** Calls `declare` for avx512 and avx2 where this machine runs them; says which are skipped and why. */
export function forInstructionSets(declare: (instructionSet: InstructionSet) => void): void {
  const problem = nativeProblem();
  const found = problem === undefined ? nativeInstructionSets() : [];
  for (const instructionSet of ["avx512", "avx2"] as const) {
    if (found.includes(instructionSet)) declare(instructionSet);
    else console.warn(`skipped: native code for ${instructionSet} (${problem ?? "the processor lacks it"})`);
  }
}

/** Calls `declare` where machine code can be run; otherwise says why it is skipped. */
export function whereNative(what: string, declare: () => void): void {
  const problem = nativeProblem();
  if (problem === undefined) declare();
  else console.warn(`skipped: ${what} (${problem})`);
}
