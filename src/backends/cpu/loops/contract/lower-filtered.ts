/** Minimal filtering in blocks of tiles to loop IR: a unit is some rows of tiles, from the image to the epilogue. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import {
  add,
  address,
  advance,
  type Block,
  constant,
  div,
  get,
  i32,
  load,
  loadPtr,
  loadVector,
  lt,
  max,
  ltU,
  min,
  mul,
  neg,
  rem,
  sub,
} from "../block.ts";
import { elementBytes, loadExtent, storageOf } from "../expression.ts";
import { functionFrame } from "../function-frame.ts";
import type { Address, Expr, LoweredKernel, Variable } from "../ir.ts";
import { forUnits, grainOf } from "../unit-space.ts";
import { vectorLoop } from "../vector-loop.ts";
import type { FilteredSchedule } from "./contract-schedule.ts";
import { type FilteredScratch, filteredScratch } from "./filtered-blocks.ts";
import { TileEpilogue } from "./tile-epilogue.ts";
import { emitTileLoops, type Tile, zeroAccumulators } from "./tile-loops.ts";
import { places, range, tileExtent, tileReach } from "./tile-maps.ts";
import { balancedRows, unrollOf } from "./tile-shape.ts";
import { type Arithmetic, imageLine, resultLine } from "./winograd-matrices.ts";

/** The code of a convolution that is scheduled as `schedule` says. */
export function lowerFiltered(kernel: ContractKernel, schedule: FilteredSchedule, target: CpuTarget): LoweredKernel {
  return new FilteredLowering(kernel, schedule, target).lower();
}

/** Float operations on values or vectors, not yet bound to variables. */
const arithmetic: Arithmetic<Expr> = {
  add,
  subtract: sub,
  negative: neg,
  half: (x) => mul(x, constant(x.type, 0.5)),
};

/** Where a row of tiles stands: the position on each axis of images, its number in the image, and the number of its first tile in that. */
interface TileRow {
  readonly images: ReadonlyMap<number, Expr>;
  readonly row: Expr;
  readonly firstTile: Expr;
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
  /** Rows of tiles in one image, and in all; the latter as code reads it, too. */
  readonly #rowsInImage: number;
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
    this.#rowsInImage = Math.ceil(extent(schedule.rows) / tileExtent);
    this.#allRows = schedule.images.reduce((product, axis) => product * extent(axis), this.#rowsInImage);
    const { body, parameters, scratch } = this.#frame;
    const [outermost] = schedule.images;
    this.#endOfRows =
      outermost !== undefined && kernel.axes[outermost]!.dynamic
        ? body.let(mul(loadExtent(kernel, parameters, outermost), i32(this.#allRows / extent(outermost))), "endOfRows")
        : i32(this.#allRows);
    this.#buffers = kernel.buffers.map((_, buffer) => body.let(loadPtr(parameters, buffer), `buffer${buffer}`));
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
        build(inside, this.#tileRow(inside, row, firstTile), tile);
      });
    const firstPanel = panelGroup === null ? i32(0) : block.let(mul(panelGroup, i32(panelsPerUnit)), "firstPanel");
    eachRow(block, (inside, at, tile) => {
      this.#copyLines(inside, at);
      this.#transformImage(inside, tile);
    });
    const pass = (body: Block, panel: Expr): void => {
      this.#multiply(body, panel);
      eachRow(body, (inside, at, tile) => this.#results(inside, at, tile, panel));
    };
    if (panelsPerPass === panelsPerUnit) pass(block, firstPanel);
    else block.for("panel", firstPanel, add(firstPanel, i32(panelsPerUnit)), panelsPerPass, pass);
  }

  #tileRow(block: Block, number: Expr, firstTile: Expr): TileRow {
    const { images } = this.#schedule;
    if (images.length === 0) return { images: new Map(), row: number, firstTile };
    const row = block.let(rem(number, i32(this.#rowsInImage)), "row");
    let rest = block.let(div(number, i32(this.#rowsInImage)), "image");
    const found = new Map<number, Expr>();
    for (const [i, axis] of images.toReversed().entries()) {
      const { extent } = this.#kernel.axes[axis]!;
      const isOutermost = i === images.length - 1;
      found.set(axis, isOutermost ? rest : block.let(rem(rest, i32(extent)), "position"));
      if (!isOutermost) rest = block.let(div(rest, i32(extent)), "rest");
    }
    return { images: found, row, firstTile };
  }

  /** Copies the four lines of the image that a row of tiles sees, as float32 with zeros around, to where products will stand. */
  #copyLines(block: Block, { images, row, firstTile }: TileRow): void {
    const { insideRows, insideColumns, rows, columns, tileColumns } = this.#schedule;
    const inputs = this.#inputs;
    const { buffer, index } = this.#kernel.accesses[this.#kernel.lhs]!;
    const storage = storageOf[this.#kernel.buffers[buffer]!.dtype];
    const bytes = elementBytes[storage];
    const step = index.coefficients[columns]!;
    const { line: lineElements } = this.#scratch;
    const length = (tileColumns + 1) * tileExtent;
    const zeros = (body: Block, to: Expr, elements: number): void => {
      if (elements > 0) this.#fill(body, to, elements, (_inside, _at, lanes) => constant(lanes === null ? "f32" : "f32v", 0));
    };
    const run = (body: Block, from: Expr, to: Expr, elements: number): void =>
      this.#fill(body, to, elements, (_inside, at, lanes) => {
        const source = address(advance(from, at, bytes));
        return lanes === null ? load(storage, source) : loadVector(storage, source, lanes === this.#target.lanes ? undefined : lanes);
      });
    let start: Expr = i32(index.constant);
    for (const [axis, position] of images) start = add(start, mul(position, i32(index.coefficients[axis]!)));
    start = block.let(start, "start");
    // What of the line the image has, from the unit's first place on: the same for all units where each has whole rows.
    const place = mul(firstTile, i32(tileExtent));
    const bound = (at: number): Expr => block.let(min(max(sub(i32(at), place), i32(0)), i32(length)), "bound");
    const [begin, finish] = [bound(insideColumns[0]), bound(insideColumns[1])];
    const along = (body: Block, from: Expr, to: Expr, build: (inside: Block, column: Expr) => void): void =>
      body.for("column", from, to, 1, build);
    block.for("line", i32(0), i32(tileReach), 1, (body, number) => {
      const line = body.let(add(mul(row, i32(tileExtent)), number), "imageLine");
      const to = body.let(advance(this.#products, number, lineElements * 4), "to");
      const at = (inside: Block, column: Expr): Expr => inside.let(advance(to, column, inputs * 4), "at");
      const zerosAlong = (inside: Block, from: Expr, until: Expr): void => {
        if (from.op === "const" && until.op === "const") zeros(inside, advance(to, from, inputs * 4), (until.value - from.value) * inputs);
        else along(inside, from, until, (each, column) => zeros(each, at(each, column), inputs));
      };
      const copied = (inside: Block): void => {
        const offset = add(add(start, mul(line, i32(index.coefficients[rows]!))), mul(place, i32(step)));
        const from = inside.let(advance(this.#buffers[buffer]!, offset, bytes), "from");
        zerosAlong(inside, i32(0), begin);
        if (step === inputs && begin.op === "const" && finish.op === "const")
          run(inside, advance(from, begin, step * bytes), at(inside, begin), (finish.value - begin.value) * inputs);
        else
          along(inside, begin, finish, (each, column) =>
            run(each, each.let(advance(from, column, step * bytes), "from"), at(each, column), inputs),
          );
        zerosAlong(inside, finish, i32(length));
      };
      if (insideRows[0] === 0 && insideRows[1] >= (this.#rowsInImage + 1) * tileExtent) copied(body);
      else
        body.if(ltU(sub(line, i32(insideRows[0])), i32(insideRows[1] - insideRows[0])), copied, (inside) =>
          zeros(inside, to, length * inputs),
        );
    });
  }

  /** Stores `value` at `elements` places; `at`: the index of the first lane, `lanes`: how many (null: a scalar). */
  #fill(block: Block, to: Expr, elements: number, value: (block: Block, at: Expr, lanes: number | null) => Expr): void {
    const { lanes } = this.#target;
    vectorLoop(block, { from: i32(0), to: i32(elements) }, this.#target, { vector: true, unroll: 4 }, (body, index, step) => {
      for (let copy = 0; copy < step.copies; copy++) {
        const count = step.vector ? ((step.count as number | undefined) ?? lanes) : null;
        const at = add(index, i32(copy * lanes));
        body.store("f32", address(advance(to, index, 4), copy * lanes * 4), value(body, at, count), step.vector ? step.count : undefined);
      }
    });
  }

  /** Transforms a row of tiles from the copied lines. */
  #transformImage(block: Block, firstTile: Expr): void {
    const { line, imageRow, imagePlane } = this.#scratch;
    const inputs = this.#inputs;
    const isBound = this.#target.registers >= 32;
    block.for("tile", i32(0), i32(this.#schedule.tileColumns), 1, (body, tile) => {
      const from = body.let(advance(this.#products, tile, tileExtent * inputs * 4), "from");
      const to = body.let(advance(this.#image, add(firstTile, tile), imageRow * 4), "to");
      vectorLoop(body, { from: i32(0), to: i32(inputs) }, this.#target, { vector: true, unroll: 1 }, (inside, index, { vector, count }) => {
        const left = inside.let(advance(from, index, 4), "left");
        const right = inside.let(advance(to, index, 4), "right");
        const values = range(tileReach).map((row) =>
          range(tileReach).map((column) => {
            const at = address(left, (row * line + column * inputs) * 4);
            const value = vector ? loadVector("f32", at, count) : load("f32", at);
            return isBound ? inside.let(value, "d") : value;
          }),
        );
        const columns = range(tileReach).map((column) =>
          imageLine(
            arithmetic,
            values.map((line) => line[column]!),
          ),
        );
        range(tileReach).forEach((row) => {
          const once = columns.map((column) => inside.let(column[row]!, "t"));
          imageLine(arithmetic, once).forEach((value, column) => {
            inside.store("f32", address(right, (row * tileReach + column) * imagePlane * 4), value, count);
          });
        });
      });
    });
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
