/**
 * Scatters: updates applied in row-major order. Work is split only along axes that tell destinations apart: those that
 * move the static index and no data-dependent one.
 */
import type { ScatterKernel } from "../../../compiler/kernels/kernel.ts";
import { isShortFloat } from "../../../dtype/index.ts";
import type { CpuTarget } from "../target.ts";
import { forSegments, type Interval, planPointers, Point } from "./addressing.ts";
import { add, type Block, i32, load, loadVector } from "./block.ts";
import { type Conditions, conditionsOf, guardKey, guardsOf } from "./conditions.ts";
import { elementNanoseconds, usedAccesses } from "./cost.ts";
import {
  analyse,
  axesOf,
  canVectorize,
  coefficient,
  Evaluator,
  fromStorage,
  hasAxis,
  loadExtent,
  storageOf,
  storeRoots,
  type Surroundings,
  toStorage,
} from "./expression.ts";
import { functionFrame } from "./function-frame.ts";
import { hoist, type Known, nothingKnown, scalarSurroundings } from "./hoist.ts";
import type { Expr, LoweredKernel } from "./ir.ts";
import { isEmpty, prepare } from "./prepare.ts";
import { rounded } from "./rare-scalars.ts";
import { wrapped } from "./scalar-operations.ts";
import { blockBounds, forUnits, grainOf } from "./unit-space.ts";
import { vectorLoop } from "./vector-loop.ts";

/** Columns of one unit. */
const columnBlock = 64;

/** Lowers a scatter. Units are points of the splittable axes, the last of them in blocks of vectors where it is contiguous. */
export function lowerScatter(source: ScatterKernel, target: CpuTarget): LoweredKernel {
  const kernel = prepare(source);
  const rank = kernel.axes.length;
  const access = kernel.accesses[kernel.store]!;
  const { dtype } = kernel.buffers[access.buffer]!;
  const stores = [{ access: kernel.store, value: kernel.value }];
  const roots = storeRoots(kernel, stores);
  const analysis = analyse(kernel, kernel.expression, roots, 0);
  const used = usedAccesses(analysis, stores);
  const guards = guardsOf(kernel, used);
  const data = access.dynamic.reduce((set, term) => set | axesOf(term.offset) | analysis.depends[term.value]!, 0);

  // Strides of the splittable axes must nest, so that different points never meet; otherwise nothing is split.
  const apart = range(0, rank).filter((axis) => coefficient(access.index, axis) !== 0 && !hasAxis(data, axis));
  const split = isNested(
    kernel,
    apart,
    access.dynamic.map((term) => term.stride),
  )
    ? apart
    : [];
  const columns = split.findLast((axis) => coefficient(access.index, axis) === 1 && canVectorize(analysis, axis, stores));
  const walk = columns ?? null;
  const dynamicWalk = walk !== null && kernel.axes[walk]!.dynamic;
  const extent = walk === null ? 1 : kernel.axes[walk]!.extent;
  const isBlocked = walk !== null && (dynamicWalk || extent > columnBlock);
  const others = split.filter((axis) => axis !== walk);
  const serial = range(0, rank).filter((axis) => !split.includes(axis));
  const dimensions: (number | "blocks")[] = !isBlocked ? others : dynamicWalk ? ["blocks", ...others] : [...others, "blocks"];
  const extents = dimensions.map((dimension) =>
    dimension === "blocks" ? Math.ceil(extent / columnBlock) : kernel.axes[dimension]!.extent,
  );
  const units = isEmpty(kernel.axes) ? 0 : extents.reduce((product, size) => product * size, 1);

  const frame = functionFrame("scatter");
  const origin = Point.origin(frame.body, kernel, planPointers(kernel, used), frame.parameters);
  const extentOf = kernel.axes.map((one, i) =>
    one.dynamic ? frame.body.let(loadExtent(kernel, frame.parameters, i), "extent") : i32(one.extent),
  );
  interface Outside {
    readonly conditions: Conditions;
    readonly known: Known;
  }
  const enter = (block: Block, point: Point, before: Outside): Outside => {
    const conditions = before.conditions.enter(
      block,
      guards.filter((guard) => !hasAxis(axesOf(guard.index), walk)),
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
        walk,
        scalarSurroundings(point, conditions, target.lanes, frame.parameters),
      ),
    };
  };

  /** Applies the update (or vector of updates) at a point. */
  const apply = (block: Block, around: Surroundings, known: Known): void => {
    const vector = around.vectorAxis !== null;
    const evaluator = new Evaluator(analysis, around, known.values, known.splats);
    const value = block.let(vector ? evaluator.vector(block, kernel.value) : evaluator.value(block, kernel.value), "update");
    const storage = storageOf[dtype];
    evaluator.place(block, kernel.store, (inside, at) => {
      let result: Expr = value;
      if (kernel.mode === "add") {
        const held = vector ? fromStorage(dtype, loadVector(storage, at, around.count)) : load(storage, at);
        const sum = add(held, value);
        result = isShortFloat(dtype) ? rounded(inside, sum, dtype) : wrapped(sum, dtype);
      }
      inside.store(storage, at, toStorage(dtype, result), vector ? around.count : undefined);
    });
  };

  /** Runs the serial axes in order, then the vectors of one block of columns. */
  const updates = (block: Block, axes: readonly number[], point: Point, found: Outside, bounds: Interval | null): void => {
    const [first, ...rest] = axes;
    if (first !== undefined) {
      block.for(`u${first}`, i32(0), extentOf[first]!, 1, (body, index) => {
        const here = point.enter(body, [[first, index]]);
        updates(body, rest, here, enter(body, here, found), bounds);
      });
      return;
    }
    if (walk === null || bounds === null) {
      apply(block, scalarSurroundings(point, found.conditions, target.lanes, frame.parameters), found.known);
      return;
    }
    const along = guards.filter((guard) => hasAxis(axesOf(guard.index), walk));
    forSegments(block, point, walk, bounds, along, (segment, piece, holds) => {
      const conditions = found.conditions.with(along.map((guard, i) => [guardKey(guard), holds[i]!] as const));
      vectorLoop(segment, piece, target, { vector: true, unroll: 1 }, (body, index, step) => {
        const here = point.enter(body, [[walk, index]], true);
        const around = scalarSurroundings(here, conditions, target.lanes, frame.parameters);
        apply(
          body,
          { ...around, vectorAxis: step.vector ? walk : null, ...(step.count === undefined ? {} : { count: step.count }) },
          found.known,
        );
      });
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
      const bounds =
        walk === null
          ? null
          : isBlocked
            ? blockBounds(inner, blocksAt < positions.length ? positions[blocksAt]! : last!, columnBlock, extentOf[walk]!)
            : { from: i32(0), to: extentOf[walk]! };
      updates(inner, serial, point, found, bounds);
    };
  });
  const points =
    serial.reduce((product, axis) => product * kernel.axes[axis]!.extent, 1) * Math.min(extent, isBlocked ? columnBlock : extent);
  const time = elementNanoseconds(analysis, walk ?? rank - 1, stores, walk !== null, target.lanes);
  return { code: frame.finish(), scratchBytes: 0, units, grain: grainOf(units, time * points + 5) };
}

/**
 * Whether points that differ on the splittable axes always meet different elements: sorted by stride, each stride
 * exceeds the reach of the smaller ones, where the data-dependent strides count as axes of unknown extent (they must be
 * larger than everything that is split, or hold what is split between two multiples).
 */
function isNested(kernel: ScatterKernel, axes: readonly number[], dynamicStrides: readonly number[]): boolean {
  const { index } = kernel.accesses[kernel.store]!;
  const moving = range(0, kernel.axes.length).filter((axis) => coefficient(index, axis) !== 0);
  const steps = [
    ...moving.map((axis) => ({
      stride: Math.abs(coefficient(index, axis)),
      extent: kernel.axes[axis]!.extent,
      isOpen: kernel.axes[axis]!.dynamic,
    })),
    ...dynamicStrides.map((stride, i) => ({ stride, extent: kernel.accesses[kernel.store]!.dynamic[i]!.extent, isOpen: false })),
  ].sort((a, b) => a.stride - b.stride);
  let reach = 0;
  let isOpen = false;
  for (const step of steps) {
    if (isOpen || step.stride <= reach) return axes.length === 0;
    reach += step.stride * Math.max(0, step.extent - 1);
    isOpen = step.isOpen;
  }
  return true;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
