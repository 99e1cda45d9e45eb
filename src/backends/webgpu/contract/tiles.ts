/** Tiles of contractions: what one workgroup and one invocation compute. */
import type { ContractKernel, ContractRole } from "../../../compiler/kernels/kernel.ts";
import { InternalError } from "../../../errors.ts";

/** How a contraction is laid on workgroups and invocations. */
export interface Tile {
  /** Rows and columns of a workgroup, and steps of k that lie in workgroup memory at once; multiples of 4. */
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Rows and columns of one invocation, in registers; multiples of 4. */
  readonly rowsEach: number;
  readonly columnsEach: number;
}

/** A scheduled contraction. */
export interface ContractSchedule extends Tile {
  /** Batch axis that numbers ranges of k, each summed apart; null: all of k at once. */
  readonly splitAxis: number | null;
  /** Steps of k in one range; a multiple of `depth`. */
  readonly rangeLength: number;
}

/** Tiles to choose from, and the share of a device's peak that each is taken to reach: loads per multiply-add decide. */
export const tiles: readonly (Tile & { readonly share: number })[] = [
  // Half as many barriers, and whole cache lines of a row; more than the 16 KiB of workgroup memory that every device has.
  { rows: 128, columns: 128, depth: 16, rowsEach: 8, columnsEach: 8, share: 1.05 },
  { rows: 128, columns: 128, depth: 8, rowsEach: 8, columnsEach: 8, share: 1 },
  { rows: 128, columns: 64, depth: 8, rowsEach: 8, columnsEach: 4, share: 0.8 },
  { rows: 64, columns: 128, depth: 8, rowsEach: 4, columnsEach: 8, share: 0.8 },
  { rows: 64, columns: 64, depth: 16, rowsEach: 4, columnsEach: 4, share: 0.65 },
  { rows: 64, columns: 32, depth: 16, rowsEach: 4, columnsEach: 4, share: 0.55 },
  { rows: 32, columns: 64, depth: 16, rowsEach: 4, columnsEach: 4, share: 0.55 },
  { rows: 32, columns: 32, depth: 16, rowsEach: 4, columnsEach: 4, share: 0.5 },
  { rows: 64, columns: 16, depth: 16, rowsEach: 4, columnsEach: 4, share: 0.45 },
  { rows: 16, columns: 64, depth: 16, rowsEach: 4, columnsEach: 4, share: 0.45 },
  { rows: 128, columns: 8, depth: 16, rowsEach: 4, columnsEach: 4, share: 0.35 },
  { rows: 8, columns: 128, depth: 16, rowsEach: 4, columnsEach: 4, share: 0.35 },
];

/** Invocations that keep a large device busy. */
const manyInvocations = 32768;
/** Steps of k that a range has at least. */
const shortestRange = 256;
const mostRanges = 64;

/** Invocations of a workgroup. */
export function invocationsOf({ rows, columns, rowsEach, columnsEach }: Tile): number {
  return (rows / rowsEach) * (columns / columnsEach);
}

/** Vectors of four from one step of k to the next in workgroup memory: one more than the tile has, against bank conflicts. */
export function strideOf(extent: number): number {
  return extent / 4 + 1;
}

/** Bytes of workgroup memory. */
export function tileBytes({ rows, columns, depth }: Tile): number {
  return 16 * depth * (strideOf(rows) + strideOf(columns));
}

/** Points of the axes of a role. */
export function extentOf(kernel: ContractKernel, role: ContractRole): number {
  return kernel.axes.reduce((product, { extent }, axis) => (kernel.roles[axis] === role ? product * extent : product), 1);
}

/**
 * The tile for `m` x `n` results (in `batch` matrices) of `k` terms, and in how many ranges k is summed: by shape and the bytes
 * of workgroup memory.
 */
export function chooseTile(
  batch: number,
  m: number,
  n: number,
  k: number,
  workgroupBytes: number,
): { readonly tile: Tile; readonly ranges: number } {
  let best: { tile: Tile; ranges: number; cost: number } | undefined;
  for (const { share, ...tile } of tiles) {
    if (tileBytes(tile) > workgroupBytes) continue;
    const groups = batch * Math.ceil(m / tile.rows) * Math.ceil(n / tile.columns);
    const invocations = groups * invocationsOf(tile);
    const wanted = Math.ceil(manyInvocations / invocations);
    const ranges = Math.max(1, Math.min(mostRanges, wanted, Math.floor(k / shortestRange)));
    const busy = Math.min(1, (invocations * ranges) / manyInvocations);
    // Partial sums are written and read once more.
    const combining = ranges > 1 ? (4 * batch * m * n * ranges) / share : 0;
    const cost = (groups * tile.rows * tile.columns * Math.ceil(k / tile.depth) * tile.depth) / (share * busy) + combining;
    if (best === undefined || cost < best.cost) best = { tile, ranges, cost };
  }
  return best!;
}

/** The schedule of a scheduled kernel. */
export function scheduleOf(kernel: ContractKernel): ContractSchedule {
  const { schedule } = kernel;
  if (typeof schedule !== "object" || schedule === null || !("rangeLength" in schedule)) {
    throw new InternalError("contraction", "a kernel is lowered before it is scheduled", kernel.label);
  }
  return schedule as ContractSchedule;
}
