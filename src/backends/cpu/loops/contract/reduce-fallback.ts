/** Contractions that no register tile fits, as reductions of products. */
import type { ReduceKernel } from "../../../../compiler/kernels/kernel.ts";
import { splitReduce } from "../../../../compiler/kernels/split-reduce.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import type { Binding } from "./pad-operand.ts";

/** `out = epilogue(sum of lhs * rhs)`, in two kernels where the sum is long. Ids of temporaries are -1, -2, ... */
export function reduceFallback(bound: Binding): {
  readonly kernels: readonly ScheduledKernel[];
  readonly temporaries: readonly Temporary[];
} {
  const { kernel, buffers, scalars } = bound;
  const reduce: ReduceKernel = {
    kind: "reduce",
    label: kernel.label,
    axes: kernel.axes,
    buffers: kernel.buffers,
    accesses: kernel.accesses,
    scalars: kernel.scalars,
    expression: [
      { op: "load", access: kernel.lhs, dtype: "float32" },
      { op: "load", access: kernel.rhs, dtype: "float32" },
      { op: "scalar", f: "multiply", args: [0, 1], dtype: "float32" },
    ],
    reducers: [{ reducer: "sum", value: 2, dtype: "float32" }],
    epilogue: kernel.epilogue,
    stores: kernel.stores,
  };
  const split = splitReduce(reduce);
  if (split === null) return { kernels: [{ kernel: reduce, buffers, scalars }], temporaries: [] };
  const part = (p: typeof split.partial): ScheduledKernel => ({
    kernel: p.kernel,
    buffers: p.buffers.map((position) => (position < 0 ? position : buffers[position]!)),
    scalars: p.scalars.map((position) => scalars[position]!),
  });
  return { kernels: [part(split.partial), part(split.combine)], temporaries: split.temporaries };
}
