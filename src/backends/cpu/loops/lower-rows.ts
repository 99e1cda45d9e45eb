/** Row kernels: all stages of a row, then those of the next. Units are rows; scratch memory holds what a row's stages hand on. */
import type { KernelBuffer, MapKernel, ReduceKernel, RowKernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { planPointers, Point } from "./addressing.ts";
import { advance, type Block, i32 } from "./block.ts";
import { conditionsOf, guardsOf } from "./conditions.ts";
import { bodyWeight, elementNanoseconds, unrollFor, usedAccesses } from "./cost.ts";
import { analyse, canVectorize, elementBytes, storageOf, storeRoots } from "./expression.ts";
import { functionFrame, type FunctionFrame } from "./function-frame.ts";
import { hoist, nothingKnown, scalarSurroundings } from "./hoist.ts";
import type { Expr, LoweredKernel } from "./ir.ts";
import { mapRange, type Outside } from "./lower-map.ts";
import { prepare } from "./prepare.ts";
import { chooseForm, takeDomain } from "./reduce-form.ts";
import { nothingFound, range } from "./reduce-lowering.ts";
import { RowReduction } from "./reduce-rows.ts";
import { forUnits, grainOf } from "./unit-space.ts";

/** A stage under construction: what stands before the rows, and what is done for each. */
interface Stage {
  /** Nanoseconds of a row, about. */
  readonly time: number;
  /** Enters all row axes but the last; what it gives enters the last and runs the stage. */
  readonly enter: (block: Block, positions: readonly (readonly [number, Expr])[]) => (block: Block, last: Expr) => void;
}

/** Lowers rows. */
export function lowerRows(kernel: RowKernel, target: CpuTarget): LoweredKernel {
  const rank = kernel.axes.length;
  const extents = kernel.axes.map(({ extent }) => extent);
  const frame = functionFrame("rows");
  const places = scratchPlaces(kernel.scratch);
  const scratch = new Map<number, Expr>();
  kernel.scratch.forEach((_, i) =>
    scratch.set(kernel.buffers.length + i, frame.body.let(advance(frame.scratch, i32(places.offsets[i]!), 1), "scratch")),
  );
  const stages = kernel.stages.map((stage) =>
    stage.kind === "map" ? mapStage(prepare(stage), rank, target, frame, scratch) : reduceStage(prepare(stage), target, frame, scratch),
  );
  forUnits(frame.body, frame.from, frame.to, extents, (outer, positions) => {
    const entered = stages.map((stage) =>
      stage.enter(
        outer,
        positions.map((position, axis) => [axis, position] as const),
      ),
    );
    return (inner, last) => {
      for (const run of entered) run(inner, last!);
    };
  });
  const units = extents.reduce((product, extent) => product * extent, 1);
  const time = stages.reduce((sum, stage) => sum + stage.time + 10, 0);
  return { code: frame.finish(), scratchBytes: places.bytes, units, grain: grainOf(units, time) };
}

/** Where each scratch buffer begins, on cache lines. */
function scratchPlaces(buffers: readonly KernelBuffer[]): { readonly offsets: readonly number[]; readonly bytes: number } {
  let bytes = 0;
  const offsets = buffers.map(({ dtype, elements }) => {
    const at = bytes;
    bytes += Math.ceil((elements * elementBytes[storageOf[dtype]]) / 64) * 64;
    return at;
  });
  return { offsets, bytes };
}

/** A map along the last axis of the row. */
function mapStage(kernel: MapKernel, rank: number, target: CpuTarget, frame: FunctionFrame, scratch: ReadonlyMap<number, Expr>): Stage {
  const axis = kernel.axes.length - 1;
  const roots = storeRoots(kernel, kernel.stores);
  const analysis = analyse(kernel, kernel.expression, roots, 0);
  const { extent } = kernel.axes[axis]!;
  const vector = extent > 1 && canVectorize(analysis, axis, kernel.stores);
  const used = usedAccesses(analysis, kernel.stores);
  const guards = guardsOf(kernel, used);
  const { parameters, body } = frame;
  const enter = (block: Block, point: Point, before: Outside): Outside => {
    const conditions = before.conditions.enter(block, guards, point);
    const around = scalarSurroundings(point, conditions, target.lanes, parameters);
    return { conditions, known: hoist(block, analysis, roots, point, before.known, vector ? axis : null, around) };
  };
  // What an earlier stage of the row stores must not be loaded before: nothing is evaluated outside of the row.
  const origin = Point.origin(body, kernel, planPointers(kernel, used), parameters, scratch);
  const none: Outside = { conditions: conditionsOf(kernel), known: nothingKnown };
  const walk = (block: Block, point: Point, inner: number): void => {
    if (inner < axis) {
      block.for("within", i32(0), i32(kernel.axes[inner]!.extent), 1, (inside, index) =>
        walk(inside, point.enter(inside, [[inner, index]]), inner + 1),
      );
      return;
    }
    const unroll = vector ? unrollFor(bodyWeight(analysis, axis)) : 1;
    const row = { block, analysis, kernel, target, point, ...enter(block, point, none), axis, vector, unroll, guards, parameters };
    mapRange(row, { from: i32(0), to: i32(extent) });
  };
  const elements = kernel.axes.slice(rank).reduce((product, one) => product * one.extent, 1);
  return {
    time: elements * elementNanoseconds(analysis, axis, kernel.stores, vector, target.lanes),
    enter: (outer, positions) => {
      const outerPoint = origin.enter(outer, positions);
      return (block, last) => {
        walk(block, outerPoint.enter(block, [[rank - 1, last]]), rank);
      };
    },
  };
}

/** A reduction of the row. */
function reduceStage(source: ReduceKernel, target: CpuTarget, frame: FunctionFrame, scratch: ReadonlyMap<number, Expr>): Stage {
  const { kernel, domain } = takeDomain(source);
  const form = chooseForm(kernel, target, true);
  const vector = form.kind === "rows";
  const lowering = new RowReduction(kernel, domain, form, target, { frame, scratch });
  const kept = range(0, lowering.kept);
  const time = lowering.actualPoints() * elementNanoseconds(lowering.analysis, form.axis, [], vector, target.lanes);
  return {
    time,
    enter: (outer, positions) => {
      const outerPoint = lowering.origin.enter(outer, positions);
      return (block, last) => {
        const point = outerPoint.enter(block, [[kept.length - 1, last]]);
        lowering.row(block, point, lowering.enter(block, point, nothingFound(kernel), vector ? form.axis : null), vector);
      };
    },
  };
}
