/** What a contraction becomes on a graphics processor: a tiled kernel, with partial sums and their combination, or a reduction. */
import type { ContractKernel } from "../../../compiler/kernels/kernel.ts";
import { splitReduce } from "../../../compiler/kernels/split-reduce.ts";
import type { ScheduledKernel, Temporary } from "../../../compiler/target.ts";
import { asReduction } from "./reduce-fallback.ts";
import { splitContraction } from "./split-contraction.ts";
import { chooseTile, type ContractSchedule, extentOf, type Tile } from "./tiles.ts";

/** A contraction with its buffers and scalars. */
export interface Binding {
  readonly kernel: ContractKernel;
  readonly buffers: readonly number[];
  readonly scalars: readonly number[];
}

/** Kernels in running order, and the buffers made for them. Ids of temporaries are -1 - position. */
export interface ScheduledContraction {
  readonly kernels: readonly ScheduledKernel[];
  readonly temporaries: readonly Temporary[];
}

/** Matrices with fewer rows or columns than this are products of a matrix and vectors: memory, not arithmetic, bounds them. */
const fewest = 4;
/** Products of fewer multiply-adds are done before tiles would pay. */
const smallest = 2 ** 16;

/** Schedules a contraction. The result is a function of its shape and of the workgroup memory of the device. */
export function scheduleContract(bound: Binding, workgroupBytes: number): ScheduledContraction {
  const { kernel } = bound;
  const [batch, m, n, k] = (["batch", "m", "n", "k"] as const).map((role) => extentOf(kernel, role)) as [number, number, number, number];
  const isPlain = [kernel.lhs, kernel.rhs].every((a) => kernel.accesses[a]!.dynamic.length === 0 && kernel.accesses[a]!.fill === 0);
  if (!isPlain || Math.min(m, n) < fewest || k < fewest || batch * m * n * k < smallest) return scheduleReduction(bound);
  const { tile, ranges } = chooseTile(batch, m, n, k, workgroupBytes);
  return scheduleTiles(bound, tile, ranges);
}

/** A contraction as tiles of a given form, with k summed in so many ranges. */
export function scheduleTiles(bound: Binding, tile: Tile, ranges: number): ScheduledContraction {
  const { kernel } = bound;
  const k = extentOf(kernel, "k");
  const rangeLength = Math.ceil(k / ranges / tile.depth) * tile.depth;
  const count = Math.ceil(k / rangeLength);
  if (count <= 1) {
    const schedule: ContractSchedule = { ...tile, splitAxis: null, rangeLength };
    return { kernels: [{ ...bound, kernel: { ...kernel, schedule } }], temporaries: [] };
  }
  const split = splitContraction(bound, count, -1);
  const schedule: ContractSchedule = { ...tile, splitAxis: 0, rangeLength };
  return {
    kernels: [{ ...split.partial, kernel: { ...split.partial.kernel, schedule } }, split.combine],
    temporaries: [split.temporary],
  };
}

function scheduleReduction(bound: Binding): ScheduledContraction {
  const kernel = asReduction(bound.kernel);
  const split = splitReduce(kernel);
  if (split === null) return { kernels: [{ ...bound, kernel }], temporaries: [] };
  const place = (part: (typeof split)["partial"]): ScheduledKernel => ({
    kernel: part.kernel,
    buffers: part.buffers.map((buffer) => (buffer < 0 ? buffer : bound.buffers[buffer]!)),
    scalars: part.scalars.map((scalar) => bound.scalars[scalar]!),
  });
  return { kernels: [place(split.partial), place(split.combine)], temporaries: split.temporaries };
}
