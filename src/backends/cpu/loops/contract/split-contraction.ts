/** Sums over a long k in independent ranges: partial results, then their combination. */
import type { Access, Axis, ContractKernel, Entry, ReduceKernel } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import { mapAffines } from "./arrange-axes.ts";
import type { Binding } from "./pad-operand.ts";

/** The contraction that writes partial sums, and the reduction that adds them and runs the epilogue. */
export interface SplitContraction {
  readonly partial: Binding;
  readonly combine: ScheduledKernel;
  readonly temporary: Temporary;
}

/**
 * Adds a batch axis 0 of `splits` ranges of k. Both kernels read the number of ranges at run time, so their code is
 * shared between batch sizes.
 */
export function splitContraction(bound: Binding, splits: number, temporaryId: number): SplitContraction {
  const { kernel } = bound;
  const parallel = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel");
  const out = kernel.accesses[kernel.stores[0]!.access]!.index.coefficients;
  // Partial sums lie in the order of the results, so that the combination streams.
  const order = [...parallel].sort((a, b) => Math.abs(out[b]!) - Math.abs(out[a]!) || a - b);
  const strides = new Map<number, number>();
  let elements = 1;
  for (const axis of [...order].reverse()) {
    strides.set(axis, elements);
    elements *= kernel.axes[axis]!.extent;
  }
  const temporary: Temporary = { dtype: "float32", elements: splits * elements };
  const range: Axis = { extent: splits, role: "parallel", dynamic: true };

  const lhs = kernel.accesses[kernel.lhs]!;
  const rhs = kernel.accesses[kernel.rhs]!;
  const shifted = mapAffines(kernel, [range, ...kernel.axes], ["batch", ...kernel.roles], (f) => ({
    constant: f.constant,
    coefficients: [0, ...f.coefficients],
  }));
  const sums: Access = {
    buffer: 2,
    index: { constant: 0, coefficients: [elements, ...kernel.axes.map((_, axis) => strides.get(axis) ?? 0)] },
    guards: [],
    fill: 0,
    dynamic: [],
  };
  const partial: ContractKernel = {
    ...shifted,
    label: `${kernel.label}/partial`,
    buffers: [
      { ...kernel.buffers[lhs.buffer]!, use: "read" },
      { ...kernel.buffers[rhs.buffer]!, use: "read" },
      { dtype: "float32", use: "write", elements: temporary.elements },
    ],
    accesses: [{ ...shifted.accesses[kernel.lhs]!, buffer: 0 }, { ...shifted.accesses[kernel.rhs]!, buffer: 1 }, sums],
    scalars: [],
    lhs: 0,
    rhs: 1,
    epilogue: [{ op: "accumulator", index: 0, dtype: "float32" }],
    stores: [{ access: 2, value: 0 }],
  };

  // The combination runs over the results in memory order, then over the ranges.
  const project = (f: {
    readonly constant: number;
    readonly coefficients: readonly number[];
  }): { constant: number; coefficients: number[] } => ({
    constant: f.constant,
    coefficients: [...order.map((axis) => f.coefficients[axis]!), 0],
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
  const combine: ReduceKernel = {
    kind: "reduce",
    label: `${kernel.label}/combine`,
    axes: [...order.map((axis) => kernel.axes[axis]!), { extent: splits, role: "reduce", dynamic: true }],
    buffers: [{ dtype: "float32", use: "read", elements: temporary.elements }, ...usedBuffers.map((buffer) => kernel.buffers[buffer]!)],
    accesses: [
      {
        buffer: 0,
        index: { constant: 0, coefficients: [...order.map((axis) => strides.get(axis)!), elements] },
        guards: [],
        fill: 0,
        dynamic: [],
      },
      ...accesses,
    ],
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
