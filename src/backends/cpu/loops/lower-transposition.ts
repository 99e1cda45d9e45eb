/** Maps that copy from one order of axes to another: blocks of as many rows as a vector has lanes, through registers. */
import type { Access, MapKernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { add, address, advance, type Block, i32, le, load, loadPtr, loadVector, min, mul, shuffle } from "./block.ts";
import { coefficient } from "./expression.ts";
import { functionFrame } from "./function-frame.ts";
import type { Expr, LoweredKernel, ShuffleOp } from "./ir.ts";
import type { Transposition } from "./transposition.ts";
import { forUnits, grainOf } from "./unit-space.ts";

/** Blocks that a unit copies, one after another along the source. */
const blocksOfUnit = 8;
/** What an element costs: with vectors of 16 lanes, where the source comes out of the second cache, and with fewer. */
const nanosecondsOf = (lanes: number): number => (lanes >= 16 ? 0.2 : 0.4);

/** Lowers a transposition; see `transpositionOf`. */
export function lowerTransposition(kernel: MapKernel, { along, across }: Transposition, target: CpuTarget): LoweredKernel {
  const { axes } = kernel;
  const { lanes } = target;
  const [from, to] = [loadOf(kernel), kernel.accesses[kernel.stores[0]!.access]!];
  const frame = functionFrame("transpose");
  const { body } = frame;
  const source = body.let(advance(loadPtr(frame.parameters, from.buffer), i32(from.index.constant), 4), "source");
  const result = body.let(advance(loadPtr(frame.parameters, to.buffer), i32(to.index.constant), 4), "result");
  const others = [...axes.keys()].filter((axis) => axis !== along && axis !== across);
  // Only the first extent may be unknown.
  others.sort((a, b) => Number(axes[b]!.dynamic) - Number(axes[a]!.dynamic));
  const length = lanes * blocksOfUnit;
  const extents = [
    ...others.map((axis) => axes[axis]!.extent),
    Math.ceil(axes[across]!.extent / lanes),
    Math.ceil(axes[along]!.extent / length),
  ];
  forUnits(body, frame.from, frame.to, extents, (outer, positions) => {
    const rowBlock = outer.let(mul(positions.at(-1)!, i32(lanes)), "row");
    const at = (access: Access): Expr =>
      others.reduce<Expr>((sum, axis, i) => add(sum, mul(positions[i]!, i32(coefficient(access.index, axis)))), i32(0));
    const pointer = (base: Expr, access: Access): Expr =>
      outer.let(advance(base, add(at(access), mul(rowBlock, i32(coefficient(access.index, across)))), 4), "at");
    const [left, right] = [pointer(source, from), pointer(result, to)];
    return (inner, unit) => {
      const start = inner.let(mul(unit!, i32(length)), "start");
      const end = inner.let(min(add(start, i32(length)), i32(axes[along]!.extent)), "end");
      const steps = {
        fromRow: coefficient(from.index, across) * 4,
        toColumn: coefficient(to.index, along) * 4,
      };
      const copyOne = (block: Block, row: Expr, column: Expr): void => {
        const value = load("f32", address(advance(advance(left, row, steps.fromRow), column, 4)));
        block.store("f32", address(advance(advance(right, column, steps.toColumn), row, 4)), value);
      };
      const singly = (block: Block, first: Expr, rows: Expr): void =>
        block.for("column", first, end, 1, (columns, column) =>
          columns.for("row", i32(0), rows, 1, (inside, row) => copyOne(inside, row, column)),
        );
      const whole = (block: Block): void => {
        const rest = axes[along]!.extent % lanes;
        const full = rest === 0 ? end : block.let(min(end, i32(axes[along]!.extent - rest)), "full");
        block.for("column", start, full, lanes, (inside, column) =>
          transposeBlock(
            inside,
            inside.let(advance(left, column, 4), "from"),
            inside.let(advance(right, column, steps.toColumn), "to"),
            lanes,
            steps,
          ),
        );
        if (rest > 0) singly(block, full, i32(lanes));
      };
      const rows = axes[across]!.extent;
      if (rows % lanes === 0) whole(inner);
      else inner.if(le(add(rowBlock, i32(lanes)), i32(rows)), whole, (block) => singly(block, start, i32(rows % lanes)));
    };
  });
  const units = extents.reduce((product, extent) => product * extent, 1);
  const perUnit = nanosecondsOf(lanes) * lanes * Math.min(length, axes[along]!.extent);
  return { code: frame.finish(), scratchBytes: 0, units, grain: grainOf(units, perUnit) };
}

function loadOf(kernel: MapKernel): Access {
  const [entry] = kernel.expression;
  return kernel.accesses[entry!.op === "load" ? entry!.access : 0]!;
}

/** Reads `lanes` rows of as many elements and stores their columns. Steps are bytes. */
function transposeBlock(
  block: Block,
  from: Expr,
  to: Expr,
  lanes: number,
  { fromRow, toColumn }: { readonly fromRow: number; readonly toColumn: number },
): void {
  const pair = (f: ShuffleOp, x: Expr, y: Expr): Expr => block.let(shuffle(f, x, y), f);
  // Four rows each: within blocks of four lanes rows become columns.
  const quads = Array.from({ length: lanes / 4 }, (_, quad) => {
    const [a, b, c, d] = [0, 1, 2, 3].map((row) => block.let(loadVector("f32", address(from, (4 * quad + row) * fromRow)), "row"));
    const [first, second] = [pair("firstPairs", a!, b!), pair("firstPairs", c!, d!)];
    const [third, fourth] = [pair("lastPairs", a!, b!), pair("lastPairs", c!, d!)];
    return [
      pair("firstHalves", first, second),
      pair("lastHalves", first, second),
      pair("firstHalves", third, fourth),
      pair("lastHalves", third, fourth),
    ];
  });
  // Then blocks change places with quads of rows.
  for (let column = 0; column < 4; column++) {
    const columns = exchange(quads.map((quad) => quad[column]!));
    columns.forEach((value, number) => block.store("f32", address(to, (4 * number + column) * toColumn), value));
  }

  /** Vector number i of the result: block number i of every vector. */
  function exchange(vectors: readonly Expr[]): readonly Expr[] {
    if (vectors.length === 1) return vectors;
    const even: Expr[] = [];
    const odd: Expr[] = [];
    for (let i = 0; i < vectors.length; i += 2) {
      even.push(pair("evenBlocks", vectors[i]!, vectors[i + 1]!));
      odd.push(pair("oddBlocks", vectors[i]!, vectors[i + 1]!));
    }
    const [evens, odds] = [exchange(even), exchange(odd)];
    return evens.flatMap((value, i) => [value, odds[i]!]);
  }
}
