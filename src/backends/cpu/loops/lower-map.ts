/** Map kernels: every point of the axes on its own. */
import type { Guard, MapKernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { forSegments, type Interval, planPointers, Point } from "./addressing.ts";
import { and, type Block, i32 } from "./block.ts";
import { type Conditions, conditionsOf, guardKey, guardsOf } from "./conditions.ts";
import { bodyWeight, elementNanoseconds, knownExtent, touched, unrollFor, usedAccesses, walkCost } from "./cost.ts";
import { type Analysis, analyse, canVectorize, coefficient, Evaluator, loadExtent, storeRoots } from "./expression.ts";
import { hoist, type Known, nothingKnown, scalarSurroundings } from "./hoist.ts";
import type { Expr, LoweredKernel } from "./ir.ts";
import { functionFrame } from "./function-frame.ts";
import { rareKernels } from "./parts.ts";
import { isEmpty, prepare } from "./prepare.ts";
import { transpositionOf } from "./transposition.ts";
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
  const transposition = isEmpty(kernel.axes) ? null : transpositionOf(kernel, target);
  if (transposition !== null) return rareKernels.get().lowerTransposition(kernel, transposition, target);
  const roots = storeRoots(kernel, kernel.stores);
  const analysis = analyse(kernel, kernel.expression, roots, 0);
  const { axis, vector } = chooseWalk(analysis, kernel, target);
  const weight = bodyWeight(analysis, axis);
  const unroll = vector ? unrollFor(weight) : 1;
  const elementTime = elementNanoseconds(analysis, axis, kernel.stores, vector, target.lanes);

  const { extent, dynamic } = kernel.axes[axis]!;
  const crossing = vector ? null : crossingAxis(analysis, kernel, axis);
  const blockLength = crossing !== null ? tileRows : elementTime > 2 ? 1024 : 4096;
  const isBlocked = dynamic || extent > (crossing !== null ? 1 : 2) * blockLength;
  const others = kernel.axes.map((_, i) => i).filter((i) => i !== axis && i !== crossing);
  const dimensions = orderDimensions(kernel, others, isBlocked ? axis : null, crossing);
  const extents = dimensions.map((dimension) => {
    if (dimension === "blocks") return Math.ceil(extent / blockLength);
    return dimension === "tiles" ? Math.ceil(kernel.axes[crossing!]!.extent / tileLength) : kernel.axes[dimension]!.extent;
  });
  const units = isEmpty(kernel.axes) ? 0 : extents.reduce((product, size) => product * size, 1);
  const used = usedAccesses(analysis, kernel.stores);

  const frame = functionFrame("map");
  const { body } = frame;
  const origin = Point.origin(body, kernel, planPointers(kernel, used), frame.parameters);
  const extentOf = kernel.axes.map((one, i) =>
    one.dynamic ? body.let(loadExtent(kernel, frame.parameters, i), "extent") : i32(one.extent),
  );
  const guards = guardsOf(kernel, used);
  const enter = (block: Block, point: Point, before: Outside): Outside => {
    const conditions = before.conditions.enter(block, guards, point);
    const around = scalarSurroundings(point, conditions, target.lanes, frame.parameters);
    return { conditions, known: hoist(block, analysis, roots, point, before.known, vector ? axis : null, around) };
  };
  const outermost = enter(body, origin, { conditions: conditionsOf(kernel), known: nothingKnown });
  forUnits(body, frame.from, frame.to, extents, (outer, positions) => {
    const entered = dimensions
      .slice(0, positions.length)
      .flatMap((dimension, i) => (typeof dimension === "number" ? [[dimension, positions[i]!] as const] : []));
    const outerPoint = origin.enter(outer, entered);
    const outside = enter(outer, outerPoint, outermost);
    return (inner, last) => {
      const lastDimension = dimensions.at(-1);
      const isAxis = typeof lastDimension === "number";
      const point = isAxis ? outerPoint.enter(inner, [[lastDimension, last!]]) : outerPoint;
      const found = isAxis ? enter(inner, point, outside) : outside;
      const at = (kind: "blocks" | "tiles"): Expr => positions[dimensions.indexOf(kind)] ?? last!;
      const range = isBlocked ? blockBounds(inner, at("blocks"), blockLength, extentOf[axis]!) : { from: i32(0), to: extentOf[axis]! };
      const row = (block: Block, here: Point, outsideRow: Outside): void =>
        mapRange(
          { block, analysis, kernel, target, point: here, ...outsideRow, axis, vector, unroll, guards, parameters: frame.parameters },
          range,
        );
      if (crossing === null) {
        row(inner, point, found);
        return;
      }
      const tile = blockBounds(inner, at("tiles"), tileLength, extentOf[crossing]!);
      inner.for("cross", tile.from, tile.to, 1, (block, index) => {
        const here = point.enter(block, [[crossing, index]]);
        row(block, here, enter(block, here, found));
      });
    };
  });
  const rowLength =
    Math.min(extent, isBlocked ? blockLength : extent) * (crossing === null ? 1 : Math.min(tileLength, kernel.axes[crossing]!.extent));
  return { code: frame.finish(), scratchBytes: 0, units, grain: grainOf(units, elementTime * rowLength + 10) };
}

/** Elements along the crossing axis that are walked together: a cache line of float32. */
const tileLength = 16;
/**
 * Lines of the strided array that such a tile touches: rows a power of two apart meet in a set or two of eight ways
 * (transposing 1024 x 1024, Zen 4, one thread: 1.14 ms with 16 rows, 0.54 with 8).
 */
const tileRows = 8;

/**
 * Where one array is contiguous along the walk and another along a second axis (a transposition): that axis. It is
 * walked in tiles, so that the lines the strided array touches are used up while they are in cache.
 */
function crossingAxis(analysis: Analysis, kernel: MapKernel, axis: number): number | null {
  if (knownExtent(kernel.axes[axis]!) < tileLength) return null;
  for (const access of touched(analysis, kernel.stores)) {
    if (Math.abs(coefficient(access.index, axis)) < tileLength) continue;
    const crossing = kernel.axes.findIndex(
      (other, i) => i !== axis && Math.abs(coefficient(access.index, i)) === 1 && knownExtent(other) >= 4,
    );
    if (crossing >= 0) return crossing;
  }
  return null;
}

/** Dimensions of the unit space; one whose number is only known at run time stands first, blocks otherwise innermost. */
function orderDimensions(
  kernel: MapKernel,
  others: readonly number[],
  blocked: number | null,
  crossing: number | null,
): (number | "blocks" | "tiles")[] {
  const dimensions: (number | "blocks" | "tiles")[] = [...others];
  const place = (kind: "blocks" | "tiles", axis: number): void => {
    if (kernel.axes[axis]!.dynamic) dimensions.unshift(kind);
    else dimensions.push(kind);
  };
  if (crossing !== null) place("tiles", crossing);
  if (blocked !== null) place("blocks", blocked);
  return dimensions;
}

/** What was found before the innermost axis is entered. */
export interface Outside {
  readonly conditions: Conditions;
  readonly known: Known;
}

/** One row of a map: all that stands outside of its innermost loop. */
export interface MapRow extends Outside {
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
export function mapRange(row: MapRow, range: Interval): void {
  const { axis, target, guards } = row;
  const along = guards.filter((guard) => coefficient(guard.index, axis) !== 0);
  forSegments(row.block, row.point, axis, range, along, (block, piece, holds) => {
    const conditions = row.conditions.with(along.map((guard, i) => [guardKey(guard), holds[i]!] as const));
    const open = conditions.open(guards);
    const loop = (inside: Block, decided: Conditions, unroll: number): void => {
      vectorLoop(inside, piece, target, { vector: row.vector, unroll }, (body, index, step) => mapStep(row, body, index, step, decided));
    };
    if (open.length === 0) loop(block, conditions, row.unroll);
    else
      block.if(
        open.reduce((all, one) => and(all, one)),
        (inside) => loop(inside, conditions.holding(guards), row.unroll),
        (inside) => loop(inside, conditions, 1),
      );
  });
}

/** One step of the innermost loop: all values of a vector first, then its stores. */
function mapStep(row: MapRow, block: Block, index: Expr, step: Step, conditions: Conditions): void {
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
