/** 3x3 convolutions by minimal filtering in blocks of tiles that stay in the second cache: their schedule. */
import type { Access, ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { extentOf } from "./arrange-axes.ts";
import { stepsConflict } from "./cache-conflict.ts";
import type { FilteredSchedule } from "./contract-schedule.ts";
import type { Binding } from "./pad-operand.ts";
import { prune } from "./prune.ts";
import type { ScheduledContraction } from "./schedule.ts";
import { elementsOf, places, spread, tileExtent, TileMaps, tileReach, type TransformedArray } from "./tile-maps.ts";
import { balancedRows, cyclesPerStep, mostRows, type TileShape } from "./tile-shape.ts";
import type { WinogradForm } from "./winograd-form.ts";
import { filterLine } from "./winograd-matrices.ts";

/** Bytes of the cache's lines. */
const lineElements = 16;

/** Where the parts of a unit's scratch memory stand. Elements, from the unit's first. */
export interface FilteredScratch {
  /** Tiles of a unit. */
  readonly tiles: number;
  /** Transformed tiles of the image: elements from one tile to the next, from one place of a tile to the next. */
  readonly imageRow: number;
  readonly imagePlane: number;
  /** Products, of the panels of one pass: the same, and where they start. */
  readonly productRow: number;
  readonly productPlane: number;
  readonly products: number;
  /** The lines of the image that a row of tiles sees, with zeros around, where products stand later: elements of one. */
  readonly line: number;
  readonly elements: number;
}

/** How a unit's scratch memory is laid out. */
export function filteredScratch(kernel: ContractKernel, schedule: FilteredSchedule, target: CpuTarget): FilteredScratch {
  const inputs = kernel.axes[schedule.inputs]!.extent;
  const lines = (elements: number): number => Math.ceil(elements / lineElements) * lineElements;
  const apart = (elements: number): number => lines(elements) + (stepsConflict(lines(elements), target) ? lineElements : 0);
  const tiles = schedule.tileColumns * schedule.tileRows;
  const imageRow = apart(inputs);
  const imagePlane = spread(tiles * imageRow);
  const productRow = apart(schedule.panelsPerPass * schedule.tile.vectors * target.lanes);
  const productPlane = spread(tiles * productRow);
  const line = apart((schedule.tileColumns + 1) * tileExtent * inputs);
  const products = places * imagePlane;
  const elements = products + Math.max(places * productPlane, tileReach * line);
  return { tiles, imageRow, imagePlane, productRow, productPlane, products, line, elements };
}

/** A convolution, or the gradient of its image, that can be computed in blocks of tiles. */
export class FilteredBlocks {
  readonly #bound: Binding;
  readonly #form: WinogradForm;
  readonly #target: CpuTarget;
  readonly #plan: FilteredSchedule;
  readonly #filter: TransformedArray;
  /** What it takes on one thread, about. */
  readonly nanoseconds: number;

  /** All plans for a kernel of full rank; none where the form does not allow it. */
  static all(bound: Binding, form: WinogradForm, target: CpuTarget): FilteredBlocks[] {
    const axes = form.pass === "image" ? filteredAxes(bound.kernel, form, target) : null;
    if (axes === null) return [];
    const shared = { form: "filtered", ...axes } as const;
    return [...shapesOf(bound.kernel, form, shared, target)].map(
      (shape) => new FilteredBlocks(bound, form, target, { ...shared, ...shape, planeStride: 0 }),
    );
  }

  private constructor(bound: Binding, form: WinogradForm, target: CpuTarget, schedule: FilteredSchedule) {
    this.#bound = bound;
    this.#form = form;
    this.#target = target;
    this.#filter = panelsOf(bound.kernel, schedule, target);
    this.#plan = { ...schedule, planeStride: this.#filter.planeStride };
    this.nanoseconds = this.#cost();
  }

  /** Bytes of the temporaries that it takes. */
  get bytes(): number {
    return 4 * elementsOf(this.#filter);
  }

  /** The transformed filter is made once; the rest is one kernel. */
  schedule(): ScheduledContraction {
    const { kernel, buffers, scalars } = this.#bound;
    const id = this.#filter.id;
    const elements = elementsOf(this.#filter);
    const panels: Access = {
      buffer: buffers.length,
      index: { constant: 0, coefficients: kernel.axes.map(() => 0) },
      guards: [],
      fill: 0,
      dynamic: [],
    };
    const filtered: ContractKernel = {
      ...kernel,
      // Code may not know how many images there are: their outermost axis.
      axes: kernel.axes.map((axis, i) => ({ ...axis, dynamic: axis.dynamic && i === this.#plan.images[0] })),
      buffers: [...kernel.buffers, { dtype: "float32", use: "read", elements }],
      accesses: kernel.accesses.map((access, i) => (i === kernel.rhs ? panels : access)),
      schedule: this.#plan,
    };
    const transform = new TileMaps(this.#bound, this.#form, this.#target).operand("rhs", this.#filter, filterLine, "filter");
    return {
      kernels: [transform, prune({ kernel: filtered, buffers: [...buffers, id], scalars })],
      temporaries: [{ dtype: "float32", elements }],
    };
  }

  get #scratchBytes(): number {
    return filteredScratch(this.#bound.kernel, this.#plan, this.#target).elements * 4;
  }

  #cost(): number {
    const { kernel } = this.#bound;
    const { tile, tileRows, tileColumns, inputs, outputs, panelsPerUnit, rows, columns } = this.#plan;
    const { lanes, l2Bytes, fma } = this.#target;
    const [c, k] = [kernel.axes[inputs]!.extent, kernel.axes[outputs]!.extent];
    const tilesDown = Math.ceil(kernel.axes[rows]!.extent / tileExtent) * extentOf(kernel, this.#form.images);
    const tilesAcross = Math.ceil(kernel.axes[columns]!.extent / tileExtent);
    const blocks = Math.ceil(tilesDown / tileRows) * Math.ceil(tilesAcross / tileColumns);
    const tiles = tileRows * tileColumns;
    const width = tile.vectors * lanes;
    const groups = k / (panelsPerUnit * width);
    // Cycles of one vector multiply-add are 1/4 ns.
    const sizes = balancedRows(tiles, tile.rows);
    // Panels that the first cache does not hold make tiles of few registers wait.
    const isSlow = this.#target.registers < 32 && c * width * 4 > this.#target.l1Bytes * 0.75;
    const steps = sizes.reduce(
      (sum, [size, count]) => sum + count * Math.max(2 * cyclesPerStep(size, tile.vectors, fma), tile.vectors * size),
      0,
    );
    const starts = sizes.reduce((sum, [size, count]) => sum + count * (tileCycles + size * tile.vectors * 2), 0);
    const products = ((places * (k / width) * (steps * c + starts)) / 4) * (isSlow ? slowdown : 1);
    const scratch = this.#scratchBytes;
    const element = elementNanoseconds(scratch <= l2Bytes * mostOfCache, this.#target);
    const transforms = tiles * places * (Math.ceil(c / lanes) * lanes * groups + k) * element;
    const filterBytes = places * c * k * 4;
    const isKept = filterBytes / groups + scratch <= l2Bytes;
    return (
      blocks * (products + transforms + (isKept ? 0 : filterBytes * filterNanoseconds)) +
      places * c * k * elementNanoseconds(false, this.#target)
    );
  }
}

/**
 * Nanoseconds of one element of a transformed array, written and read: where it stays in the second cache, and where it goes
 * through memory. Measured on Zen 4, one thread, 64 to 256 channels at 56x56 to 14x14: what is left of the time when
 * products at the peak are taken off.
 */
const elementTimes: Readonly<Record<CpuTarget["name"], { readonly kept: number; readonly memory: number }>> = {
  wasm: { kept: 0.45, memory: 0.73 },
  avx2: { kept: 0.25, memory: 0.65 },
  avx512: { kept: 0.15, memory: 0.55 },
};

/** The time of one element, kept in the second cache or not. */
export function elementNanoseconds(isKept: boolean, { name }: CpuTarget): number {
  return isKept ? elementTimes[name].kept : elementTimes[name].memory;
}

/** Most rows of tiles of a unit that are tried. */
const mostTileRows = 32;
/** Most tiles of a unit of several rows that are tried. */
const mostTiles = 128;
/** Units below which threads would wait for one another. */
const fewestUnits = 16;
/** Share of the second cache that a unit's scratch memory may take. */
const mostOfCache = 0.7;
/** What a register tile takes beside its steps and its stores, in quarters of a nanosecond. */
const tileCycles = 20;
/** How much longer register tiles take that wait for their panels. */
const slowdown = 1.3;
/** Nanoseconds of a byte of the transformed filter that a unit reads from beyond the second cache. */
const filterNanoseconds = 0.008;

type Shape = Pick<FilteredSchedule, "tileRows" | "tileColumns" | "tile" | "panelsPerUnit" | "panelsPerPass">;

/** What units may be. */
function* shapesOf(
  kernel: ContractKernel,
  form: WinogradForm,
  { rows, columns, outputs }: Pick<FilteredSchedule, "rows" | "columns" | "outputs">,
  target: CpuTarget,
): Generator<Shape> {
  const tilesAcross = Math.ceil(kernel.axes[columns]!.extent / tileExtent);
  const tilesDown = Math.ceil(kernel.axes[rows]!.extent / tileExtent) * extentOf(kernel, form.images);
  const vectors = kernel.axes[outputs]!.extent / target.lanes;
  const divisors = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1).filter((size) => count % size === 0);
  const blocks = [
    ...Array.from({ length: Math.min(tilesDown, mostTileRows) }, (_, i) => [i + 1, tilesAcross] as const),
    ...[2, 3, 4, 6, 8].map((count) => [1, Math.ceil(tilesAcross / count)] as const),
  ];
  for (const [tileRows, tileColumns] of blocks) {
    const tiles = tileRows * tileColumns;
    if (tiles > mostTiles && tileRows > 1) continue;
    const units = Math.ceil(tilesDown / tileRows) * Math.ceil(tilesAcross / tileColumns);
    const tile = tileOf(tiles, vectors, target);
    if (tile === null) continue;
    for (const panelsPerUnit of divisors(vectors / tile.vectors)) {
      const groups = vectors / tile.vectors / panelsPerUnit;
      if (units * groups < fewestUnits && (groups === 1 ? tileRows > 1 : panelsPerUnit > 1)) continue;
      for (const panelsPerPass of divisors(panelsPerUnit).reverse()) yield { tileRows, tileColumns, tile, panelsPerUnit, panelsPerPass };
    }
  }
}

/** The register tile: panels that fill all outputs, the cheapest for so many tiles. */
function tileOf(tiles: number, vectors: number, target: CpuTarget): TileShape | null {
  let best: (TileShape & { readonly cycles: number }) | null = null;
  for (let wide = 1; wide <= Math.min(8, vectors); wide++) {
    const rows = Math.min(mostRows(wide, target), tiles);
    if (vectors % wide !== 0 || rows === 0) continue;
    const cycles = balancedRows(tiles, rows).reduce((sum, [size, count]) => sum + count * cyclesPerStep(size, wide, target.fma), 0) / wide;
    if (best === null || cycles < best.cycles * 0.97) best = { rows, vectors: wide, cycles };
  }
  return best === null ? null : { rows: best.rows, vectors: best.vectors };
}

/** The transformed filter in panels. */
function panelsOf(kernel: ContractKernel, { inputs, outputs, tile }: FilteredSchedule, { lanes }: CpuTarget): TransformedArray {
  const width = tile.vectors * lanes;
  const [c, k] = [kernel.axes[inputs]!.extent, kernel.axes[outputs]!.extent];
  return {
    id: -1,
    parts: [
      { axis: outputs, extent: k / width, unit: width, stride: c * width },
      { axis: inputs, extent: c, unit: 1, stride: width },
      { axis: outputs, extent: width, unit: 1, stride: 1 },
    ],
    planeStride: spread(c * k),
    rowStride: width,
  };
}

/** The axes that blocks of tiles walk, and which lines of the image are inside. */
type FilteredAxes = Pick<FilteredSchedule, "images" | "rows" | "columns" | "insideRows" | "insideColumns" | "inputs" | "outputs">;

/** These axes; null where there is not one of channels and one of outputs, vectors are not filled, or padding is no frame. */
export function filteredAxes(kernel: ContractKernel, form: WinogradForm, target: CpuTarget): FilteredAxes | null {
  const [inputs, ...others] = form.channels;
  const [outputs, ...more] = form.columns;
  if (inputs === undefined || outputs === undefined || others.length + more.length > 0) return null;
  const lhs = kernel.accesses[kernel.lhs]!;
  if (lhs.index.coefficients[inputs] !== 1 || kernel.axes[outputs]!.extent % target.lanes !== 0) return null;
  const [{ place: rows }, { place: columns }] = form.windows;
  const [insideRows, insideColumns] = [0, 1].map((spatial) => insideOf(kernel, form, spatial));
  if (insideRows == null || insideColumns == null) return null;
  if (lhs.guards.some(({ index }) => form.windows.every(({ place }) => index.coefficients[place] === 0))) return null;
  return { images: form.images, rows, columns, insideRows, insideColumns, inputs, outputs };
}

/** Which places [from, to) that the tiles see along a spatial axis the image has; null where guards are not of that kind. */
function insideOf(kernel: ContractKernel, { windows }: WinogradForm, spatial: number): readonly [number, number] | null {
  const { place, window } = windows[spatial]!;
  const lhs = kernel.accesses[kernel.lhs]!;
  let [from, to] = [0, kernel.axes[place]!.extent + 2];
  for (const { index, limit } of lhs.guards) {
    if (index.coefficients[place] === 0) continue;
    const isAlong = index.coefficients.every((c, axis) => c === (axis === place || axis === window ? 1 : 0));
    if (!isAlong) return null;
    from = Math.max(from, -index.constant);
    to = Math.min(to, limit - index.constant);
  }
  return from < to ? [from, to] : null;
}
