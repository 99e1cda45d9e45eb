/** How a reduce kernel is vectorised, and what its loops may leave out. */
import type { Guard, ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { guardsOf } from "./conditions.ts";
import { knownExtent, walkCost } from "./cost.ts";
import { analyse, axesOf, canVectorize, hasAxis, storeRoots } from "./expression.ts";
import { rareKernels } from "./parts.ts";
import { isPositional } from "./reducers.ts";

/** Set in the dependences of accumulators: an axis that is never entered. */
export const accumulatorBit: number = 1 << 30;

/** How a reduction is vectorised. */
export type ReduceForm = { readonly kind: "columns" | "rows"; readonly axis: number } | { readonly kind: "scalar"; readonly axis: number };

/** The bound of the loops that every reducer's values have in common (`domainOf`), and the kernel without it. */
export function takeDomain(kernel: ReduceKernel): { kernel: ReduceKernel; domain: Guard | null } {
  const isBounded = kernel.reducers.every(({ value }) => {
    const entry = kernel.expression[value]!;
    return entry.op === "scalar" && entry.f === "select";
  });
  return isBounded ? rareKernels.get().domainOf(kernel) : { kernel, domain: null };
}

/** Number of kept axes, which stand first. */
export function keptCount(kernel: ReduceKernel): number {
  return kernel.axes.filter((axis) => axis.role === "parallel").length;
}

/** Bits of the kept axes. */
export function keptSet(kernel: ReduceKernel): number {
  return (1 << keptCount(kernel)) - 1;
}

/** The form that walks memory best; `byRow`: among those that finish one result after another. */
export function chooseForm(kernel: ReduceKernel, target: CpuTarget, byRow = false): ReduceForm {
  const rank = kernel.axes.length;
  const kept = keptCount(kernel);
  const analysis = analyse(
    kernel,
    kernel.expression,
    kernel.reducers.map((reducer) => reducer.value),
    0,
  );
  const epilogue = analyse(kernel, kernel.epilogue, storeRoots(kernel, kernel.stores), keptSet(kernel) | accumulatorBit);
  let best: ReduceForm = { kind: "scalar", axis: rank - 1 };
  let bestCost = Infinity;
  const offer = (form: ReduceForm, cost: number): void => {
    if (cost >= bestCost) return;
    best = form;
    bestCost = cost;
  };
  const hasDouble = kernel.reducers.some(({ value, dtype }) => dtype === "float64" || kernel.expression[value]!.dtype === "float64");
  // A result is stored once, after all its points.
  const points = Math.max(
    1,
    kernel.axes.slice(kept).reduce((product, axis) => product * knownExtent(axis), 1),
  );
  const scalarStores = (3 * kernel.stores.length) / points;
  const hasPositions = kernel.reducers.some(({ reducer }) => isPositional(reducer));
  for (let axis = kept - 1; axis >= 0 && !hasDouble && !byRow; axis--) {
    if (!canVectorize(analysis, axis, []) || !canVectorize(epilogue, axis, kernel.stores)) continue;
    if (mixedGuards(kernel, axis) === null) continue;
    const loads = walkCost(analysis, axis, [], true, target.lanes);
    const stores = walkCost(analysis, axis, kernel.stores, true, target.lanes) - loads;
    offer({ kind: "columns", axis }, loads + stores / points);
  }
  for (let axis = rank - 1; axis >= kept && !hasDouble; axis--) {
    if ((hasPositions && axis !== rank - 1) || !canVectorize(analysis, axis, [])) continue;
    // Joining the lanes costs about as much as some vectors.
    const joining = (kernel.reducers.length * (hasPositions ? 12 * target.lanes : 8)) / Math.max(1, knownExtent(kernel.axes[axis]!));
    offer({ kind: "rows", axis }, walkCost(analysis, axis, [], true, target.lanes) + joining + scalarStores);
  }
  for (let axis = rank - 1; axis >= kept; axis--) {
    if (hasPositions && axis !== rank - 1) continue;
    offer({ kind: "scalar", axis }, walkCost(analysis, axis, [], false, target.lanes) + scalarStores);
  }
  return best;
}

/**
 * Guards that depend on kept axis `axis` and on reduce axes too (a window along the columns). Null where the range of
 * columns that they never cut is not known (dynamic extents).
 */
function mixedGuards(kernel: ReduceKernel, axis: number): Guard[] | null {
  const reduced = ~keptSet(kernel);
  const mixed = guardsOf(kernel, kernel.accesses.keys()).filter(
    (guard) => hasAxis(axesOf(guard.index), axis) && (axesOf(guard.index) & reduced) !== 0,
  );
  const isKnown = mixed.every((guard) =>
    guard.index.coefficients.every((c, i) => c === 0 || i < keptCount(kernel) || !kernel.axes[i]!.dynamic),
  );
  return isKnown ? mixed : null;
}
