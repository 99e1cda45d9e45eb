/** Sums over a long k in ranges of their own: partial results, then their combination, which runs the epilogue. */
import type { Access, Axis, ContractKernel, Entry, ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../compiler/target.ts";
import type { Affine } from "../../../graph/index.ts";
import type { Binding } from "./schedule.ts";

/** The contraction that writes partial sums, and the reduction that adds them and runs the epilogue. */
export interface SplitContraction {
  readonly partial: Binding;
  readonly combine: ScheduledKernel;
  readonly temporary: Temporary;
}

/** Adds a batch axis 0 of `ranges` ranges of k. The partial sums of a range lie as the parallel axes are ordered. */
export function splitContraction(bound: Binding, ranges: number, temporaryId: number): SplitContraction {
  const { kernel } = bound;
  const parallel = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel");
  const strides = new Map<number, number>();
  let results = 1;
  for (const axis of [...parallel].reverse()) {
    strides.set(axis, results);
    results *= kernel.axes[axis]!.extent;
  }
  const temporary: Temporary = { dtype: "float32", elements: ranges * results };
  const partialSums: Affine = { constant: 0, coefficients: kernel.axes.map((_, axis) => strides.get(axis) ?? 0) };
  const range: Axis = { extent: ranges, role: "parallel", dynamic: false };

  const behindRange = (f: Affine): Affine => ({ constant: f.constant, coefficients: [0, ...f.coefficients] });
  const operand = (position: number, buffer: number): Access => {
    const access = kernel.accesses[position]!;
    return {
      ...access,
      buffer,
      index: behindRange(access.index),
      guards: access.guards.map((guard) => ({ ...guard, index: behindRange(guard.index) })),
    };
  };
  const [lhs, rhs] = [kernel.accesses[kernel.lhs]!, kernel.accesses[kernel.rhs]!];
  const partial: ContractKernel = {
    kind: "contract",
    label: `${kernel.label}/partial`,
    // Strides of the partial sums depend on the extents of all parallel axes but the first.
    axes: [range, ...kernel.axes.map((axis, i) => ({ ...axis, dynamic: axis.dynamic && i !== parallel[0] }))],
    roles: ["batch", ...kernel.roles],
    buffers: [
      { ...kernel.buffers[lhs.buffer]!, use: "read" },
      { ...kernel.buffers[rhs.buffer]!, use: "read" },
      { dtype: "float32", use: "write", elements: temporary.elements },
    ],
    accesses: [
      operand(kernel.lhs, 0),
      operand(kernel.rhs, 1),
      { buffer: 2, index: { constant: 0, coefficients: [results, ...partialSums.coefficients] }, guards: [], fill: 0, dynamic: [] },
    ],
    scalars: [],
    lhs: 0,
    rhs: 1,
    epilogue: [{ op: "accumulator", index: 0, dtype: "float32" }],
    stores: [{ access: 2, value: 0 }],
  };

  // The combination: the results, then the ranges.
  const project = (f: Affine): Affine => ({
    constant: f.constant,
    coefficients: [...parallel.map((axis) => f.coefficients[axis] ?? 0), 0],
  });
  const used = [
    ...new Set([
      ...kernel.stores.map((store) => store.access),
      ...kernel.epilogue.flatMap((entry) => (entry.op === "load" ? [entry.access] : [])),
    ]),
  ];
  const usedBuffers = [...new Set(used.map((access) => kernel.accesses[access]!.buffer))];
  const accesses = used.map((position): Access => {
    const access = kernel.accesses[position]!;
    return {
      ...access,
      buffer: 1 + usedBuffers.indexOf(access.buffer),
      index: project(access.index),
      guards: access.guards.map((guard) => ({ ...guard, index: project(guard.index) })),
      dynamic: access.dynamic.map((term) => ({ ...term, offset: project(term.offset) })),
    };
  });
  const sums: Affine = { constant: 0, coefficients: [...parallel.map((axis) => strides.get(axis)!), results] };
  const combine: ReduceKernel = {
    kind: "reduce",
    label: `${kernel.label}/combine`,
    axes: [...parallel.map((axis) => ({ ...kernel.axes[axis]!, dynamic: false })), { ...range, role: "reduce" }],
    buffers: [{ dtype: "float32", use: "read", elements: temporary.elements }, ...usedBuffers.map((buffer) => kernel.buffers[buffer]!)],
    accesses: [{ buffer: 0, index: sums, guards: [], fill: 0, dynamic: [] }, ...accesses],
    scalars: kernel.scalars,
    expression: [{ op: "load", access: 0, dtype: "float32" }],
    reducers: [{ reducer: "sum", value: 0, dtype: "float32" }],
    epilogue: kernel.epilogue.map((entry): Entry => {
      if (entry.op === "load") return { ...entry, access: 1 + used.indexOf(entry.access) };
      return entry.op === "position" ? { ...entry, index: project(entry.index) } : entry;
    }),
    stores: kernel.stores.map((store) => ({ ...store, access: 1 + used.indexOf(store.access) })),
  };
  return {
    partial: { kernel: partial, buffers: [bound.buffers[lhs.buffer]!, bound.buffers[rhs.buffer]!, temporaryId], scalars: [] },
    combine: { kernel: combine, buffers: [temporaryId, ...usedBuffers.map((buffer) => bound.buffers[buffer]!)], scalars: bound.scalars },
    temporary,
  };
}
