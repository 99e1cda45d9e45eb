/** The schedule of one contraction, as data: what `scheduleContract` decides and `lowerContract` emits. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { InternalError } from "../../../../errors.ts";
import type { PaddedLayout } from "./pad-operand.ts";
import type { TileShape } from "./tile-shape.ts";

/** How a contraction is laid on registers, caches and units of work. Axes are positions in the scheduled kernel. */
export interface ContractSchedule {
  /**
   * What the lanes of a vector run along. `broadcast`: an n axis; an element of lhs meets a vector of rhs.
   * `elementwise`: a batch axis (channels of a depthwise convolution); vectors meet vectors. `dot`: a k axis; lanes are
   * summed at the end.
   */
  readonly form: "broadcast" | "elementwise" | "dot";
  readonly lanesAxis: number;
  /** Axis along which the vectors of a tile lie: the lanes axis, or an n axis for `dot` (null: one column). */
  readonly columnAxis: number | null;
  /** Axis of the rows of a tile; null: one row. */
  readonly rowAxis: number | null;
  readonly tile: TileShape;
  /** Steps of k in one turn of the innermost loop. */
  readonly unroll: number;
  /** rhs is packed: elements from one panel to the next. */
  readonly panelStride: number | null;
  /** Axes that one unit runs through, outermost first; every other parallel axis is a coordinate of the unit. */
  readonly innerAxes: readonly number[];
  /** A multiple of the tile's rows, or the whole (static) extent. */
  readonly rowsPerUnit: number;
  readonly panelsPerUnit: number;
  /** Sums are taken over blocks of k: `size` steps of k axis number `depth`, times all k axes inside it. */
  readonly kBlock: { readonly depth: number; readonly size: number } | null;
  /** Every unit copies what it reads of lhs, zeros around it, into its scratch memory; null: lhs is read where it stands. */
  readonly unitCopy: UnitCopy | null;
  /** Every unit widens what a block of k reads of lhs, of two bytes an element, into its scratch memory; null: it does not. */
  readonly lhsBlock: LhsBlock | null;
  /** Every unit copies the panels of rhs that it reads into its scratch memory, while its first tile reads them. */
  readonly copiesPanels: boolean;
  /** A batch axis that numbers ranges of k blocks; each writes partial sums of its own. */
  readonly splitAxis: number | null;
}

/**
 * The part of lhs that one unit reads: a padded copy's dimensions [..., `count` places of number `depth`, all of the inner
 * ones]. The coefficients of lhs are steps within that copy; its buffer is the operand itself.
 */
export interface UnitCopy {
  readonly layout: PaddedLayout;
  readonly depth: number;
  readonly count: number;
  /** How far a step on an axis of units moves the part along a dimension. */
  readonly moves: readonly { readonly axis: number; readonly dimension: number; readonly places: number }[];
}

/** The part of lhs that one unit reads in one block of k, as it lies in scratch memory: coordinates from the outermost on. */
export interface LhsBlock {
  readonly coordinates: readonly {
    /** Elements from one place to the next: of the operand, and of the block. */
    readonly stride: number;
    readonly step: number;
    /** Places that a step on each of its axes moves. */
    readonly axes: readonly { readonly axis: number; readonly places: number }[];
  }[];
  readonly elements: number;
}

/** Elements of the block from one step on an axis to the next; 0 for axes that the block does not run along. */
export function blockStep(block: LhsBlock, axis: number): number {
  for (const { step, axes } of block.coordinates) {
    const found = axes.find((one) => one.axis === axis);
    if (found !== undefined) return found.places * step;
  }
  return 0;
}

/** Bytes of scratch memory that a part takes. */
export function unitCopyBytes({ layout, depth, count }: UnitCopy): number {
  return count * layout.coordinates[depth]!.step * 4;
}

/**
 * A 3x3 convolution by minimal filtering in blocks of tiles: a unit transforms its tiles of the image into scratch memory,
 * multiplies channels for each place of a tile, transforms back, and runs the epilogue. lhs is the image, where it stands
 * (its index and guards as they were); rhs the transformed filter in panels, `[place of tile][panel][channel][column]`.
 * Axes are positions in the kernel.
 */
export interface FilteredSchedule {
  readonly form: "filtered";
  readonly images: readonly number[];
  /** Axes of the places of results, and for each: which places [from, to) of the tiles' reach the image has; zeros stand elsewhere. */
  readonly rows: number;
  readonly columns: number;
  readonly insideRows: readonly [from: number, to: number];
  readonly insideColumns: readonly [from: number, to: number];
  /** Channels of the image, contiguous there, and of the results. */
  readonly inputs: number;
  readonly outputs: number;
  /** Rows of tiles (of one image, or on into the next) of a unit; where a unit is one row, the most tiles of it. */
  readonly tileRows: number;
  readonly tileColumns: number;
  /** The register tile: tiles of the image by vectors of outputs, which are the width of a panel. */
  readonly tile: TileShape;
  /** Panels of a unit: a divisor of all. */
  readonly panelsPerUnit: number;
  /** Panels that are multiplied before results are transformed back: a divisor of those. */
  readonly panelsPerPass: number;
  /** Elements of rhs from one place of a tile to the next. */
  readonly planeStride: number;
}

/**
 * The gradient of a filter by minimal filtering in blocks of tiles: a unit goes through a range of blocks, transforms their
 * tiles of the image (lhs) and of the cotangents (rhs) into scratch memory, and adds their products, summed over tiles, to
 * its part of the store: `[range][place of tile][input][output]`.
 */
export interface FilteredGradientSchedule extends Omit<FilteredSchedule, "form" | "panelsPerPass" | "planeStride"> {
  readonly form: "filteredGradient";
  /** Ranges of blocks that are summed apart, whatever the number of threads. */
  readonly ranges: number;
  /** Elements of the store from one range, place and input to the next. */
  readonly rangeStride: number;
  readonly planeStride: number;
  readonly rowStride: number;
}

/** The schedule of a filter's gradient by minimal filtering in blocks of tiles; null: the kernel is scheduled otherwise. */
export function filteredGradientScheduleOf({ schedule }: ContractKernel): FilteredGradientSchedule | null {
  const isFiltered = typeof schedule === "object" && schedule !== null && "form" in schedule && schedule.form === "filteredGradient";
  return isFiltered ? (schedule as FilteredGradientSchedule) : null;
}

/** The schedule of a convolution by minimal filtering in blocks of tiles; null: the kernel is scheduled otherwise. */
export function filteredScheduleOf({ schedule }: ContractKernel): FilteredSchedule | null {
  const isFiltered = typeof schedule === "object" && schedule !== null && "form" in schedule && schedule.form === "filtered";
  return isFiltered ? (schedule as FilteredSchedule) : null;
}

/** The schedule of a scheduled kernel. */
export function scheduleOf(kernel: ContractKernel): ContractSchedule {
  const schedule = kernel.schedule;
  if (typeof schedule !== "object" || schedule === null || !("form" in schedule)) {
    throw new InternalError("contraction", "a kernel is lowered before it is scheduled", kernel.label);
  }
  return schedule as ContractSchedule;
}
