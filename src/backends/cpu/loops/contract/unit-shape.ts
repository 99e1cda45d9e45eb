/** How much of a contraction one unit of work does. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { rareKernels } from "../parts.ts";
import { axesOf, extentOf } from "./arrange-axes.ts";
import type { ContractSchedule } from "./contract-schedule.ts";
import type { UnitCopyPlan } from "./plan-unit-copy.ts";
import type { TileShape } from "./tile-shape.ts";

/** What a dynamic extent counts as where the schedule has to assume something: code is shared between extents. */
const nominalExtent = 32;
/** Multiply-adds of one unit of work, about: from 10 microseconds to a millisecond. */
const smallestUnit = 2 ** 18;
const largestUnit = 2 ** 26;

/** Extent of axes, dynamic ones at their nominal extent. */
export function nominal(kernel: ContractKernel, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * (kernel.axes[axis]!.dynamic ? nominalExtent : kernel.axes[axis]!.extent), 1);
}

/** How much one unit of work does. */
export function unitShape(
  kernel: ContractKernel,
  shape: {
    readonly rowAxis: number | null;
    readonly columnAxis: number | null;
    readonly tile: TileShape;
    readonly width: number;
    readonly columns: number;
    readonly kBlock: ContractSchedule["kBlock"];
    readonly isSplit: boolean;
    readonly plan: UnitCopyPlan | null;
  },
  target: CpuTarget,
): Pick<ContractSchedule, "innerAxes" | "rowsPerUnit" | "panelsPerUnit" | "unitCopy"> {
  const { rowAxis, columnAxis, tile, width } = shape;
  const panels = Math.ceil(shape.columns / tile.vectors);
  const rowExtent = rowAxis === null ? 1 : kernel.axes[rowAxis]!.extent;
  const others = axesOf(kernel, "m").filter((axis) => axis !== rowAxis);
  // A range of k is worth its reading only if it serves all results.
  if (shape.isSplit) return { innerAxes: others, rowsPerUnit: rowExtent, panelsPerUnit: panels, unitCopy: null };
  const k = axesOf(kernel, "k");
  const parallel = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel");
  const steps = nominal(kernel, k);
  const work = nominal(kernel, parallel) * steps;
  const goal = Math.max(smallestUnit, Math.min(largestUnit, work / 64));
  if (shape.plan !== null) return rareKernels.get().unitShapeOfCopy(kernel, shape.plan, { rowExtent, steps, width, panels, goal });
  const isDynamic = rowAxis !== null && kernel.axes[rowAxis]!.dynamic;
  // Rows: what fits the second cache beside rhs, many enough to use a panel often, in groups of about one size.
  const blockSteps = shape.kBlock === null ? steps : shape.kBlock.size * extentOf(kernel, k.slice(shape.kBlock.depth + 1));
  const fitting = Math.max(tile.rows, Math.floor(target.l2Bytes / 4 / (4 * Math.max(1, blockSteps))));
  // Of unknown rows there may be few: then panels have to give units enough.
  const wanted = Math.max(isDynamic && panels < 16 ? 48 : 168, Math.min(1536, goal / (steps * width * panels)));
  const aligned = Math.max(tile.rows, Math.floor(Math.min(wanted, Math.max(fitting, 24)) / tile.rows) * tile.rows);
  const balanced = Math.ceil(rowExtent / Math.ceil(rowExtent / aligned) / tile.rows) * tile.rows;
  const rowsPerUnit = isDynamic ? aligned : rowExtent <= Math.max(aligned, 128) ? rowExtent : balanced;
  let rows = Math.min(rowsPerUnit, isDynamic ? nominalExtent : rowExtent);
  // Whole inner axes while the unit is small, or a panel is used too seldom.
  const innerAxes: number[] = [];
  let units = nominal(kernel, parallel) / (rows * Math.max(1, columnAxis === null ? 1 : kernel.axes[columnAxis]!.extent));
  if (rowsPerUnit === rowExtent) {
    for (const axis of [...others].reverse()) {
      const { extent, dynamic } = kernel.axes[axis]!;
      const isSmall = rows < 64 || rows * steps * width * panels < goal / 2;
      if (dynamic || !isSmall || units / extent < 32 || rows * extent > Math.max(fitting * 2, 64)) break;
      innerAxes.unshift(axis);
      rows *= extent;
      units /= extent;
    }
  }
  const panelsPerUnit = Math.max(1, Math.min(panels, Math.round(goal / (rows * steps * width))));
  return { innerAxes, rowsPerUnit, panelsPerUnit, unitCopy: null };
}
