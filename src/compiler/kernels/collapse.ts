/** Merges adjacent axes of a kernel that every access walks as one, drops axes of extent 1, and marks dynamic extents. */
import type { Affine } from "../../graph/index.ts";
import type { Access, Axis, ContractRole, Entry, Kernel, RowKernel } from "./kernel.ts";

/** All affine functions of a kernel, mapped. */
export function mapAffine<K extends Kernel>(kernel: K, axes: readonly Axis[], f: (a: Affine) => Affine): K {
  const accesses: Access[] = kernel.accesses.map((access) => ({
    ...access,
    index: f(access.index),
    guards: access.guards.map((guard) => ({ ...guard, index: f(guard.index) })),
    dynamic: access.dynamic.map((term) => ({ ...term, offset: f(term.offset) })),
  }));
  const entries = (list: readonly Entry[]): Entry[] =>
    list.map((entry) => (entry.op === "position" ? { ...entry, index: f(entry.index) } : entry));
  const next = { ...kernel, axes, accesses };
  if ("expression" in next) Object.assign(next, { expression: entries((kernel as { expression: readonly Entry[] }).expression) });
  if ("epilogue" in next) Object.assign(next, { epilogue: entries((kernel as { epilogue: readonly Entry[] }).epilogue) });
  return next;
}

/** All affine functions of a kernel. */
export function affines(kernel: Kernel): Affine[] {
  const list: Affine[] = [];
  for (const access of kernel.accesses) {
    list.push(access.index, ...access.guards.map((guard) => guard.index), ...access.dynamic.map((term) => term.offset));
  }
  const entries = [...("expression" in kernel ? kernel.expression : []), ...("epilogue" in kernel ? kernel.epilogue : [])];
  for (const entry of entries) if (entry.op === "position") list.push(entry.index);
  return list;
}

/** Axis i may join axis i+1 where both have the same role and every function walks them as one axis. */
function collapseRoles(kernel: Kernel): readonly (ContractRole | Axis["role"])[] {
  return kernel.kind === "contract" ? kernel.roles : kernel.axes.map((axis) => axis.role);
}

/**
 * The same kernel over fewer axes. Axes of extent 1 go (but at least one axis, and for cumulative kernels and sorts the
 * last one, stays); neighbours of one role merge where `c[i] == c[i + 1] * extent[i + 1]` in every affine function.
 */
export function collapseAxes(kernel: Kernel): Kernel {
  const roles = collapseRoles(kernel);
  const functions = affines(kernel);
  const extents = kernel.axes.map((axis) => axis.extent);
  // groups[g] lists original axes, outermost first, that become axis g.
  const groups: number[][] = [];
  for (let axis = 0; axis < extents.length; axis++) {
    const isScanned = (kernel.kind === "cumulative" || kernel.kind === "sort") && axis === extents.length - 1;
    if (extents[axis] === 1 && !isScanned) continue;
    const last = groups[groups.length - 1];
    const previous = last?.[last.length - 1];
    const joins =
      previous !== undefined &&
      !isScanned &&
      kernel.kind !== "scatter" &&
      roles[previous] === roles[axis] &&
      functions.every((f) => f.coefficients[previous] === f.coefficients[axis]! * extents[axis]!);
    if (joins) last!.push(axis);
    else groups.push([axis]);
  }
  const axes: Axis[] = groups.map((group) => ({
    extent: group.reduce((product, axis) => product * extents[axis]!, 1),
    role: kernel.axes[group[0]!]!.role,
    dynamic: false,
  }));
  const collapsed = mapAffine(kernel, axes, (f) => ({
    constant: f.constant,
    coefficients: groups.map((group) => f.coefficients[group[group.length - 1]!]!),
  }));
  if (collapsed.kind !== "contract") return collapsed;
  return { ...collapsed, roles: groups.map((group) => (kernel as { roles: readonly ContractRole[] }).roles[group[0]!]!) };
}

/** Marks the first axis of rows, in the kernel and in its stages, where it is outermost in every stage. */
function markDynamicRows(kernel: RowKernel): RowKernel {
  const isFirst = (axis: Axis, i: number): Axis => ({ ...axis, dynamic: i === 0 });
  const outermost = kernel.stages.every((stage) => markDynamic(stage).axes[0]?.dynamic === true);
  if (!outermost) return kernel;
  return {
    ...kernel,
    axes: kernel.axes.map(isFirst),
    stages: kernel.stages.map((stage) => ({ ...stage, axes: stage.axes.map(isFirst) })),
  };
}

/**
 * Marks the first parallel and the first reduce axis dynamic where no address depends on their extent: they are
 * outermost in every buffer they move through. Code is then shared between batch sizes.
 */
export function markDynamic(kernel: Kernel): Kernel {
  if (kernel.kind === "row") return markDynamicRows(kernel);
  const functions = kernel.accesses.flatMap((access) => [
    access.index,
    ...access.dynamic.map((term) => ({ ...term.offset, coefficients: term.offset.coefficients.map((c) => c * term.stride) })),
  ]);
  const isOutermost = (axis: number): boolean =>
    functions.every((f) => f.coefficients[axis] === 0 || f.coefficients.every((c) => Math.abs(c) <= Math.abs(f.coefficients[axis]!)));
  const firstParallel = kernel.axes.findIndex((axis) => axis.role === "parallel");
  const firstReduce = kernel.axes.findIndex((axis) => axis.role === "reduce");
  if (kernel.kind === "cumulative" || kernel.kind === "scatter" || kernel.kind === "sort") return kernel;
  const isDynamic = (axis: number): boolean =>
    (axis === firstParallel || axis === firstReduce) &&
    isOutermost(axis) &&
    (kernel.kind !== "contract" || kernel.roles[axis] === "m" || kernel.roles[axis] === "k");
  return { ...kernel, axes: kernel.axes.map((axis, i) => ({ ...axis, dynamic: isDynamic(i) })) };
}
