/** Inclusive scans: serial along the last axis; in vectors along another axis where one is contiguous. */
import type { CumulativeKernel } from "../../../compiler/kernels/kernel.ts";
import { widened } from "../../../dtype/index.ts";
import type { CpuTarget } from "../target.ts";
import { forSegments, type Interval, planPointers, Point } from "./addressing.ts";
import { add, type Block, get, i32, min, sub } from "./block.ts";
import { type Conditions, conditionsOf, guardKey, guardsOf } from "./conditions.ts";
import { elementNanoseconds, usedAccesses, walkCost } from "./cost.ts";
import { analyse, axesOf, canVectorize, Evaluator, hasAxis, loadExtent, storeRoots, type Surroundings } from "./expression.ts";
import { functionFrame } from "./function-frame.ts";
import { hoist, type Known, nothingKnown, scalarSurroundings } from "./hoist.ts";
import type { Expr, LoweredKernel } from "./ir.ts";
import { isEmpty, prepare } from "./prepare.ts";
import { accumulate, finished, incoming, mergeAccumulators, type Reduction, resetAccumulator, startAccumulator } from "./reducers.ts";
import { rounded } from "./rare-scalars.ts";
import { blockBounds, forUnits, grainOf } from "./unit-space.ts";
import { type Step, vectorLoop } from "./vector-loop.ts";

/** Values that a float sum takes before its running block is added to the sum of the blocks before. */
const blockLength = 2048;
/** Columns of one unit. */
const columnBlock = 64;

/** Lowers a scan. Units are rows (points of the other axes), or rows of blocks of columns. */
export function lowerCumulative(source: CumulativeKernel, target: CpuTarget): LoweredKernel {
  const kernel = prepare(source);
  const scanned = kernel.axes.length - 1;
  const stores = [{ access: kernel.store, value: kernel.value }];
  const roots = storeRoots(kernel, stores);
  const analysis = analyse(kernel, kernel.expression, roots, 0);
  const used = usedAccesses(analysis, stores);
  const guards = guardsOf(kernel, used);
  const reduction: Reduction = { reducer: kernel.reducer, dtype: kernel.dtype, valueDType: kernel.expression[kernel.value]!.dtype };

  // Vectors along another axis only where the whole row of them is independent of the scan's guards.
  const columns = range(0, scanned).findLast((axis) => {
    if (kernel.dtype === "float64" || !canVectorize(analysis, axis, stores)) return false;
    const isApart = guards.every((guard) => !(hasAxis(axesOf(guard.index), axis) && hasAxis(axesOf(guard.index), scanned)));
    return isApart && walkCost(analysis, axis, stores, true, target.lanes) < walkCost(analysis, scanned, stores, false, target.lanes);
  });
  const vector = columns !== undefined;
  const axis = columns ?? 0;
  const { extent, dynamic } = kernel.axes[axis]!;
  const isBlocked = vector && (dynamic || extent > columnBlock);
  const others = range(0, scanned).filter((other) => !vector || other !== axis);
  const dimensions: (number | "blocks")[] = !isBlocked ? others : dynamic ? ["blocks", ...others] : [...others, "blocks"];
  const extents = dimensions.map((dimension) =>
    dimension === "blocks" ? Math.ceil(extent / columnBlock) : kernel.axes[dimension]!.extent,
  );
  const units = isEmpty(kernel.axes) ? 0 : extents.reduce((product, size) => product * size, 1);

  const frame = functionFrame("cumulative");
  const origin = Point.origin(frame.body, kernel, planPointers(kernel, used), frame.parameters);
  const extentOf = kernel.axes.map((one, i) =>
    one.dynamic ? frame.body.let(loadExtent(kernel, frame.parameters, i), "extent") : i32(one.extent),
  );
  const vectorAxis = vector ? axis : null;
  interface Outside {
    readonly conditions: Conditions;
    readonly known: Known;
  }
  const enter = (block: Block, point: Point, before: Outside): Outside => {
    const conditions = before.conditions.enter(
      block,
      guards.filter((guard) => !hasAxis(axesOf(guard.index), vectorAxis)),
      point,
    );
    return {
      conditions,
      known: hoist(
        block,
        analysis,
        roots,
        point,
        before.known,
        vectorAxis,
        scalarSurroundings(point, conditions, target.lanes, frame.parameters),
      ),
    };
  };

  /** Scans one row, or `step.copies` vectors of rows side by side. */
  const scan = (block: Block, point: Point, found: Outside, step: Step): void => {
    const running = startAccumulator(block, reduction, step.vector);
    const isBlockedSum =
      kernel.reducer === "sum" &&
      widened(kernel.dtype) === "float32" &&
      (kernel.axes[scanned]!.dynamic || kernel.axes[scanned]!.extent > blockLength);
    const before = isBlockedSum ? startAccumulator(block, reduction, step.vector) : null;
    const extentScanned = extentOf[scanned]!;
    const visit = (body: Block, count: Expr): void => {
      const place = kernel.reverse ? body.let(sub(sub(extentScanned, i32(1)), count), "place") : count;
      const here = point.enter(body, [[scanned, place]]);
      const inner = step.vector ? { ...found, conditions: found.conditions.enter(body, guards, here) } : enter(body, here, found);
      const around: Surroundings = {
        ...scalarSurroundings(here, inner.conditions, target.lanes, frame.parameters),
        vectorAxis: step.vector ? axis : null,
        ...(step.count === undefined ? {} : { count: step.count }),
      };
      const evaluator = new Evaluator(analysis, around, inner.known.values, inner.known.splats);
      const x = step.vector ? evaluator.vector(body, kernel.value) : evaluator.value(body, kernel.value);
      accumulate(body, reduction, running, incoming(body, reduction, x), null, null);
      const result =
        before === null ? finished(body, reduction, running) : rounded(body, add(get(before.value), get(running.value)), kernel.dtype);
      evaluator.storeValue(body, kernel.store, () => body.let(result, "scanned"));
    };
    if (before === null) {
      block.for("scan", i32(0), extentScanned, 1, visit);
      return;
    }
    block.for("block", i32(0), extentScanned, blockLength, (outer, start) => {
      outer.for("scan", start, outer.let(min(add(start, i32(blockLength)), extentScanned), "end"), 1, visit);
      mergeAccumulators(outer, reduction, before, running);
      resetAccumulator(outer, reduction, running);
    });
  };

  const outermost = enter(frame.body, origin, { conditions: conditionsOf(kernel), known: nothingKnown });
  forUnits(frame.body, frame.from, frame.to, extents, (outer, positions) => {
    const entered = dimensions
      .slice(0, positions.length)
      .flatMap((dimension, i) => (dimension === "blocks" ? [] : [[dimension, positions[i]!] as const]));
    const outerPoint = origin.enter(outer, entered);
    const outside = enter(outer, outerPoint, outermost);
    const blocksAt = dimensions.indexOf("blocks");
    return (inner, last) => {
      const lastDimension = dimensions.at(-1);
      const isAxis = typeof lastDimension === "number";
      const point = isAxis ? outerPoint.enter(inner, [[lastDimension, last!]]) : outerPoint;
      const found = isAxis ? enter(inner, point, outside) : outside;
      if (!vector) {
        scan(inner, point, found, { vector: false, copies: 1 });
        return;
      }
      const bounds: Interval = isBlocked
        ? blockBounds(inner, blocksAt < positions.length ? positions[blocksAt]! : last!, columnBlock, extentOf[axis]!)
        : { from: i32(0), to: extentOf[axis]! };
      const along = guards.filter((guard) => hasAxis(axesOf(guard.index), axis));
      forSegments(inner, point, axis, bounds, along, (segment, piece, holds) => {
        const decided = { ...found, conditions: found.conditions.with(along.map((guard, i) => [guardKey(guard), holds[i]!] as const)) };
        vectorLoop(segment, piece, target, { vector: true, unroll: 1 }, (body, index, step) =>
          scan(body, point.enter(body, [[axis, index]]), decided, step),
        );
      });
    };
  });
  const width = vector ? Math.min(extent, columnBlock) : 1;
  const time = elementNanoseconds(analysis, vector ? axis : scanned, stores, vector, target.lanes) * width * kernel.axes[scanned]!.extent;
  return { code: frame.finish(), scratchBytes: 0, units, grain: grainOf(units, time * 2 + 20) };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
