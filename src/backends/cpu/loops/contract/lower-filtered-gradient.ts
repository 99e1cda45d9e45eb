/** The gradient of a filter by minimal filtering in blocks of tiles to loop IR: a unit is a range of blocks. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, type Block, div, eq, get, i32, loadPtr, loadVector, min, mul, rem, sub } from "../block.ts";
import { functionFrame } from "../function-frame.ts";
import type { Address, Expr, LoweredKernel } from "../ir.ts";
import { forUnits, grainOf } from "../unit-space.ts";
import type { FilteredGradientSchedule } from "./contract-schedule.ts";
import { type GradientScratch, gradientScratch } from "./filtered-gradient.ts";
import { emitTileLoops, zeroAccumulators } from "./tile-loops.ts";
import { places, tileExtent } from "./tile-maps.ts";
import { rowsInImage, TileSource, type TileSourceShape, tileRowAt } from "./tile-source.ts";
import { balancedRows, unrollOf } from "./tile-shape.ts";
import { cotangentLine, imageLine } from "./winograd-matrices.ts";

/** The code of a gradient that is scheduled as `schedule` says. */
export function lowerFilteredGradient(kernel: ContractKernel, schedule: FilteredGradientSchedule, target: CpuTarget): LoweredKernel {
  return new FilteredGradientLowering(kernel, schedule, target).lower();
}

class FilteredGradientLowering {
  readonly #kernel: ContractKernel;
  readonly #schedule: FilteredGradientSchedule;
  readonly #target: CpuTarget;
  readonly #frame = functionFrame("filteredGradient");
  readonly #scratch: GradientScratch;
  readonly #inputs: number;
  /** Outputs of a unit, and of all. */
  readonly #width: number;
  readonly #outputs: number;
  /** Rows of tiles in all images, blocks of a row (1 where a block is whole rows), and blocks in all. */
  readonly #allRows: number;
  readonly #blocksInRow: number;
  readonly #blocks: number;
  readonly #image: TileSource;
  readonly #cotangent: TileSource;
  readonly #store: Expr;
  /** Parts of the scratch memory. */
  readonly #imageTiles: Expr;
  readonly #cotangentTiles: Expr;
  readonly #lines: Expr;

  constructor(kernel: ContractKernel, schedule: FilteredGradientSchedule, target: CpuTarget) {
    this.#kernel = kernel;
    this.#schedule = schedule;
    this.#target = target;
    const extent = (axis: number): number => kernel.axes[axis]!.extent;
    this.#scratch = gradientScratch(kernel, schedule, target);
    this.#inputs = extent(schedule.inputs);
    this.#outputs = extent(schedule.outputs);
    this.#width = schedule.panelsPerUnit * schedule.tile.vectors * target.lanes;
    this.#allRows = schedule.images.reduce((product, axis) => product * extent(axis), rowsInImage(kernel, schedule));
    this.#blocksInRow = Math.ceil(extent(schedule.columns) / tileExtent / schedule.tileColumns);
    this.#blocks = Math.ceil(this.#allRows / schedule.tileRows) * this.#blocksInRow;
    const { body, parameters, scratch } = this.#frame;
    const buffer = (access: number): Expr => body.let(loadPtr(parameters, kernel.accesses[access]!.buffer), "buffer");
    const [lhs, rhs] = [buffer(kernel.lhs), buffer(kernel.rhs)];
    this.#store = buffer(kernel.stores[0]!.access);
    const { image, cotangent } = this.#scratch;
    const shape: TileSourceShape = { ...schedule, side: "lhs", line: imageLine, channels: this.#inputs, ...image };
    this.#image = new TileSource(kernel, shape, lhs, target);
    const inside = { insideRows: [0, extent(schedule.rows)], insideColumns: [0, extent(schedule.columns)] } as const;
    const other: TileSourceShape = { ...shape, ...inside, side: "rhs", line: cotangentLine, channels: this.#width, ...cotangent };
    this.#cotangent = new TileSource(kernel, other, rhs, target);
    this.#imageTiles = scratch;
    this.#cotangentTiles = body.let(advance(scratch, i32(this.#scratch.cotangentTiles), 4), "cotangents");
    this.#lines = body.let(advance(scratch, i32(this.#scratch.lines), 4), "lines");
  }

  lower(): LoweredKernel {
    const { body, from, to } = this.#frame;
    const { ranges } = this.#schedule;
    const groups = this.#outputs / this.#width;
    const extents = groups === 1 ? [ranges] : [ranges, groups];
    forUnits(body, from, to, extents, (_, outer) => (inside, last) => {
      const [number, group] = groups === 1 ? [last!, i32(0)] : [outer[0]!, last!];
      this.#unit(inside, number, inside.let(mul(group, i32(this.#width)), "firstOutput"));
    });
    const units = ranges * groups;
    const tiles = this.#blocks * this.#scratch.tiles;
    const nanoseconds = (tiles * places * this.#inputs * this.#outputs) / units / (this.#target.lanes * 4);
    return {
      code: this.#frame.finish(),
      scratchBytes: Math.ceil((this.#scratch.elements * 4) / 64) * 64,
      units,
      grain: grainOf(units, nanoseconds),
    };
  }

  #unit(block: Block, number: Expr, firstOutput: Expr): void {
    const { ranges, rangeStride, tileRows, tileColumns } = this.#schedule;
    const bound = (range: Expr): Expr => block.let(div(mul(range, i32(this.#blocks)), i32(ranges)), "bound");
    const [first, last] = [bound(number), bound(add(number, i32(1)))];
    const offset = add(mul(number, i32(rangeStride)), firstOutput);
    const store = block.let(advance(this.#store, offset, 4), "store");
    block.for("block", first, last, 1, (body, at) => {
      const isRows = this.#blocksInRow === 1;
      const firstRow = body.let(isRows ? mul(at, i32(tileRows)) : div(at, i32(this.#blocksInRow)), "firstRow");
      const firstTile = isRows ? i32(0) : body.let(mul(rem(at, i32(this.#blocksInRow)), i32(tileColumns)), "firstTile");
      const isWhole = this.#allRows % tileRows === 0;
      const end = isWhole ? add(firstRow, i32(tileRows)) : min(add(firstRow, i32(tileRows)), i32(this.#allRows));
      const endRow = body.let(end, "endRow");
      body.for("tileRow", firstRow, endRow, 1, (inside, row) => {
        const tile = inside.let(mul(sub(row, firstRow), i32(tileColumns)), "tile");
        const place = tileRowAt(inside, this.#kernel, this.#schedule, row, firstTile);
        const to = (tiles: Expr, stride: number): Expr => inside.let(advance(tiles, tile, stride * 4), "to");
        const { image, cotangent } = this.#scratch;
        this.#image.load(inside, place, i32(0), this.#lines, to(this.#imageTiles, image.tileStride));
        this.#cotangent.load(inside, place, firstOutput, this.#lines, to(this.#cotangentTiles, cotangent.tileStride));
      });
      const tiles = isWhole ? this.#scratch.tiles : body.let(mul(sub(endRow, firstRow), i32(tileColumns)), "tiles");
      this.#multiply(body, tiles, store, body.let(eq(at, first), "isFirst"));
    });
  }

  /** Adds the products of a block's tiles to the sums at `store`, or puts them there. */
  #multiply(block: Block, tiles: number | Expr, store: Expr, isFirst: Expr): void {
    const { tile, planeStride, rowStride, panelsPerUnit } = this.#schedule;
    const { image, cotangent } = this.#scratch;
    const { lanes } = this.#target;
    const width = tile.vectors * lanes;
    block.for("place", i32(0), i32(places), 1, (body, place) => {
      const left = body.let(advance(this.#imageTiles, place, image.planeStride * 4), "planeLhs");
      const right = body.let(advance(this.#cotangentTiles, place, cotangent.planeStride * 4), "planeRhs");
      const plane = body.let(advance(store, place, planeStride * 4), "planeOut");
      const panel = (inside: Block, number: Expr): void => {
        const rhs = inside.let(advance(right, number, width * 4), "panelRhs");
        const out = inside.let(advance(plane, number, width * 4), "panelOut");
        let start = 0;
        for (const [size, count] of balancedRows(this.#inputs, tile.rows)) {
          const rows = (each: Block, input: Expr): void => {
            const sums = zeroAccumulators(each, size, tile.vectors);
            const to = each.let(advance(out, input, rowStride * 4), "tileOut");
            const at = (r: number, v: number): Address => address(to, (r * rowStride + v * lanes) * 4);
            each.if(eq(isFirst, i32(0)), (later) =>
              sums.forEach((list, r) => list.forEach((sum, v) => later.set(sum, loadVector("f32", at(r, v))))),
            );
            emitTileLoops(
              each,
              {
                form: "broadcast",
                rows: size,
                vectors: tile.vectors,
                lanes,
                lhsStorage: "f32",
                rhsStorage: "f32",
                rowStride: 4,
                vectorStride: lanes * 4,
                lastCount: null,
                isPadded: true,
                loops: [{ extent: tiles, lhsStep: image.tileStride * 4, rhsStep: cotangent.tileStride * 4 }],
                unroll: unrollOf(this.#target, { rows: size, vectors: tile.vectors }),
              },
              each.let(advance(left, input, 4), "tileLhs"),
              rhs,
              sums,
            );
            sums.forEach((list, r) => list.forEach((sum, v) => each.store("f32", at(r, v), get(sum))));
          };
          const end = start + size * count;
          if (count === 1) rows(inside, i32(start));
          else inside.for("input", i32(start), i32(end), size, rows);
          start = end;
        }
      };
      if (panelsPerUnit === 1) panel(body, i32(0));
      else body.for("panel", i32(0), i32(panelsPerUnit), 1, panel);
    });
  }
}
