/** Reordering and merging the axes of a contraction, so that its loops are few and long. */
import type { Access, Axis, ContractKernel, ContractRole, Entry } from "../../../../compiler/kernels/kernel.ts";
import type { Affine } from "../../../../graph/index.ts";

/** The same kernel with every affine function replaced. `axes` and `roles` are those of the result. */
export function mapAffines(
  kernel: ContractKernel,
  axes: readonly Axis[],
  roles: readonly ContractRole[],
  f: (affine: Affine) => Affine,
): ContractKernel {
  const accesses = kernel.accesses.map((access): Access => ({
    ...access,
    index: f(access.index),
    guards: access.guards.map((guard) => ({ ...guard, index: f(guard.index) })),
    dynamic: access.dynamic.map((term) => ({ ...term, offset: f(term.offset) })),
  }));
  const epilogue = kernel.epilogue.map((entry): Entry => (entry.op === "position" ? { ...entry, index: f(entry.index) } : entry));
  return { ...kernel, axes, roles, accesses, epilogue };
}

/** Keeps the axes `order` (old positions, in new order). Axes left out must have extent 1. */
export function reorderAxes(kernel: ContractKernel, order: readonly number[]): ContractKernel {
  return mapAffines(
    kernel,
    order.map((axis) => kernel.axes[axis]!),
    order.map((axis) => kernel.roles[axis]!),
    (f) => ({ constant: f.constant, coefficients: order.map((axis) => f.coefficients[axis]!) }),
  );
}

/** Every affine function of the kernel. */
function affinesOf(kernel: ContractKernel): Affine[] {
  const list: Affine[] = [];
  for (const access of kernel.accesses)
    list.push(access.index, ...access.guards.map((guard) => guard.index), ...access.dynamic.map((term) => term.offset));
  for (const entry of kernel.epilogue) if (entry.op === "position") list.push(entry.index);
  return list;
}

const rankOfRole: Readonly<Record<ContractRole, number>> = { batch: 0, m: 1, n: 2, k: 3 };

/**
 * Canonical axes: static axes of extent 1 go; axes stand in order of role and, within a role, of falling stride (batch:
 * in the first store, m and k: in lhs, n: in the first store), an axis of k that both operands walk element by element
 * last, since vectors may run along it; neighbours of one role that every function walks as one
 * axis (`c[outer] = c[inner] * extent[inner]`) become one, dynamic where the outer one was.
 */
export function arrangeAxes(kernel: ContractKernel): ContractKernel {
  const lhs = kernel.accesses[kernel.lhs]!.index.coefficients;
  const rhs = kernel.accesses[kernel.rhs]!.index.coefficients;
  const out = kernel.accesses[kernel.stores[0]!.access]!.index.coefficients;
  const weight = (axis: number): number => {
    const role = kernel.roles[axis]!;
    if (role === "k" && lhs[axis] === 1 && rhs[axis] === 1) return -1;
    if (role === "k") return Math.abs(lhs[axis]!) * 2 ** 32 + Math.abs(rhs[axis]!);
    if (role === "m") return Math.abs(lhs[axis]!);
    return Math.abs(out[axis]!);
  };
  const order = [...kernel.axes.keys()]
    .filter((axis) => kernel.axes[axis]!.extent !== 1 || kernel.axes[axis]!.dynamic)
    .sort((a, b) => rankOfRole[kernel.roles[a]!] - rankOfRole[kernel.roles[b]!] || weight(b) - weight(a) || a - b);
  return mergeAxes(reorderAxes(kernel, order));
}

/** Merges neighbours of one role (k only where `onlyK`) that every function walks as one axis. */
export function mergeAxes(kernel: ContractKernel, onlyK = false): ContractKernel {
  const functions = affinesOf(kernel);
  const groups: number[][] = [];
  kernel.axes.forEach((axis, i) => {
    const group = groups.at(-1);
    const outer = group?.at(-1);
    const isMergeable =
      outer !== undefined &&
      !axis.dynamic &&
      kernel.roles[outer] === kernel.roles[i] &&
      (!onlyK || kernel.roles[i] === "k") &&
      functions.every((f) => f.coefficients[outer] === f.coefficients[i]! * axis.extent);
    if (isMergeable) group!.push(i);
    else groups.push([i]);
  });
  const axes = groups.map((group): Axis => {
    const first = kernel.axes[group[0]!]!;
    return { ...first, extent: group.reduce((product, i) => product * kernel.axes[i]!.extent, 1) };
  });
  return mapAffines(
    kernel,
    axes,
    groups.map((group) => kernel.roles[group[0]!]!),
    (f) => ({ constant: f.constant, coefficients: groups.map((group) => f.coefficients[group.at(-1)!]!) }),
  );
}

/** Exchanges the operands: lhs becomes rhs, m axes become n axes. The result is the same kernel seen from the other side. */
export function swapOperands(kernel: ContractKernel): ContractKernel {
  const other: Readonly<Record<ContractRole, ContractRole>> = { batch: "batch", m: "n", n: "m", k: "k" };
  const swapped: ContractKernel = { ...kernel, lhs: kernel.rhs, rhs: kernel.lhs, roles: kernel.roles.map((role) => other[role]) };
  return arrangeAxes(swapped);
}

/** Positions of the axes of a role. */
export function axesOf(kernel: ContractKernel, role: ContractRole): number[] {
  return kernel.roles.flatMap((r, axis) => (r === role ? [axis] : []));
}

/** Product of the extents of axes. */
export function extentOf(kernel: ContractKernel, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * kernel.axes[axis]!.extent, 1);
}

/** The kernel with axis `axis` no longer dynamic. */
export function fixExtent(kernel: ContractKernel, isFixed: (axis: number) => boolean): ContractKernel {
  return { ...kernel, axes: kernel.axes.map((axis, i) => (axis.dynamic && isFixed(i) ? { ...axis, dynamic: false } : axis)) };
}

/** Every affine function with a coefficient for every axis. */
export function fullRank(kernel: ContractKernel): ContractKernel {
  return mapAffines(kernel, kernel.axes, kernel.roles, (f) => ({
    constant: f.constant,
    coefficients: kernel.axes.map((_, axis) => f.coefficients[axis] ?? 0),
  }));
}
