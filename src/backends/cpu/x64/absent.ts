/** What bundles for browsers take in the place of the x64 back-end (package.json): no generator, and a reason. */
import { BackendError } from "../../../errors.ts";
import type { CpuBackend } from "../runtime/cpu-backend.ts";

/** Throws BackendError. */
export function createX64Backend(): CpuBackend {
  throw new BackendError({ where: "x64 back-end", problem: "a browser runs no machine code", advice: "use the back-end wasm" });
}
