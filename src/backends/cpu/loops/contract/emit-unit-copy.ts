/** Copying a unit's part of lhs into its scratch memory, zeros where the operand has no places. */
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, type Block, constant, i32, load, loadVector, ltU, mul } from "../block.ts";
import { elementBytes } from "../expression.ts";
import type { Expr, Storage } from "../ir.ts";
import { vectorLoop } from "../vector-loop.ts";
import { type UnitCopy, unitCopyBytes } from "./contract-schedule.ts";
import type { PaddedCoordinate } from "./pad-operand.ts";

/** Fills the memory at `destination` with the part of the unit at `positions` of the operand in `source`, as float32. */
export function emitUnitCopy(
  block: Block,
  copy: UnitCopy,
  positions: ReadonlyMap<number, Expr>,
  source: Expr,
  destination: Expr,
  storage: Storage,
  target: CpuTarget,
): void {
  const bytes = elementBytes[storage];
  const { layout, depth, count, moves } = copy;
  const { coordinates } = layout;
  /** First place of the part along a dimension. */
  const first = coordinates.map(({ low }, dimension) =>
    block.let(
      moves
        .filter((move) => move.dimension === dimension)
        .reduce<Expr>((sum, move) => add(sum, mul(positions.get(move.axis)!, i32(move.places))), i32(low)),
      "place",
    ),
  );

  const vectors = (
    body: Block,
    to: Expr,
    elements: number,
    value: (body: Block, index: Expr, copy: number, lanes: number | null) => Expr,
  ): void => {
    vectorLoop(body, { from: i32(0), to: i32(elements) }, target, { vector: true, unroll: 4 }, (inside, index, step) => {
      const at = inside.let(advance(to, index, 4), "to");
      for (let i = 0; i < step.copies; i++) {
        const lanes = step.vector ? ((step.count as number | undefined) ?? target.lanes) : null;
        inside.store("f32", address(at, i * target.lanes * 4), value(inside, index, i, lanes), step.vector ? step.count : undefined);
      }
    });
  };
  const zeros = (body: Block, to: Expr, elements: number): void => {
    if (elements > 0) vectors(body, to, elements, (_inside, _index, _copy, lanes) => constant(lanes === null ? "f32" : "f32v", 0));
  };
  const run = (body: Block, from: Expr, to: Expr, elements: number): void => {
    vectors(body, to, elements, (_inside, index, copy, lanes) => {
      const at = address(advance(from, index, bytes), copy * target.lanes * bytes);
      return lanes === null ? load(storage, at) : loadVector(storage, at, lanes === target.lanes ? undefined : lanes);
    });
  };
  /** Whether dimensions from `dimension` on lie without gaps in both, all of them inside the operand. */
  const isRun = (dimension: number): boolean =>
    coordinates.slice(dimension).every((c, i, rest) => {
      const inner = rest[i + 1];
      const joined = inner === undefined || (c.stride === inner.stride * inner.extent && c.step === inner.step * inner.extent);
      return joined && isInside(c);
    });

  /** Elements before the first places of dimensions from `dimension` on. */
  const before = (dimension: number): number => coordinates.slice(dimension).reduce((sum, { low, stride }) => sum + low * stride, 0);

  /** Copies dimensions from `dimension` on: `from` stands at place 0 of each, `to` at the part's first. */
  const fill = (body: Block, dimension: number, from: Expr, to: Expr): void => {
    const { stride, step, low, limit, extent } = coordinates[dimension]!;
    const isWhole = dimension > depth || (dimension === depth && !moves.some((move) => move.dimension === depth));
    if (isWhole && isRun(dimension)) {
      run(body, advance(from, i32(before(dimension)), bytes), to, extent * step);
      return;
    }
    const inner = (inside: Block, left: Expr, right: Expr): void => {
      if (dimension + 1 === coordinates.length) inside.store("f32", address(right), load(storage, address(left)));
      else fill(inside, dimension + 1, left, right);
    };
    if (isWhole) {
      // Zeros, what exists, zeros.
      const begin = limit === null ? 0 : Math.min(extent, Math.max(0, -low));
      const end = limit === null ? extent : Math.max(begin, Math.min(extent, limit - low));
      zeros(body, to, begin * step);
      const left = advance(from, i32((low + begin) * stride), bytes);
      const right = advance(to, i32(begin * step), 4);
      const next = coordinates[dimension + 1];
      const isJoined =
        next === undefined || (isRun(dimension + 1) && stride === next.stride * next.extent && step === next.step * next.extent);
      if (isJoined) run(body, advance(left, i32(before(dimension + 1)), bytes), right, (end - begin) * step);
      else
        body.for("place", i32(0), i32(end - begin), 1, (inside, index) =>
          inner(inside, inside.let(advance(left, index, stride * bytes), "from"), inside.let(advance(right, index, step * 4), "to")),
        );
      zeros(body, advance(to, i32(end * step), 4), (extent - end) * step);
      return;
    }
    const at = (block: Block, place: Expr, right: Expr, elements: number): void => {
      const go = (inside: Block): void => inner(inside, inside.let(advance(from, mul(place, i32(stride)), bytes), "from"), right);
      if (isInside(coordinates[dimension]!)) go(block);
      else block.if(ltU(place, i32(limit!)), go, (inside) => zeros(inside, right, elements));
    };
    if (dimension < depth) at(body, first[dimension]!, to, unitCopyBytes(copy) / 4);
    else
      body.for("place", i32(0), i32(count), 1, (inside, index) =>
        at(inside, inside.let(add(first[dimension]!, index), "place"), inside.let(advance(to, index, step * 4), "to"), step),
      );
  };
  const start = advance(source, i32(layout.constant), bytes);
  fill(block, 0, start, destination);
}

function isInside({ low, extent, limit }: PaddedCoordinate): boolean {
  return limit === null || (low >= 0 && low + extent <= limit);
}
