/** Gradients of 3x3 filters by minimal filtering in blocks of tiles that stay in the second cache: their schedule. */
import type { Access, ContractKernel, ReduceKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { extentOf } from "./arrange-axes.ts";
import { stepsConflict } from "./cache-conflict.ts";
import type { FilteredGradientSchedule } from "./contract-schedule.ts";
import { elementNanoseconds, filteredAxes } from "./filtered-blocks.ts";
import type { Binding } from "./pad-operand.ts";
import type { ScheduledContraction } from "./schedule.ts";
import { elementsOf, places, spread, tileExtent, TileMaps, tileReach, type TransformedArray } from "./tile-maps.ts";
import { balancedRows, chooseTile, cyclesPerStep } from "./tile-shape.ts";
import type { WinogradForm } from "./winograd-form.ts";

/** Transformed tiles in scratch memory, and the lines they are made of. Elements. */
interface Tiles {
  readonly lineElements: number;
  readonly tileStride: number;
  readonly planeStride: number;
}

/** Where the parts of a unit's scratch memory stand; elements, from the unit's first. Tiles of the image stand there. */
export interface GradientScratch {
  /** Tiles of a block. */
  readonly tiles: number;
  readonly image: Tiles;
  readonly cotangent: Tiles;
  readonly cotangentTiles: number;
  readonly lines: number;
  readonly elements: number;
}

type Shape = Pick<FilteredGradientSchedule, "tileRows" | "tileColumns" | "tile" | "panelsPerUnit" | "ranges">;

/** How a unit's scratch memory is laid out. */
export function gradientScratch(kernel: ContractKernel, schedule: Shape & { readonly inputs: number }, target: CpuTarget): GradientScratch {
  const { tileRows, tileColumns, panelsPerUnit, tile } = schedule;
  const tiles = tileRows * tileColumns;
  const tilesOf = (channels: number, size: number): Tiles => {
    const apart = (elements: number): number => elements + (stepsConflict(elements, target) ? 16 : 0);
    const tileStride = apart(Math.ceil(channels / 16) * 16);
    const lineElements = apart(Math.ceil((((tileColumns - 1) * tileExtent + size) * channels) / 16) * 16);
    return { lineElements, tileStride, planeStride: spread(tiles * tileStride) };
  };
  const image = tilesOf(kernel.axes[schedule.inputs]!.extent, tileReach);
  const cotangent = tilesOf(panelsPerUnit * tile.vectors * target.lanes, tileExtent);
  const cotangentTiles = places * image.planeStride;
  const lines = cotangentTiles + places * cotangent.planeStride;
  const lineElements = Math.max(tileReach * image.lineElements, tileExtent * cotangent.lineElements);
  return { tiles, image, cotangent, cotangentTiles, lines, elements: lines + lineElements };
}

/** The gradient of a filter that can be computed in blocks of tiles. */
export class FilteredGradient {
  readonly #bound: Binding;
  readonly #target: CpuTarget;
  readonly #form: WinogradForm;
  readonly #maps: TileMaps;
  readonly #plan: FilteredGradientSchedule;
  /** The transformed gradient. */
  readonly #product: TransformedArray;
  /** What it takes on one thread, about. */
  readonly nanoseconds: number;

  /** All plans for a kernel of full rank; none where the form does not allow it. */
  static all(bound: Binding, form: WinogradForm, target: CpuTarget): FilteredGradient[] {
    const { kernel } = bound;
    const axes = form.pass === "filter" ? filteredAxes(kernel, form, target) : null;
    if (axes === null) return [];
    const rhs = kernel.accesses[kernel.rhs]!;
    if (rhs.index.coefficients[axes.outputs] !== 1 || rhs.guards.length > 0) return [];
    const product = new TileMaps(bound, form, target).layout(-1, form.channels, form.columns);
    const { planeStride, rowStride } = product;
    const strides = { rangeStride: Math.ceil(elementsOf(product) / 16) * 16, planeStride, rowStride };
    const shared = { form: "filteredGradient", ...axes } as const;
    return [...shapesOf(kernel, form, shared, target)].map(
      (shape) => new FilteredGradient(bound, form, target, { ...shared, ...shape, ...strides }, product),
    );
  }

  private constructor(bound: Binding, form: WinogradForm, target: CpuTarget, plan: FilteredGradientSchedule, product: TransformedArray) {
    this.#bound = bound;
    this.#form = form;
    this.#target = target;
    this.#plan = plan;
    this.#product = product;
    this.#maps = new TileMaps(bound, form, target);
    this.nanoseconds = this.#cost();
  }

  /** Bytes of the temporaries that it takes. */
  get bytes(): number {
    const { ranges, rangeStride } = this.#plan;
    return 4 * (elementsOf(this.#product) + (ranges === 1 ? 0 : ranges * rangeStride));
  }

  /** Sums of ranges of tiles, their sum, and the transform back with the epilogue. */
  schedule(): ScheduledContraction {
    const { kernel, buffers } = this.#bound;
    const { ranges, rangeStride } = this.#plan;
    const [lhs, rhs] = [kernel.accesses[kernel.lhs]!, kernel.accesses[kernel.rhs]!];
    const sums = elementsOf(this.#product);
    const elements = ranges === 1 ? sums : ranges * rangeStride;
    const plain = (buffer: number, index: Access["index"]): Access => ({ buffer, index, guards: [], fill: 0, dynamic: [] });
    const partial: ContractKernel = {
      ...kernel,
      label: `${kernel.label}/products of tiles`,
      axes: kernel.axes.map((axis) => ({ ...axis, dynamic: false })),
      buffers: [
        { ...kernel.buffers[lhs.buffer]!, use: "read" },
        { ...kernel.buffers[rhs.buffer]!, use: "read" },
        { dtype: "float32", use: "write", elements },
      ],
      accesses: [{ ...lhs, buffer: 0 }, { ...rhs, buffer: 1 }, plain(2, { constant: 0, coefficients: kernel.axes.map(() => 0) })],
      scalars: [],
      lhs: 0,
      rhs: 1,
      epilogue: [{ op: "accumulator", index: 0, dtype: "float32" }],
      stores: [{ access: 2, value: 0 }],
      schedule: this.#plan,
    };
    const sources = [buffers[lhs.buffer]!, buffers[rhs.buffer]!];
    const results = this.#maps.results(this.#product);
    if (ranges === 1)
      return {
        kernels: [{ kernel: partial, buffers: [...sources, this.#product.id], scalars: [] }, results],
        temporaries: [{ dtype: "float32", elements }],
      };
    const combine: ReduceKernel = {
      kind: "reduce",
      label: `${kernel.label}/combine`,
      axes: [
        { extent: sums, role: "parallel", dynamic: false },
        { extent: ranges, role: "reduce", dynamic: false },
      ],
      buffers: [
        { dtype: "float32", use: "read", elements },
        { dtype: "float32", use: "write", elements: sums },
      ],
      accesses: [plain(0, { constant: 0, coefficients: [1, rangeStride] }), plain(1, { constant: 0, coefficients: [1, 0] })],
      scalars: [],
      expression: [{ op: "load", access: 0, dtype: "float32" }],
      reducers: [{ reducer: "sum", value: 0, dtype: "float32" }],
      epilogue: [{ op: "accumulator", index: 0, dtype: "float32" }],
      stores: [{ access: 1, value: 0 }],
    };
    return {
      kernels: [
        { kernel: partial, buffers: [...sources, -2], scalars: [] },
        { kernel: combine, buffers: [-2, this.#product.id], scalars: [] },
        results,
      ],
      temporaries: [
        { dtype: "float32", elements: sums },
        { dtype: "float32", elements },
      ],
    };
  }

  #cost(): number {
    const { kernel } = this.#bound;
    const { tile, tileRows, tileColumns, inputs, outputs, panelsPerUnit, rows, columns, ranges } = this.#plan;
    const { lanes, l2Bytes, fma } = this.#target;
    const [c, k] = [kernel.axes[inputs]!.extent, kernel.axes[outputs]!.extent];
    const tilesDown = Math.ceil(kernel.axes[rows]!.extent / tileExtent) * extentOf(kernel, this.#form.images);
    const blocks = Math.ceil(tilesDown / tileRows) * Math.ceil(Math.ceil(kernel.axes[columns]!.extent / tileExtent) / tileColumns);
    const tiles = tileRows * tileColumns;
    const width = tile.vectors * lanes;
    const groups = k / (panelsPerUnit * width);
    // Quarters of a nanosecond, a vector multiply-add each.
    const sizes = balancedRows(c, tile.rows);
    const step = sizes.reduce(
      (sum, [size, count]) => sum + count * Math.max(2 * cyclesPerStep(size, tile.vectors, fma), tile.vectors * size),
      0,
    );
    const starts = sizes.reduce((sum, [size, count]) => sum + count * (tileCycles + size * tile.vectors * 3), 0);
    const products = (places * (k / width) * (step * tiles + starts)) / 4;
    const scratch = gradientScratch(kernel, this.#plan, this.#target).elements * 4;
    const sums = (places * c * k * 4) / groups;
    const isKept = scratch <= l2Bytes * mostOfCache;
    const transforms = tiles * places * (Math.ceil(c / lanes) * lanes * groups + k) * elementNanoseconds(isKept, this.#target);
    const traffic = scratch + sums <= l2Bytes ? 0 : 2 * sums * groups * byteNanoseconds;
    // A range's sums are written once, read once.
    const apart = (ranges === 1 ? 0 : ranges * places * c * k * 8) * byteNanoseconds;
    return blocks * (products + transforms + traffic) + apart;
  }
}

/** Share of the second cache that a unit's scratch memory may take. */
const mostOfCache = 0.7;
/** What a register tile takes beside its steps, loads and stores, in quarters of a nanosecond. */
const tileCycles = 20;
/** Nanoseconds of a byte beyond the second cache, read or written. */
const byteNanoseconds = 0.04;
/** Units, about: enough that threads do not wait for one another, few enough that their sums stay small. */
const usualUnits = 16;
const fewestUnits = 8;
/** Most tiles of a block. */
const mostTiles = 128;

/** What blocks and units may be. */
function* shapesOf(
  kernel: ContractKernel,
  form: WinogradForm,
  { rows, columns, inputs, outputs }: Pick<FilteredGradientSchedule, "rows" | "columns" | "inputs" | "outputs">,
  target: CpuTarget,
): Generator<Shape> {
  const tilesAcross = Math.ceil(kernel.axes[columns]!.extent / tileExtent);
  const tilesDown = Math.ceil(kernel.axes[rows]!.extent / tileExtent) * extentOf(kernel, form.images);
  const vectors = kernel.axes[outputs]!.extent / target.lanes;
  const { rows: tileHeight, vectors: wide } = chooseTile(kernel.axes[inputs]!.extent, vectors, target);
  const tile = { rows: tileHeight, vectors: vectors % wide === 0 ? wide : 1 };
  const panels = vectors / tile.vectors;
  const blocks = [
    ...Array.from({ length: Math.min(tilesDown, mostTiles) }, (_, i) => [i + 1, tilesAcross] as const),
    ...[2, 3, 4, 6, 8].map((count) => [1, Math.ceil(tilesAcross / count)] as const),
  ];
  for (const [tileRows, tileColumns] of blocks) {
    if (tileRows * tileColumns > mostTiles && tileRows > 1) continue;
    const count = Math.ceil(tilesDown / tileRows) * Math.ceil(tilesAcross / tileColumns);
    for (let panelsPerUnit = panels; panelsPerUnit >= 1; panelsPerUnit--) {
      if (panels % panelsPerUnit !== 0) continue;
      const ranges = Math.max(1, Math.min(count, Math.ceil((usualUnits * panelsPerUnit) / panels)));
      if ((ranges * panels) / panelsPerUnit >= Math.min(fewestUnits, tilesDown * panels))
        yield { tileRows, tileColumns, tile, panelsPerUnit, ranges };
    }
  }
}
