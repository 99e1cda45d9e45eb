/** What every lowering does first: axes that exist, affine functions of full rank, no guard that always holds. */
import type { Axis, Entry, Kernel } from "../../../compiler/kernels/kernel.ts";
import type { Affine } from "../../../graph/index.ts";
import { alwaysHolds } from "./addressing.ts";
import { InternalError } from "../../../errors.ts";

/**
 * The same kernel with at least one parallel axis, and (reduce kernels) at least one reduce axis, of extent 1 where it
 * had none; without guards that hold at every point.
 */
export function prepare<K extends Kernel>(kernel: K): K {
  const parallel = kernel.axes.filter((axis) => axis.role === "parallel");
  const reduced = kernel.axes.filter((axis) => axis.role === "reduce");
  if (kernel.axes.length > 30) throw new InternalError(kernel.label, "a kernel of more than 30 axes");
  const unit = (role: Axis["role"]): Axis => ({ extent: 1, role, dynamic: false });
  const needsParallel = parallel.length === 0 && kernel.kind !== "scatter";
  const needsReduce = reduced.length === 0 && kernel.kind === "reduce";
  const axes = [...(needsParallel ? [unit("parallel")] : parallel), ...(needsReduce ? [unit("reduce")] : reduced)];
  if (kernel.kind === "scatter" && axes.length === 0) axes.push(unit("parallel"));
  const isShifted = needsParallel || (kernel.kind === "scatter" && kernel.axes.length === 0);
  const widen = (f: Affine): Affine => {
    const coefficients = isShifted ? [0, ...f.coefficients] : [...f.coefficients];
    while (coefficients.length < axes.length) coefficients.push(0);
    return { constant: f.constant, coefficients };
  };
  const widened = widenKernel(kernel, axes, widen);
  return {
    ...widened,
    accesses: widened.accesses.map((access) => ({ ...access, guards: access.guards.filter((guard) => !alwaysHolds(widened, guard)) })),
  };
}

/** Whether an iteration space has no point. */
export function isEmpty(axes: readonly Axis[]): boolean {
  return axes.some((axis) => axis.extent === 0);
}

function widenKernel<K extends Kernel>(kernel: K, axes: readonly Axis[], f: (a: Affine) => Affine): K {
  const accesses = kernel.accesses.map((access) => ({
    ...access,
    index: f(access.index),
    guards: access.guards.map((guard) => ({ ...guard, index: f(guard.index) })),
    dynamic: access.dynamic.map((term) => ({ ...term, offset: f(term.offset) })),
  }));
  const entries = (list: readonly Entry[]): Entry[] =>
    list.map((entry) => (entry.op === "position" ? { ...entry, index: f(entry.index) } : entry));
  return {
    ...kernel,
    axes,
    accesses,
    ...("expression" in kernel ? { expression: entries(kernel.expression) } : {}),
    ...("epilogue" in kernel ? { epilogue: entries(kernel.epilogue) } : {}),
  };
}
