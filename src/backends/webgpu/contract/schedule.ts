/** What a contraction becomes on a graphics processor. */
import type { ContractKernel } from "../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../compiler/target.ts";
import { asReduction } from "./reduce-fallback.ts";

/** Kernels in running order, and the buffers made for them. */
export function scheduleContract(bound: {
  readonly kernel: ContractKernel;
  readonly buffers: readonly number[];
  readonly scalars: readonly number[];
}): { readonly kernels: readonly ScheduledKernel[]; readonly temporaries: readonly Temporary[] } {
  return { kernels: [{ ...bound, kernel: asReduction(bound.kernel) }], temporaries: [] };
}
