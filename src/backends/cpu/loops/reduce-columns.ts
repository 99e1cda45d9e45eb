/** Reduce kernels by columns: vectors along a kept axis, each lane a result of its own. */
import type { Point } from "./addressing.ts";
import { forSegments, type Interval } from "./addressing.ts";
import { rareKernels } from "./parts.ts";
import type { Block } from "./block.ts";
import { add, i32, min, splat } from "./block.ts";
import type { Conditions } from "./conditions.ts";
import { guardKey } from "./conditions.ts";
import { bodyWeight, elementNanoseconds } from "./cost.ts";
import { affineValue, axesOf, Evaluator, hasAxis, type Surroundings } from "./expression.ts";
import { hoist, hoistVectors } from "./hoist.ts";
import type { Expr, LoweredKernel } from "./ir.ts";
import { type Accumulator, isPositional, startAccumulator } from "./reducers.ts";
import { blockBounds, forUnits, grainOf } from "./unit-space.ts";
import { type Step, vectorLoop } from "./vector-loop.ts";
import { keptSet } from "./reduce-form.ts";
import { blockLength, type Found, nothingFound, range, ReduceLowering } from "./reduce-lowering.ts";

/** Lowers the form `columns`. */
export class ColumnReduction extends ReduceLowering {
  /** Vectors along kept axis `axis`: each lane is a result of its own. */
  columns(axis: number): LoweredKernel {
    const { kernel, target, frame, analysis } = this;
    const { extent, dynamic } = kernel.axes[axis]!;
    const elementTime = elementNanoseconds(analysis, axis, [], true, target.lanes);
    const points = this.reducedPoints();
    const heavy = bodyWeight(analysis, axis) > 24;
    const states = this.reductions.reduce((sum, { reducer }) => sum + (isPositional(reducer) ? 2 : 1), 0);
    const isBlockedSum = this.needsBlocks(points);
    const most = heavy ? 1 : target.registers / 2 / (states * (isBlockedSum ? 2 : 1));
    const copies = [8, 4, 2].find((count) => count <= most && (dynamic || count * target.lanes <= extent)) ?? 1;
    // Columns of a unit: enough work, and never narrower than the unrolled vectors.
    let columns = copies * target.lanes;
    while (columns < 64 || (columns * points * elementTime < 20000 && columns < 4096)) columns *= 2;
    const isBlocked = dynamic || extent > columns;
    const others = range(0, this.kept).filter((other) => other !== axis);
    const dimensions: (number | "blocks")[] = !isBlocked ? others : dynamic ? ["blocks", ...others] : [...others, "blocks"];
    const extents = dimensions.map((dimension) => (dimension === "blocks" ? Math.ceil(extent / columns) : kernel.axes[dimension]!.extent));
    const units = extent === 0 ? 0 : extents.reduce((product, size) => product * size, 1);

    const outermost = this.enter(frame.body, this.origin, nothingFound(kernel), axis);
    forUnits(frame.body, frame.from, frame.to, extents, (outer, positions) => {
      const entered = dimensions
        .slice(0, positions.length)
        .flatMap((dimension, i) => (dimension === "blocks" ? [] : [[dimension, positions[i]!] as const]));
      const outerPoint = this.origin.enter(outer, entered);
      const outside = this.enter(outer, outerPoint, outermost, axis);
      const blocksAt = dimensions.indexOf("blocks");
      return (inner, last) => {
        const lastDimension = dimensions.at(-1);
        const isAxis = typeof lastDimension === "number";
        const point = isAxis ? outerPoint.enter(inner, [[lastDimension, last!]]) : outerPoint;
        const found = isAxis ? this.enter(inner, point, outside, axis) : outside;
        const bounds = isBlocked
          ? blockBounds(inner, blocksAt < positions.length ? positions[blocksAt]! : last!, columns, this.extents[axis]!)
          : { from: i32(0), to: this.extents[axis]! };
        this.columnRange(inner, axis, point, found, bounds, copies, isBlockedSum);
      };
    });
    const width = Math.min(extent, isBlocked ? columns : extent);
    return { code: frame.finish(), scratchBytes: 0, units, grain: grainOf(units, elementTime * width * this.actualPoints() + 20) };
  }

  /** All columns of `range`: pieces in which guards along the columns do not change; where windows leave them, scalars. */
  columnRange(block: Block, axis: number, point: Point, found: Found, bounds: Interval, copies: number, isBlockedSum: boolean): void {
    const reduced = ~keptSet(this.kernel);
    const all = [
      ...this.guards,
      ...this.epilogueGuards.filter((guard) => !this.guards.some((other) => guardKey(other) === guardKey(guard))),
    ];
    const along = all.filter((guard) => hasAxis(axesOf(guard.index), axis));
    const pure = along.filter((guard) => (axesOf(guard.index) & reduced) === 0);
    const mixed = along.filter((guard) => (axesOf(guard.index) & reduced) !== 0);
    const strips = (inside: Block, piece: Interval, decided: Found, vector: boolean): void => {
      vectorLoop(inside, piece, this.target, { vector, unroll: vector ? copies : 1 }, (body, index, step) =>
        this.strip(body, axis, point, decided, index, step, isBlockedSum),
      );
    };
    forSegments(block, point, axis, bounds, pure, (segment, piece, holds) => {
      const decided: Found = { ...found, conditions: found.conditions.with(pure.map((guard, i) => [guardKey(guard), holds[i]!] as const)) };
      if (mixed.length === 0) {
        strips(segment, piece, decided, true);
        return;
      }
      // The columns that no window position takes out of bounds.
      const clear = rareKernels.get().clearRange(segment, this.kernel, mixed, axis, point, piece);
      strips(segment, { from: piece.from, to: clear.from }, decided, false);
      strips(segment, clear, { ...decided, conditions: decided.conditions.holding(mixed) }, true);
      strips(segment, { from: clear.to, to: piece.to }, decided, false);
    });
  }

  /** Some vectors of columns (or one scalar column): reduce, then epilogue. */
  strip(block: Block, axis: number, before: Point, found: Found, index: Expr, step: Step, isBlockedSum: boolean): void {
    const { lanes } = this.target;
    const vectorAxis = step.vector ? axis : null;
    const point = before.enter(block, [[axis, index]]);
    const copies = range(0, step.copies);
    const around = (at: Point, conditions: Conditions): Surroundings => ({
      ...this.scalarAround(at, conditions),
      vectorAxis,
      ...(step.count === undefined ? {} : { count: step.count }),
    });
    const conditions = step.vector ? found.conditions : found.conditions.enter(block, this.guards, point);
    const perCopy: Found = {
      conditions,
      known: copies.map((copy) => {
        const at = point.shifted(axis, copy * lanes);
        const known = found.known[0]!;
        return step.vector
          ? hoistVectors(block, this.analysis, this.roots, at, known, around(at, conditions))
          : hoist(block, this.analysis, this.roots, at, known, null, around(at, conditions));
      }),
    };
    const start = (): Accumulator[][] =>
      copies.map(() => this.reductions.map((reduction) => startAccumulator(block, reduction, step.vector)));
    const accumulators = start();
    const reduceAxes = this.reduceOrder();
    const budget = 32 / (step.copies * Math.max(1, bodyWeight(this.analysis, axis)));
    const positionOf = this.positionAffine();
    const body = (inside: Block, at: Point, here: Found): void => {
      const position = (): Expr => {
        const scalar = affineValue(positionOf, (other) => at.position(other));
        return step.vector ? splat(scalar) : scalar;
      };
      for (const copy of copies) {
        const place = at.shifted(axis, copy * lanes);
        const known = here.known[copy]!;
        const evaluator = new Evaluator(this.analysis, around(place, here.conditions), known.values, known.splats);
        this.take(inside, evaluator, accumulators[copy]!, step, position);
      }
    };
    let results = accumulators;
    if (isBlockedSum) {
      const totals = start();
      results = totals;
      this.inBlocks(block, reduceAxes, point, perCopy, vectorAxis, budget, body, (inside) => {
        for (const copy of copies) this.flush(inside, totals[copy]!, accumulators[copy]!);
      });
    } else this.nest(block, reduceAxes, point, perCopy, vectorAxis, budget, body);
    for (const copy of copies) this.finish(block, point.shifted(axis, copy * lanes), step, conditions, results[copy]!);
  }

  /** As `nest`, with the first axis cut into blocks of at most `blockLength` points; `flush` runs after each. */
  inBlocks(
    block: Block,
    axes: readonly number[],
    point: Point,
    found: Found,
    vectorAxis: number | null,
    budget: number,
    body: (block: Block, point: Point, found: Found) => void,
    flush: (block: Block) => void,
  ): void {
    const [axis, ...rest] = axes as [number, ...number[]];
    const inner = rest.reduce((product, other) => product * this.kernel.axes[other]!.extent, 1);
    const length = Math.max(1, Math.floor(blockLength / Math.max(1, inner)));
    const { range: whole, held } = this.rangeOf(block, axis, point, { from: i32(0), to: this.extents[axis]! });
    const conditions = found.conditions.holding(held);
    block.for("block", whole.from, whole.to, length, (outer, start) => {
      const end = outer.let(min(add(start, i32(length)), whole.to), "end");
      outer.for(`r${axis}`, start, end, 1, (inside, index) => {
        const here = point.enter(inside, [[axis, index]]);
        this.nest(inside, rest, here, this.enter(inside, here, { ...found, conditions }, vectorAxis), vectorAxis, budget, body);
      });
      flush(outer);
    });
  }
}
