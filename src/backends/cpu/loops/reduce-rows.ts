/** Reduce kernels by rows: one result after another, vectors or scalars along the innermost reduce axis. */
import type { Point } from "./addressing.ts";
import { forSegments, type Interval } from "./addressing.ts";
import { add, and, Block, i32, lanes as laneNumbers, min, splat } from "./block.ts";
import type { Conditions } from "./conditions.ts";
import { guardKey } from "./conditions.ts";
import { bodyWeight, elementNanoseconds, knownExtent } from "./cost.ts";
import { affineValue, axesOf, Evaluator, hasAxis, type Surroundings } from "./expression.ts";
import type { Expr, LoweredKernel } from "./ir.ts";
import { type Accumulator, isPositional, mergeAccumulators, mergeLanes, resetAccumulator, startAccumulator } from "./reducers.ts";
import { forUnits, grainOf } from "./unit-space.ts";
import { vectorLoop } from "./vector-loop.ts";
import { blockLength, type Found, nothingFound, range, ReduceLowering } from "./reduce-lowering.ts";

/** Lowers the forms `rows` and `scalar`. */
export class RowReduction extends ReduceLowering {
  /** One result after another: vectors (or scalars) along the innermost reduce axis. */
  rows(): LoweredKernel {
    const { kernel, target, frame, analysis, form } = this;
    const vector = form.kind === "rows";
    const keptAxes = range(0, this.kept);
    const extents = keptAxes.map((axis) => kernel.axes[axis]!.extent);
    const units = extents.reduce((product, size) => product * size, 1);
    const elementTime = elementNanoseconds(analysis, form.axis, [], vector, target.lanes);
    const vectorAxis = vector ? form.axis : null;
    const outermost = this.enter(frame.body, this.origin, nothingFound(kernel), vectorAxis);
    forUnits(frame.body, frame.from, frame.to, extents, (outer, positions) => {
      const outerPoint = this.origin.enter(
        outer,
        positions.map((position, axis) => [axis, position] as const),
      );
      const outside = this.enter(outer, outerPoint, outermost, vectorAxis);
      return (inner, last) => {
        const point = outerPoint.enter(inner, [[this.kept - 1, last!]]);
        this.row(inner, point, this.enter(inner, point, outside, vectorAxis), vector);
      };
    });
    return { code: frame.finish(), scratchBytes: 0, units, grain: grainOf(units, elementTime * this.actualPoints() + 20) };
  }

  /** One result. */
  row(block: Block, point: Point, found: Found, vector: boolean): void {
    const { kernel, target, form, reductions } = this;
    const { axis } = form;
    const { lanes } = target;
    const extent = kernel.axes[axis]!;
    const weight = bodyWeight(this.analysis, axis);
    const states = reductions.reduce((sum, { reducer }) => sum + (isPositional(reducer) ? 2 : 1), 0);
    const wanted = weight > 40 ? 1 : Math.min(4, Math.floor(target.registers / 4 / states));
    const copies = !vector ? 1 : ([4, 2].find((count) => count <= wanted && (extent.dynamic || 2 * count * lanes <= extent.extent)) ?? 1);
    const inner =
      extent.extent *
      this.reduceOrder()
        .slice(0, -1)
        .reduce((product, other) => product * knownExtent(kernel.axes[other]!), 1);
    const isBlockedSum = this.needsBlocks(extent.dynamic ? Infinity : inner / (vector ? lanes : 1));

    // The loops are built first, to know which accumulators they use.
    const loops = new Block();
    const starts = new Block();
    const vectors = range(0, copies).map(() => (vector ? reductions.map((reduction) => startAccumulator(starts, reduction, true)) : []));
    const scalars = reductions.map((reduction) => startAccumulator(starts, reduction, false));
    let usesScalars = !vector;
    const totals = isBlockedSum ? reductions.map((reduction) => startAccumulator(starts, reduction, vector)) : null;
    const scalarTotals = isBlockedSum && vector ? reductions.map((reduction) => startAccumulator(starts, reduction, false)) : null;
    const positionOf = this.positionAffine();
    const along = this.guards.filter((guard) => hasAxis(axesOf(guard.index), axis) && !this.skippable.includes(guard));
    const skipped = this.skippable.filter((guard) => hasAxis(axesOf(guard.index), axis));

    const merge = (inside: Block): Accumulator[] => {
      for (let width = copies; width > 1; width /= 2) {
        for (let copy = 0; copy < width / 2; copy++)
          reductions.forEach((reduction, i) => mergeAccumulators(inside, reduction, vectors[copy]![i]!, vectors[copy + width / 2]![i]!));
      }
      return vectors[0]!;
    };
    const flush = (inside: Block): void => {
      if (totals === null) return;
      if (!vector) {
        this.flush(inside, totals, scalars);
        return;
      }
      this.flush(inside, totals, merge(inside));
      for (const copy of range(1, copies)) reductions.forEach((reduction, i) => resetAccumulator(inside, reduction, vectors[copy]![i]!));
      if (usesScalars) this.flush(inside, scalarTotals!, scalars);
    };
    const stretch = (inside: Block, at: Point, here: Found, bounds: Interval): void => {
      forSegments(inside, at, axis, bounds, along, (segment, piece, holds) => {
        const conditions = here.conditions.with(along.map((guard, i) => [guardKey(guard), holds[i]!] as const));
        const open = conditions.open(this.guards);
        const loop = (body: Block, decided: Conditions, unroll: number): void => {
          vectorLoop(body, piece, target, { vector, unroll }, (innermost, index, step) => {
            if (!step.vector) usesScalars = true;
            const start = at.enter(innermost, [[axis, index]], true);
            for (let copy = 0; copy < step.copies; copy++) {
              const place = start.shifted(axis, copy * lanes);
              const around: Surroundings = {
                ...this.scalarAround(place, decided),
                vectorAxis: step.vector ? axis : null,
                ...(step.count === undefined ? {} : { count: step.count }),
              };
              const known = here.known[0]!;
              const evaluator = new Evaluator(this.analysis, around, known.values, known.splats);
              const position = (): Expr => {
                const scalar = affineValue(positionOf, (other) => place.position(other));
                return step.vector ? add(splat(scalar), laneNumbers()) : scalar;
              };
              this.take(innermost, evaluator, step.vector ? vectors[copy]! : scalars, step, position);
            }
          });
        };
        if (open.length === 0) loop(segment, conditions, copies);
        else
          segment.if(
            open.reduce((all, one) => and(all, one)),
            (body) => loop(body, conditions.holding(this.guards), copies),
            (body) => loop(body, conditions, 1),
          );
      });
    };
    const order = this.reduceOrder();
    this.nest(loops, order.slice(0, -1), point, found, vector ? axis : null, 1, (inside, at, here) => {
      const { range: bounds, held } = this.rangeOf(inside, axis, at, { from: i32(0), to: this.extents[axis]! });
      const decided: Found = { ...here, conditions: here.conditions.holding([...held, ...skipped]) };
      if (totals === null) {
        stretch(inside, at, decided, bounds);
        return;
      }
      const length = blockLength * (vector ? lanes : 1);
      if (!extent.dynamic && extent.extent <= length) {
        stretch(inside, at, decided, bounds);
        flush(inside);
        return;
      }
      inside.for("block", bounds.from, bounds.to, length, (outer, start) => {
        stretch(outer, at, decided, { from: start, to: outer.let(min(add(start, i32(length)), bounds.to), "end") });
        flush(outer);
      });
    });
    block.push(...starts.body, ...loops.body);
    const ends = scalarTotals ?? (vector ? scalars : (totals ?? scalars));
    if (vector) {
      const last = totals ?? merge(block);
      reductions.forEach((reduction, i) => mergeLanes(block, reduction, ends[i]!, last[i]!, lanes));
    }
    this.finish(block, point, { vector: false, copies: 1 }, found.conditions, ends);
  }
}
