/** What units of minimal filtering read: tiles of an image or of cotangents, transformed into scratch memory. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, type Block, constant, div, i32, load, loadVector, ltU, max, min, mul, neg, rem, sub } from "../block.ts";
import { elementBytes, storageOf } from "../expression.ts";
import type { Expr } from "../ir.ts";
import { vectorLoop } from "../vector-loop.ts";
import { range, tileExtent, tileReach } from "./tile-maps.ts";
import { type Arithmetic, imageLine, type LineTransform } from "./winograd-matrices.ts";

/** Float operations on values or vectors, not yet bound to variables. */
export const arithmetic: Arithmetic<Expr> = {
  add,
  subtract: sub,
  negative: neg,
  half: (x) => mul(x, constant(x.type, 0.5)),
};

/** Axes of the tiles; positions in the kernel. */
export interface TileAxes {
  readonly images: readonly number[];
  /** Axes of the places of results. */
  readonly rows: number;
  readonly columns: number;
}

/** Where a row of tiles stands: the position on each axis of images, its number in the image, and the number of its first tile in that. */
export interface TileRow {
  readonly images: ReadonlyMap<number, Expr>;
  readonly row: Expr;
  readonly firstTile: Expr;
}

/** Rows of tiles in one image. */
export function rowsInImage(kernel: ContractKernel, { rows }: TileAxes): number {
  return Math.ceil(kernel.axes[rows]!.extent / tileExtent);
}

/** Where row `number` of all images stands. */
export function tileRowAt(block: Block, kernel: ContractKernel, axes: TileAxes, number: Expr, firstTile: Expr): TileRow {
  if (axes.images.length === 0) return { images: new Map(), row: number, firstTile };
  const count = i32(rowsInImage(kernel, axes));
  const row = block.let(rem(number, count), "row");
  let rest = block.let(div(number, count), "image");
  const found = new Map<number, Expr>();
  for (const [i, axis] of axes.images.toReversed().entries()) {
    const { extent } = kernel.axes[axis]!;
    const isOutermost = i === axes.images.length - 1;
    found.set(axis, isOutermost ? rest : block.let(rem(rest, i32(extent)), "position"));
    if (!isOutermost) rest = block.let(div(rest, i32(extent)), "rest");
  }
  return { images: found, row, firstTile };
}

/** An operand that is read by tiles, and how it lies in scratch memory. Strides are elements. */
export interface TileSourceShape extends TileAxes {
  readonly side: "lhs" | "rhs";
  /** `imageLine`: tiles of four values that overlap; `cotangentLine`: of two that do not. */
  readonly line: LineTransform;
  /** Which places [from, to) that tiles reach there are; zeros stand elsewhere. */
  readonly insideRows: readonly [from: number, to: number];
  readonly insideColumns: readonly [from: number, to: number];
  /** How many channels are read; they are contiguous. */
  readonly channels: number;
  readonly tileColumns: number;
  /** Elements of a line of places, copied with zeros around. */
  readonly lineElements: number;
  /** Transformed: from one tile to the next, from one place of a tile to the next. */
  readonly tileStride: number;
  readonly planeStride: number;
}

/** Copies and transforms rows of tiles. */
export class TileSource {
  readonly #kernel: ContractKernel;
  readonly #shape: TileSourceShape;
  readonly #target: CpuTarget;
  readonly #source: Expr;
  /** Values of a tile along an axis. */
  readonly #size: number;

  /** `source`: the operand's buffer. */
  constructor(kernel: ContractKernel, shape: TileSourceShape, source: Expr, target: CpuTarget) {
    this.#kernel = kernel;
    this.#shape = shape;
    this.#source = source;
    this.#target = target;
    this.#size = shape.line === imageLine ? tileReach : tileExtent;
  }

  /** Writes a row of tiles, of channels from `channel` on, to `to`; `lines`: memory for the lines of places that it sees. */
  load(block: Block, at: TileRow, channel: Expr, lines: Expr, to: Expr): void {
    this.#copy(block, at, channel, lines);
    this.#transform(block, lines, to);
  }

  /** Copies the lines that a row of tiles sees, as float32 with zeros around. */
  #copy(block: Block, { images, row, firstTile }: TileRow, channel: Expr, lines: Expr): void {
    const { side, insideRows, insideColumns, rows, columns, channels, tileColumns, lineElements } = this.#shape;
    const { buffer, index } = this.#kernel.accesses[this.#kernel[side]]!;
    const storage = storageOf[this.#kernel.buffers[buffer]!.dtype];
    const bytes = elementBytes[storage];
    const step = index.coefficients[columns]!;
    const length = (tileColumns - 1) * tileExtent + this.#size;
    const zeros = (body: Block, to: Expr, elements: number): void => {
      if (elements > 0) this.#fill(body, to, elements, (_inside, _at, lanes) => constant(lanes === null ? "f32" : "f32v", 0));
    };
    const run = (body: Block, from: Expr, to: Expr, elements: number): void =>
      this.#fill(body, to, elements, (_inside, at, lanes) => {
        const source = address(advance(from, at, bytes));
        return lanes === null ? load(storage, source) : loadVector(storage, source, lanes === this.#target.lanes ? undefined : lanes);
      });
    let start: Expr = add(channel, i32(index.constant));
    for (const [axis, position] of images) start = add(start, mul(position, i32(index.coefficients[axis]!)));
    start = block.let(start, "start");
    // What of the line there is, from the unit's first place on: the same for all units where each has whole rows.
    const place = mul(firstTile, i32(tileExtent));
    const bound = (at: number): Expr => block.let(min(max(sub(i32(at), place), i32(0)), i32(length)), "bound");
    const [begin, finish] = [bound(insideColumns[0]), bound(insideColumns[1])];
    block.for("line", i32(0), i32(this.#size), 1, (body, number) => {
      const line = body.let(add(mul(row, i32(tileExtent)), number), "imageLine");
      const to = body.let(advance(lines, number, lineElements * 4), "to");
      const at = (inside: Block, column: Expr): Expr => inside.let(advance(to, column, channels * 4), "at");
      const zerosAlong = (inside: Block, from: Expr, until: Expr): void => {
        if (from.op === "const" && until.op === "const") zeros(inside, at(inside, from), (until.value - from.value) * channels);
        else inside.for("column", from, until, 1, (each, column) => zeros(each, at(each, column), channels));
      };
      const copied = (inside: Block): void => {
        const offset = add(add(start, mul(line, i32(index.coefficients[rows]!))), mul(place, i32(step)));
        const from = inside.let(advance(this.#source, offset, bytes), "from");
        zerosAlong(inside, i32(0), begin);
        if (step === channels && begin.op === "const" && finish.op === "const")
          run(inside, advance(from, begin, step * bytes), at(inside, begin), (finish.value - begin.value) * channels);
        else
          inside.for("column", begin, finish, 1, (each, column) =>
            run(each, each.let(advance(from, column, step * bytes), "from"), at(each, column), channels),
          );
        zerosAlong(inside, finish, i32(length));
      };
      const reach = (rowsInImage(this.#kernel, this.#shape) - 1) * tileExtent + this.#size;
      if (insideRows[0] === 0 && insideRows[1] >= reach) copied(body);
      else
        body.if(ltU(sub(line, i32(insideRows[0])), i32(insideRows[1] - insideRows[0])), copied, (inside) =>
          zeros(inside, to, length * channels),
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
  #transform(block: Block, lines: Expr, to: Expr): void {
    const { channels, tileColumns, lineElements, tileStride, planeStride, line } = this.#shape;
    const isBound = this.#target.registers >= 32;
    block.for("tile", i32(0), i32(tileColumns), 1, (body, tile) => {
      const from = body.let(advance(lines, tile, tileExtent * channels * 4), "from");
      const first = body.let(advance(to, tile, tileStride * 4), "to");
      vectorLoop(
        body,
        { from: i32(0), to: i32(channels) },
        this.#target,
        { vector: true, unroll: 1 },
        (inside, index, { vector, count }) => {
          const left = inside.let(advance(from, index, 4), "left");
          const right = inside.let(advance(first, index, 4), "right");
          const values = range(this.#size).map((row) =>
            range(this.#size).map((column) => {
              const at = address(left, (row * lineElements + column * channels) * 4);
              const value = vector ? loadVector("f32", at, count) : load("f32", at);
              return isBound ? inside.let(value, "d") : value;
            }),
          );
          const columns = range(this.#size).map((column) =>
            line(
              arithmetic,
              values.map((list) => list[column]!),
            ),
          );
          range(tileReach).forEach((row) => {
            const once = columns.map((column) => inside.let(column[row]!, "t"));
            line(arithmetic, once).forEach((value, column) => {
              inside.store("f32", address(right, (row * tileReach + column) * planeStride * 4), value, count);
            });
          });
        },
      );
    });
  }
}
