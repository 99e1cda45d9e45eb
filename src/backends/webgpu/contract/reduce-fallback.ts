/** Contractions without tiles: a reduction of products. */
import type { ContractKernel, Entry, ReduceKernel } from "../../../compiler/kernels/kernel.ts";

/** `kernel` as a reduction. */
export function asReduction({ schedule: _schedule, roles: _roles, lhs, rhs, ...kernel }: ContractKernel): ReduceKernel {
  const load = (access: number): Entry => ({ op: "load", access, dtype: kernel.buffers[kernel.accesses[access]!.buffer]!.dtype });
  return {
    ...kernel,
    kind: "reduce",
    expression: [load(lhs), load(rhs), { op: "scalar", f: "multiply", args: [0, 1], dtype: "float32" }],
    reducers: [{ reducer: "sum", value: 2, dtype: "float32" }],
  };
}
