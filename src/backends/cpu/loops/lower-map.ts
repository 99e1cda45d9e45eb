/** Map kernels: every point of the axes on its own. */
import type { Guard, MapKernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { forSegments, type Interval, planPointers, Point } from "./addressing.ts";
import { and, type Block, i32 } from "./block.ts";
import { Conditions, guardKey, guardsOf } from "./conditions.ts";
import { bodyWeight, elementNanoseconds, unrollFor, usedAccesses, walkCost } from "./cost.ts";
import { type Analysis, analyse, canVectorize, coefficient, Evaluator, loadExtent, storeRoots } from "./expression.ts";
import { hoist, type Known, nothingKnown, scalarSurroundings } from "./hoist.ts";
import type { Expr, LoweredKernel } from "./ir.ts";
import { functionFrame } from "./function-frame.ts";
import { isEmpty, prepare } from "./prepare.ts";
import { blockBounds, forUnits, grainOf } from "./unit-space.ts";
import { type Step, vectorLoop } from "./vector-loop.ts";

/** The axis that the innermost loop walks, and whether in vectors. */
export interface Walk {
  readonly axis: number;
  readonly vector: boolean;
}

/**
 * Lowers a map kernel. Units are rows of the innermost axis, or blocks of it where it is long. The innermost loop is
 * cut where guards change, so that its body tests none.
 */
export function lowerMap(source: MapKernel, target: CpuTarget): LoweredKernel {
  const kernel = prepare(source);
  const roots = storeRoots(kernel, kernel.stores);
  const analysis = analyse(kernel, kernel.expression, roots, 0);
  const { axis, vector } = chooseWalk(analysis, kernel, target);
  const weight = bodyWeight(analysis, axis);
  const unroll = vector ? unrollFor(weight) : 1;
  const elementTime = elementNanoseconds(analysis, axis, kernel.stores, vector, target.lanes);

  const { extent, dynamic } = kernel.axes[axis]!;
  const blockLength = elementTime > 2 ? 1024 : 4096;
  const isBlocked = dynamic || extent > 2 * blockLength;
  const blocks = Math.ceil(extent / blockLength);
  const others = kernel.axes.map((_, i) => i).filter((i) => i !== axis);
  // The dimension of blocks stands first where its number is only known at run time, else innermost.
  const dimensions: (number | "blocks")[] = !isBlocked ? others : dynamic ? ["blocks", ...others] : [...others, "blocks"];
  const extents = dimensions.map((dimension) => (dimension === "blocks" ? blocks : kernel.axes[dimension]!.extent));
  const units = isEmpty(kernel.axes) ? 0 : extents.reduce((product, size) => product * size, 1);
  const used = usedAccesses(analysis, kernel.stores);

  const frame = functionFrame("map");
  const { body } = frame;
  const origin = Point.origin(body, kernel, planPointers(kernel, used), frame.parameters);
  const fullExtent = dynamic ? body.let(loadExtent(kernel, frame.parameters, axis), "extent") : i32(extent);
  const guards = guardsOf(kernel, used);
  const enter = (block: Block, point: Point, before: Outside): Outside => {
    const conditions = before.conditions.enter(block, guards, point);
    const around = scalarSurroundings(point, conditions, target.lanes, frame.parameters);
    return { conditions, known: hoist(block, analysis, roots, point, before.known, vector ? axis : null, around) };
  };
  const outermost = enter(body, origin, { conditions: new Conditions(), known: nothingKnown });
  forUnits(body, frame.from, frame.to, extents, (outer, positions) => {
    const entered = dimensions.slice(0, positions.length).flatMap((dimension, i) => (dimension === "blocks" ? [] : [[dimension, positions[i]!] as const]));
    const outerPoint = origin.enter(outer, entered);
    const outside = enter(outer, outerPoint, outermost);
    const blocksAt = dimensions.indexOf("blocks");
    return (inner, last) => {
      const lastDimension = dimensions.at(-1);
      const point = typeof lastDimension === "number" ? outerPoint.enter(inner, [[lastDimension, last!]]) : outerPoint;
      const row = typeof lastDimension === "number" ? enter(inner, point, outside) : outside;
      const range = isBlocked ? blockBounds(inner, blocksAt < positions.length ? positions[blocksAt]! : last!, blockLength, fullExtent) : { from: i32(0), to: fullExtent };
      mapRange({ block: inner, analysis, kernel, target, point, ...row, axis, vector, unroll, guards, parameters: frame.parameters }, range);
    };
  });
  const rowLength = Math.min(extent, isBlocked ? blockLength : extent);
  return { code: frame.finish(), scratchBytes: 0, units, grain: grainOf(units, elementTime * rowLength + 10) };
}

/** What was found before the innermost axis is entered. */
interface Outside {
  readonly conditions: Conditions;
  readonly known: Known;
}

interface Row extends Outside {
  readonly block: Block;
  readonly analysis: Analysis;
  readonly kernel: MapKernel;
  readonly target: CpuTarget;
  /** All axes but `axis` are entered. */
  readonly point: Point;
  readonly axis: number;
  readonly vector: boolean;
  readonly unroll: number;
  readonly guards: readonly Guard[];
  readonly parameters: Expr;
}

/** Evaluates and stores every position of `range`. */
function mapRange(row: Row, range: Interval): void {
  const { axis, target, guards } = row;
  const along = guards.filter((guard) => coefficient(guard.index, axis) !== 0);
  forSegments(row.block, row.point, axis, range, along, (block, piece, holds) => {
    const conditions = row.conditions.with(along.map((guard, i) => [guardKey(guard), holds[i]!] as const));
    const open = conditions.open(guards);
    const loop = (inside: Block, decided: Conditions, unroll: number): void => {
      vectorLoop(inside, piece, target, { vector: row.vector, unroll }, (body, index, step) => mapStep(row, body, index, step, decided));
    };
    if (open.length === 0) loop(block, conditions, row.unroll);
    else block.if(open.reduce((all, one) => and(all, one)), (inside) => loop(inside, conditions.holding(guards), row.unroll), (inside) => loop(inside, conditions, 1));
  });
}

/** One step of the innermost loop: all values of a vector first, then its stores. */
function mapStep(row: Row, block: Block, index: Expr, step: Step, conditions: Conditions): void {
  const { analysis, kernel, target, axis, known } = row;
  const point = row.point.enter(block, [[axis, index]], true);
  for (let copy = 0; copy < step.copies; copy++) {
    const here = point.shifted(axis, copy * target.lanes);
    const evaluator = new Evaluator(
      analysis,
      {
        ...scalarSurroundings(here, conditions, target.lanes, row.parameters),
        vectorAxis: step.vector ? axis : null,
        ...(step.count === undefined ? {} : { count: step.count }),
      },
      known.values,
      known.splats,
    );
    const single = kernel.stores.length === 1;
    const values = kernel.stores.map((store) => {
      const value = step.vector ? evaluator.vector(block, store.value) : evaluator.value(block, store.value);
      return single ? value : block.let(value, "result");
    });
    kernel.stores.forEach((store, i) => evaluator.storeValue(block, store.access, () => values[i]!));
  }
}

/** The innermost axis: the one that is cheapest to walk; the last of equals. */
function chooseWalk(analysis: Analysis, kernel: MapKernel, target: CpuTarget): Walk {
  let best: Walk = { axis: kernel.axes.length - 1, vector: false };
  let bestCost = Infinity;
  kernel.axes.forEach((_, axis) => {
    for (const vector of [true, false]) {
      if (vector && !canVectorize(analysis, axis, kernel.stores)) continue;
      const cost = walkCost(analysis, axis, kernel.stores, vector, target.lanes);
      if (cost <= bestCost) {
        bestCost = cost;
        best = { axis, vector };
      }
    }
  });
  return best;
}

