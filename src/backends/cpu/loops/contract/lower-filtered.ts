/** Minimal filtering in blocks of tiles to loop IR: a unit is some rows of tiles, from the image to the epilogue. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, type Block, get, i32, loadPtr, loadVector, lt, min, mul, sub } from "../block.ts";
import { loadExtent } from "../expression.ts";
import { functionFrame } from "../function-frame.ts";
import type { Address, Expr, LoweredKernel, Variable } from "../ir.ts";
import { forUnits, grainOf } from "../unit-space.ts";
import type { FilteredSchedule } from "./contract-schedule.ts";
import { type FilteredScratch, filteredScratch } from "./filtered-blocks.ts";
import { TileEpilogue } from "./tile-epilogue.ts";
import { emitTileLoops, type Tile, zeroAccumulators } from "./tile-loops.ts";
import { places, range, tileExtent, tileReach } from "./tile-maps.ts";
import { arithmetic, rowsInImage, type TileRow, TileSource, tileRowAt } from "./tile-source.ts";
import { balancedRows, unrollOf } from "./tile-shape.ts";
import { imageLine, resultLine } from "./winograd-matrices.ts";

/** The code of a convolution that is scheduled as `schedule` says. */
export function lowerFiltered(kernel: ContractKernel, schedule: FilteredSchedule, target: CpuTarget): LoweredKernel {
  return new FilteredLowering(kernel, schedule, target).lower();
}

/** What a unit does: rows of tiles, or tiles of one row, and some panels of outputs. */
interface Unit {
  readonly number: Expr;
  readonly columnBlock: Expr | null;
  readonly panelGroup: Expr | null;
}

class FilteredLowering {
  readonly #kernel: ContractKernel;
  readonly #schedule: FilteredSchedule;
  readonly #target: CpuTarget;
  readonly #frame = functionFrame("filtered");
  readonly #scratch: FilteredScratch;
  readonly #buffers: readonly Expr[];
  readonly #epilogue: TileEpilogue;
  readonly #inputs: number;
  readonly #outputs: number;
  readonly #source: TileSource;
  /** Rows of tiles in all images, and the same as code reads it. */
  readonly #allRows: number;
  readonly #endOfRows: Expr;
  /** Parts of the scratch memory. */
  readonly #sums: Expr;
  readonly #image: Expr;
  readonly #products: Expr;
  readonly #epilogueBytes: number;

  constructor(kernel: ContractKernel, schedule: FilteredSchedule, target: CpuTarget) {
    this.#kernel = kernel;
    this.#schedule = schedule;
    this.#target = target;
    const extent = (axis: number): number => kernel.axes[axis]!.extent;
    this.#scratch = filteredScratch(kernel, schedule, target);
    this.#inputs = extent(schedule.inputs);
    this.#outputs = extent(schedule.outputs);
    this.#allRows = schedule.images.reduce((product, axis) => product * extent(axis), rowsInImage(kernel, schedule));
    const { body, parameters, scratch } = this.#frame;
    const [outermost] = schedule.images;
    this.#endOfRows =
      outermost !== undefined && kernel.axes[outermost]!.dynamic
        ? body.let(mul(loadExtent(kernel, parameters, outermost), i32(this.#allRows / extent(outermost))), "endOfRows")
        : i32(this.#allRows);
    this.#buffers = kernel.buffers.map((_, buffer) => body.let(loadPtr(parameters, buffer), `buffer${buffer}`));
    const { imageRow: tileStride, imagePlane: planeStride, line: lineElements } = this.#scratch;
    const shape = { ...schedule, side: "lhs", line: imageLine, channels: this.#inputs, lineElements, tileStride, planeStride } as const;
    this.#source = new TileSource(kernel, shape, this.#buffers[kernel.accesses[kernel.lhs]!.buffer]!, target);
    const axes = { rowAxis: schedule.columns, columnAxis: schedule.outputs, lanesAxis: schedule.outputs };
    this.#epilogue = new TileEpilogue(kernel, target, axes, parameters, this.#buffers);
    this.#epilogueBytes = Math.ceil(this.#epilogue.scratchBytes(tileExtent, this.#vectorsAtOnce) / 64) * 64;
    this.#sums = scratch;
    this.#image = body.let(advance(scratch, i32(this.#epilogueBytes), 1), "image");
    this.#products = body.let(advance(this.#image, i32(this.#scratch.products), 4), "products");
  }

  /** Into how many units a row of tiles is cut. */
  get #columnBlocks(): number {
    return Math.ceil(this.#kernel.axes[this.#schedule.columns]!.extent / tileExtent / this.#schedule.tileColumns);
  }

  lower(): LoweredKernel {
    const { body, from, to } = this.#frame;
    const { tileRows, panelsPerUnit, tile } = this.#schedule;
    const width = panelsPerUnit * tile.vectors * this.#target.lanes;
    const extents = [Math.ceil(this.#allRows / tileRows)];
    if (this.#columnBlocks > 1) extents.push(this.#columnBlocks);
    if (width < this.#outputs) extents.push(this.#outputs / width);
    forUnits(body, from, to, extents, (_, outer) => (inside, last) => {
      const found = [...outer, last!];
      const panelGroup = width < this.#outputs ? found.pop()! : null;
      this.#unit(inside, { number: found[0]!, columnBlock: found[1] ?? null, panelGroup });
    });
    const units = extents.reduce((product, extent) => product * extent, 1);
    const nanoseconds = (this.#scratch.tiles * places * this.#inputs * width) / (this.#target.lanes * 4);
    return {
      code: this.#frame.finish(),
      scratchBytes: this.#epilogueBytes + Math.ceil((this.#scratch.elements * 4) / 64) * 64,
      units,
      grain: grainOf(units, nanoseconds),
    };
  }

  #unit(block: Block, { number, columnBlock, panelGroup }: Unit): void {
    const { tileRows, tileColumns, panelsPerUnit, panelsPerPass } = this.#schedule;
    const first = block.let(mul(number, i32(tileRows)), "firstRow");
    const isWhole = tileRows === 1 || (this.#endOfRows.op === "const" && this.#allRows % tileRows === 0);
    const end = isWhole ? add(first, i32(tileRows)) : min(add(first, i32(tileRows)), this.#endOfRows);
    const last = block.let(end, "endRow");
    const firstTile = columnBlock === null ? i32(0) : block.let(mul(columnBlock, i32(tileColumns)), "firstTile");
    /** `build` gets each row of tiles, and the number of its first in the unit. */
    const eachRow = (body: Block, build: (inside: Block, at: TileRow, tile: Expr) => void): void =>
      body.for("tileRow", first, last, 1, (inside, row) => {
        const tile = inside.let(mul(sub(row, first), i32(tileColumns)), "tile");
        build(inside, tileRowAt(inside, this.#kernel, this.#schedule, row, firstTile), tile);
      });
    const firstPanel = panelGroup === null ? i32(0) : block.let(mul(panelGroup, i32(panelsPerUnit)), "firstPanel");
    eachRow(block, (inside, at, tile) => {
      const to = inside.let(advance(this.#image, tile, this.#scratch.imageRow * 4), "to");
      this.#source.load(inside, at, i32(0), this.#products, to);
    });
    const pass = (body: Block, panel: Expr): void => {
      this.#multiply(body, panel);
      eachRow(body, (inside, at, tile) => this.#results(inside, at, tile, panel));
    };
    if (panelsPerPass === panelsPerUnit) pass(block, firstPanel);
    else block.for("panel", firstPanel, add(firstPanel, i32(panelsPerUnit)), panelsPerPass, pass);
  }

  /** Products of all tiles of the unit, for the panels of a pass. */
  #multiply(block: Block, firstPanel: Expr): void {
    const { tile, panelsPerPass, planeStride } = this.#schedule;
    const { tiles, imageRow, imagePlane, productRow, productPlane } = this.#scratch;
    const { lanes } = this.#target;
    const width = tile.vectors * lanes;
    const panel = this.#inputs * width;
    const { buffer } = this.#kernel.accesses[this.#kernel.rhs]!;
    const filter = block.let(advance(this.#buffers[buffer]!, firstPanel, panel * 4), "filter");
    block.for("place", i32(0), i32(places), 1, (body, place) => {
      const left = body.let(advance(this.#image, place, imagePlane * 4), "planeLhs");
      const right = body.let(advance(filter, place, planeStride * 4), "planeRhs");
      const out = body.let(advance(this.#products, place, productPlane * 4), "planeOut");
      const panels = (inside: Block, number: Expr): void => {
        const rhs = inside.let(advance(right, number, panel * 4), "panelRhs");
        const to = inside.let(advance(out, number, width * 4), "panelOut");
        let start = 0;
        for (const [size, count] of balancedRows(tiles, tile.rows)) {
          const shape = this.#tile(size, imageRow);
          const rows = (each: Block, row: Expr): void => {
            const sums = zeroAccumulators(each, size, tile.vectors);
            const out = each.let(advance(to, row, productRow * 4), "tileOut");
            const at = (r: number, v: number): Address => address(out, (r * productRow + v * lanes) * 4);
            emitTileLoops(each, shape, each.let(advance(left, row, imageRow * 4), "tileLhs"), rhs, sums);
            sums.forEach((list, r) => list.forEach((sum, v) => each.store("f32", at(r, v), get(sum))));
          };
          const end = start + size * count;
          if (count === 1) rows(inside, i32(start));
          else inside.for("row", i32(start), i32(end), size, rows);
          start = end;
        }
      };
      if (panelsPerPass === 1) panels(body, i32(0));
      else body.for("panel", i32(0), i32(panelsPerPass), 1, panels);
    });
  }

  #tile(rows: number, imageRow: number): Tile {
    const { tile } = this.#schedule;
    const { lanes } = this.#target;
    return {
      form: "broadcast",
      rows,
      vectors: tile.vectors,
      lanes,
      lhsStorage: "f32",
      rhsStorage: "f32",
      rowStride: imageRow * 4,
      vectorStride: lanes * 4,
      lastCount: null,
      isPadded: true,
      loops: [{ extent: this.#inputs, lhsStep: 4, rhsStep: tile.vectors * lanes * 4 }],
      unroll: unrollOf(this.#target, { rows, vectors: tile.vectors }),
    };
  }

  /** Vectors of outputs whose results are transformed back together: they share what the epilogue does for a place. */
  get #vectorsAtOnce(): number {
    return this.#target.registers >= 32 && this.#schedule.tile.vectors % 2 === 0 ? 2 : 1;
  }

  /** Transforms a row of tiles back, and runs the epilogue. */
  #results(block: Block, at: TileRow, unitTile: Expr, panel: Expr): void {
    const { rows, columns, tile, panelsPerPass } = this.#schedule;
    const { productRow } = this.#scratch;
    const { lanes } = this.#target;
    const across = this.#kernel.axes[columns]!.extent;
    const down = this.#kernel.axes[rows]!.extent;
    const outputs = panelsPerPass * tile.vectors * lanes;
    const firstOutput = block.let(mul(panel, i32(tile.vectors * lanes)), "firstOutput");
    const row = block.let(mul(at.row, i32(tileExtent)), "row");
    const step = this.#vectorsAtOnce * lanes;
    const tiles = (body: Block, number: Expr, width: number): void => {
      const from = body.let(advance(this.#products, add(unitTile, number), productRow * 4), "from");
      const column = body.let(mul(add(at.firstTile, number), i32(tileExtent)), "column");
      const outputsOf = (inside: Block, output: Expr): void => {
        const results = this.#transformBack(inside, inside.let(advance(from, output, 4), "sums"), width);
        const channel = inside.let(add(firstOutput, output), "channel");
        const emit = (each: Block, line: number): void => {
          const position = (axis: number): Expr => {
            if (axis === rows) return add(row, i32(line));
            if (axis === columns) return column;
            return axis === this.#schedule.outputs ? channel : (at.images.get(axis) ?? i32(0));
          };
          const place = { rows: width, vectors: this.#vectorsAtOnce, lastCount: null, position, scratch: this.#sums };
          this.#epilogue.emit(each, results[line]!, place);
        };
        emit(inside, 0);
        if (down % tileExtent === 0) emit(inside, 1);
        else inside.if(lt(add(row, i32(1)), i32(down)), (each) => emit(each, 1));
      };
      if (outputs === step) outputsOf(body, i32(0));
      else body.for("output", i32(0), i32(outputs), step, outputsOf);
    };
    const { tileColumns } = this.#schedule;
    const full = Math.floor(across / tileExtent);
    const rest = across % tileExtent;
    if (this.#columnBlocks === 1) {
      block.for("tile", i32(0), i32(full), 1, (body, number) => tiles(body, number, tileExtent));
      if (rest > 0) tiles(block, i32(full), rest);
      return;
    }
    const end = block.let(min(i32(tileColumns), sub(i32(full), at.firstTile)), "endTile");
    block.for("tile", i32(0), end, 1, (body, number) => tiles(body, number, tileExtent));
    if (rest > 0) block.if(lt(end, i32(tileColumns)), (body) => tiles(body, end, rest));
  }

  /** The results of a tile, `[row][column][vector]`, of which `width` columns exist. */
  #transformBack(block: Block, from: Expr, width: number): Variable[][][] {
    const { productPlane } = this.#scratch;
    const { lanes, registers } = this.#target;
    const vectors = range(this.#vectorsAtOnce).map((vector) => {
      const columns = range(tileReach).map((column) => {
        const products = range(tileReach).map((row) => {
          const value = loadVector("f32", address(from, ((row * tileReach + column) * productPlane + vector * lanes) * 4));
          return registers >= 32 ? block.let(value, "m") : value;
        });
        return resultLine(arithmetic, products).map((value) => block.let(value, "t"));
      });
      return range(tileExtent).map((row) =>
        resultLine(
          arithmetic,
          columns.map((column) => column[row]!),
        )
          .slice(0, width)
          .map((value) => block.declare("result", value)),
      );
    });
    return range(tileExtent).map((row) => range(width).map((column) => vectors.map((vector) => vector[row]![column]!)));
  }
}
