/** What a contraction no longer needs once its operands are replaced. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel } from "../../../../compiler/target.ts";
import type { Binding } from "./pad-operand.ts";

/** Drops buffers and accesses that nothing reads any more. */
export function prune(bound: Binding): ScheduledKernel {
  const { kernel } = bound;
  const accesses = [
    ...new Set([
      kernel.lhs,
      kernel.rhs,
      ...kernel.stores.map((store) => store.access),
      ...kernel.epilogue.flatMap((entry) => (entry.op === "load" ? [entry.access] : [])),
    ]),
  ];
  const buffers = [...new Set(accesses.map((access) => kernel.accesses[access]!.buffer))];
  const pruned: ContractKernel = {
    ...kernel,
    buffers: buffers.map((buffer) => kernel.buffers[buffer]!),
    accesses: accesses.map((access) => ({ ...kernel.accesses[access]!, buffer: buffers.indexOf(kernel.accesses[access]!.buffer) })),
    lhs: accesses.indexOf(kernel.lhs),
    rhs: accesses.indexOf(kernel.rhs),
    epilogue: kernel.epilogue.map((entry) => (entry.op === "load" ? { ...entry, access: accesses.indexOf(entry.access) } : entry)),
    stores: kernel.stores.map((store) => ({ ...store, access: accesses.indexOf(store.access) })),
  };
  return { kernel: pruned, buffers: buffers.map((buffer) => bound.buffers[buffer]!), scalars: bound.scalars };
}
