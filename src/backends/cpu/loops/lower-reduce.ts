/**
 * Reduce kernels. Three forms: `columns` (vectors along a kept axis, one accumulator per column in registers), `rows`
 * (vectors along the innermost reduce axis, lanes joined at the end), and scalar.
 *
 * Float sums: an accumulator takes at most `blockLength` values before it is added to a total, so the error of a sum of
 * n values grows like (blockLength + n / (blockLength lanes)) eps instead of n eps (Higham, "Accuracy and Stability of
 * Numerical Algorithms", 4.2). The order is fixed by shape and target.
 */
import { type Entry, type ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import type { LoweredKernel } from "./ir.ts";
import { prepare } from "./prepare.ts";

import { ColumnReduction } from "./reduce-columns.ts";
import { chooseForm, takeDomain } from "./reduce-form.ts";
import { RowReduction } from "./reduce-rows.ts";

/** Lowers a reduce kernel. Units are kept points (`rows`, scalar), or kept points by blocks of columns. */
export function lowerReduce(source: ReduceKernel, target: CpuTarget): LoweredKernel {
  const prepared = prepare(source);
  const { kernel, domain } = takeDomain(isKnownEmpty(prepared) ? withoutValues(prepared) : prepared);
  const form = chooseForm(kernel, target);
  if (form.kind === "columns") return new ColumnReduction(kernel, domain, form, target).columns(form.axis);
  return new RowReduction(kernel, domain, form, target).rows();
}

/** Whether the code may know that there is nothing to reduce. */
function isKnownEmpty(kernel: ReduceKernel): boolean {
  return kernel.axes.some((axis) => axis.role === "reduce" && !axis.dynamic && axis.extent === 0);
}

/** The kernel with constants in place of its values, so that nothing of an empty space is read. */
function withoutValues(kernel: ReduceKernel): ReduceKernel {
  const expression = kernel.reducers.map(({ value }): Entry => ({ op: "constant", value: 0, dtype: kernel.expression[value]!.dtype }));
  return { ...kernel, expression, reducers: kernel.reducers.map((reducer, value) => ({ ...reducer, value })) };
}
