/** Whether kernels write different elements of a buffer. */
import type { Affine } from "../../graph/index.ts";
import type { DraftStep } from "../draft.ts";
import { affineRange } from "../kernels/affine.ts";
import type { ScheduledKernel } from "../target.ts";
import { readBuffers } from "./kernel-graph.ts";
import { accessesTo, isPlain } from "./merge-kernels.ts";

/** Whether both kernels only write `buffer`, at different elements: pieces of a concatenation. */
export function areApart(a: ScheduledKernel, b: ScheduledKernel, buffer: number): boolean {
  if (readBuffers(a).has(buffer) || readBuffers(b).has(buffer)) return false;
  const extents = a.kernel.axes.map(({ extent }) => extent);
  return accessesTo(a, buffer).every((x) =>
    accessesTo(b, buffer).every((y) => isPlain(x) && isPlain(y) && !mayMeet(x.index, y.index, extents)),
  );
}

/** Whether two functions over the same axes may give one value at different points, or at the same. */
export function mayMeet(a: Affine, b: Affine, extents: readonly number[]): boolean {
  if (a.coefficients.some((c, axis) => c !== b.coefficients[axis] && extents[axis]! > 1)) return true;
  // They meet where their distance is a sum of steps: largest steps first, what is left must be within reach of the rest.
  const steps = a.coefficients
    .map((c, axis) => ({ size: Math.abs(c), most: extents[axis]! - 1 }))
    .filter(({ size, most }) => size * most > 0);
  steps.sort((x, y) => y.size - x.size);
  const reach = (from: number): number => steps.slice(from).reduce((sum, { size, most }) => sum + size * most, 0);
  const isSum = (distance: number, from: number): boolean => {
    if (distance === 0) return true;
    if (from === steps.length || Math.abs(distance) > reach(from)) return false;
    const { size, most } = steps[from]!;
    const rest = reach(from + 1);
    // Steps that overlap are not taken apart.
    if (rest >= size) return true;
    const counts = [Math.ceil((distance - rest) / size), Math.floor((distance + rest) / size)];
    return counts.some((count) => Math.abs(count) <= most && isSum(distance - count * size, from + 1));
  };
  return isSum(b.constant - a.constant, 0);
}

/** Whether two steps are kernels that write different parts of a buffer, one after the other. */
export function writeApart(a: DraftStep, b: DraftStep, buffer: number): boolean {
  const [one, other] = [spanOf(a, buffer), spanOf(b, buffer)];
  return one !== null && other !== null && (one[1] < other[0] || other[1] < one[0]);
}

/** First and last element that a kernel touches of a buffer that it writes at places that no data decides; null: not to be told. */
function spanOf(step: DraftStep, buffer: number): readonly [number, number] | null {
  if (step.kind !== "kernel" || step.kernel.kernel.kind === "row") return null;
  const { kernel, buffers } = step.kernel;
  const extents = kernel.axes.map(({ extent }) => extent);
  const accesses = kernel.accesses.filter((access) => buffers[access.buffer] === buffer);
  if (accesses.some(({ dynamic }) => dynamic.length > 0)) return null;
  const spans = accesses.map(({ index }) => affineRange(index, extents));
  return [Math.min(...spans.map(([low]) => low)), Math.max(...spans.map(([, high]) => high))];
}
