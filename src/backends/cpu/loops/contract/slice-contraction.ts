/** Scheduled contractions that are cut into slices of a batch. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { filteredGradientScheduleOf, filteredScheduleOf, scheduleOf } from "./contract-schedule.ts";

/** `Target.stepOfAxis`: units that copy their part of lhs read it by the layout of the copy. */
export function stepOfAxis(kernel: ContractKernel, access: number, axis: number): number | null | undefined {
  if (filteredGradientScheduleOf(kernel) !== null) return null;
  // Blocks of tiles run on from image to image.
  const filtered = filteredScheduleOf(kernel);
  if (filtered !== null) return filtered.images[0] === axis ? undefined : null;
  const { unitCopy, splitAxis, lhsBlock } = scheduleOf(kernel);
  // Blocks of lhs have the size of a unit, and know how far planes are apart.
  if (splitAxis !== null || (lhsBlock !== null && !kernel.axes[axis]!.dynamic)) return null;
  if (unitCopy === null || access !== kernel.lhs) return undefined;
  const { layout, depth, moves } = unitCopy;
  const [outermost, ...inner] = layout.coordinates;
  const own = moves.filter((move) => move.axis === axis || move.dimension === 0);
  const isImage = own.length === 1 && own[0]!.axis === axis && own[0]!.dimension === 0 && own[0]!.places === 1;
  if (outermost === undefined || !isImage || depth === 0 || outermost.low !== 0) return null;
  const reach = inner.reduce((sum, { stride, limit, low, extent }) => sum + stride * (limit === null ? low + extent - 1 : limit - 1), 0);
  return reach < outermost.stride && inner.every(({ low, limit }) => low >= 0 || limit !== null) ? outermost.stride : null;
}

/** `Target.cutContract`: rows of tiles that divide the rows that are left. Sums run as before, so bits are the same. */
export function cutContract(kernel: ContractKernel, axis: number): ContractKernel {
  if (filteredScheduleOf(kernel) !== null || filteredGradientScheduleOf(kernel) !== null) return kernel;
  const schedule = scheduleOf(kernel);
  const { rowAxis, tile, rowsPerUnit } = schedule;
  if (axis !== rowAxis) return kernel;
  const { extent, dynamic } = kernel.axes[axis]!;
  const rows = rowsFor(extent, tile.rows);
  const units = dynamic ? Math.max(rows, Math.floor(rowsPerUnit / rows) * rows) : extent;
  return { ...kernel, schedule: { ...schedule, tile: { ...tile, rows }, rowsPerUnit: units } };
}

/** Rows of a tile of at most `most`: all, or a divisor of the extent that is not much smaller. */
function rowsFor(extent: number, most: number): number {
  if (extent <= most) return extent;
  for (let rows = most; rows > most / 2; rows--) if (extent % rows === 0) return rows;
  return most;
}
