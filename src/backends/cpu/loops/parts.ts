/** Lowering that few kernels need. */
import { Part } from "../../../parts/part.ts";
import type * as rare from "../rare.ts";

/**
 * Prefix sums, rows, scatters, sorts, the rarer functions, and what only larger contractions need (copies of operands, sums in
 * ranges): loaded when a kernel needs it, or at once by complete.ts.
 */
export const rareKernels: Part<typeof rare> = new Part(() => import("../rare.ts"));
