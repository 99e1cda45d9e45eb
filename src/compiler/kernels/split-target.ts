/** Which reductions are worth splitting. */
import type { Axis, ReduceKernel } from "./kernel.ts";

/** Reductions of fewer points than this stay whole. */
const smallestSplit = 65536;
/** Kept points (results) above which the parallel axes alone give enough work. */
const enoughResults = 4096;
/** Points that one block of partial results reduces, about. */
const blockPoints = 8192;

/** How many points a block of a long reduction should have, about; null where splitting it would not pay. */
export function splitTarget(kernel: ReduceKernel): number | null {
  const results = product(kernel.axes.filter((axis) => axis.role === "parallel"));
  const length = product(kernel.axes.filter((axis) => axis.role === "reduce"));
  if (results === 0 || length * results < smallestSplit || results >= enoughResults || length < 512) return null;
  // Few results want more points a block: a block of `rows` reduced points handles rows * (results side by side).
  const target = Math.max(128, Math.ceil(blockPoints / Math.min(results, 64)));
  return length < 2 * target ? null : target;
}

/** Points of axes. */
export function product(axes: readonly Axis[]): number {
  return axes.reduce((size, axis) => size * axis.extent, 1);
}
