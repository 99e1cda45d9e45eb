/**
 * Stable sorts: a bottom-up merge sort of each row, in the thread's scratch memory. A row is read into pairs (key,
 * position), runs of 1, 2, 4, .. pairs are merged back and forth between two halves of the scratch, and the last half is
 * stored. The merge has no branches: both heads are loaded, one is kept.
 */
import type { SortKernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { planPointers, Point } from "./addressing.ts";
import { add, address, advance, and, type Block, eq, ge, get, gt, i32, load, lt, min, mul, ne, or, select, sub } from "./block.ts";
import { type Conditions, conditionsOf, guardsOf } from "./conditions.ts";
import { elementNanoseconds } from "./cost.ts";
import { analyse, elementBytes, Evaluator, storageOf } from "./expression.ts";
import { functionFrame } from "./function-frame.ts";
import { hoist, type Known, nothingKnown, scalarSurroundings } from "./hoist.ts";
import type { Expr, LoweredKernel, Variable } from "./ir.ts";
import { isEmpty, prepare } from "./prepare.ts";
import { forUnits, grainOf } from "./unit-space.ts";

/** Nanoseconds of one step of a merge, about. */
const mergeNanoseconds = 3;

/** Lowers a sort. Units are rows. */
export function lowerSort(source: SortKernel, target: CpuTarget): LoweredKernel {
  const kernel = prepare(source);
  const sorted = kernel.axes.length - 1;
  const { extent } = kernel.axes[sorted]!;
  const analysis = analyse(kernel, kernel.expression, [kernel.value], 0);
  const used = new Set(kernel.stores.map((store) => store.access));
  analysis.entries.forEach((entry, i) => {
    if (entry.op === "load" && analysis.uses[i]! > 0) used.add(entry.access);
  });
  const guards = guardsOf(kernel, used);
  const storage = storageOf[kernel.dtype];
  const keyBytes = elementBytes[storage];
  const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;
  const [keysSize, positionsSize] = [aligned(extent * keyBytes), aligned(extent * 4)];

  const frame = functionFrame("sort");
  const origin = Point.origin(frame.body, kernel, planPointers(kernel, used), frame.parameters);
  interface Outside {
    readonly conditions: Conditions;
    readonly known: Known;
  }
  const enter = (block: Block, point: Point, before: Outside): Outside => {
    const conditions = before.conditions.enter(block, guards, point);
    const around = scalarSurroundings(point, conditions, target.lanes, frame.parameters);
    return { conditions, known: hoist(block, analysis, [kernel.value], point, before.known, null, around) };
  };
  const evaluatorAt = (block: Block, point: Point, before: Outside): Evaluator => {
    const { conditions, known } = enter(block, point, before);
    return new Evaluator(analysis, scalarSurroundings(point, conditions, target.lanes, frame.parameters), known.values, known.splats);
  };
  const keyAt = (keys: Expr, at: Expr): Expr => load(storage, address(advance(keys, at, keyBytes)));
  const positionAt = (positions: Expr, at: Expr): Expr => load("i32", address(advance(positions, at, 4)));

  const sortRow = (block: Block, point: Point, found: Outside): void => {
    const half = (name: string, offset: number): Variable => block.declare(name, advance(frame.scratch, i32(offset), 1));
    const keys = half("keys", 0);
    const otherKeys = half("otherKeys", keysSize);
    const positions = half("positions", 2 * keysSize);
    const otherPositions = half("otherPositions", 2 * keysSize + positionsSize);
    block.for("place", i32(0), i32(extent), 1, (body, place) => {
      const value = evaluatorAt(body, point.enter(body, [[sorted, place]]), found).value(body, kernel.value);
      body.store(storage, address(advance(get(keys), place, keyBytes)), value);
      body.store("i32", address(advance(get(positions), place, 4)), place);
    });
    const width = block.declare("width", i32(1));
    block.while(lt(get(width), i32(extent)), (pass) => {
      const start = pass.declare("start", i32(0));
      pass.while(lt(get(start), i32(extent)), (merge) => {
        const middle = merge.let(min(add(get(start), get(width)), i32(extent)), "middle");
        const end = merge.let(min(add(middle, get(width)), i32(extent)), "end");
        const left = merge.declare("left", get(start));
        const right = merge.declare("right", middle);
        merge.for("place", get(start), end, 1, (body, place) => {
          // A head that has run out is read one place back, and not kept.
          const at = body.let(min(get(left), i32(extent - 1)), "at");
          const rightAt = body.let(min(get(right), i32(extent - 1)), "rightAt");
          const key = body.let(keyAt(get(keys), at), "key");
          const rightKey = body.let(keyAt(get(keys), rightAt), "rightKey");
          const isFirst = or(ge(get(left), middle), comesFirst(rightKey, key, kernel.descending));
          const takes = body.let(and(lt(get(right), end), isFirst), "takes");
          body.store(storage, address(advance(get(otherKeys), place, keyBytes)), select(takes, rightKey, key));
          const position = select(takes, positionAt(get(positions), rightAt), positionAt(get(positions), at));
          body.store("i32", address(advance(get(otherPositions), place, 4)), position);
          body.set(right, add(get(right), takes));
          body.set(left, add(get(left), sub(i32(1), takes)));
        });
        merge.set(start, end);
      });
      exchange(pass, keys, otherKeys);
      exchange(pass, positions, otherPositions);
      pass.set(width, mul(get(width), i32(2)));
    });
    block.for("place", i32(0), i32(extent), 1, (body, place) => {
      const evaluator = evaluatorAt(body, point.enter(body, [[sorted, place]]), found);
      for (const store of kernel.stores) {
        evaluator.storeValue(body, store.access, () =>
          store.gives === "values" ? keyAt(get(keys), place) : positionAt(get(positions), place),
        );
      }
    });
  };

  const extents = kernel.axes.slice(0, -1).map((axis) => axis.extent);
  const units = isEmpty(kernel.axes) ? 0 : extents.reduce((product, size) => product * size, 1);
  const outermost = enter(frame.body, origin, { conditions: conditionsOf(kernel), known: nothingKnown });
  forUnits(frame.body, frame.from, frame.to, extents, (outer, places) => {
    const outerPoint = origin.enter(
      outer,
      places.map((place, axis) => [axis, place] as const),
    );
    const outside = enter(outer, outerPoint, outermost);
    return (inner, last) => {
      const point = last === null ? outerPoint : outerPoint.enter(inner, [[sorted - 1, last]]);
      sortRow(inner, point, last === null ? outside : enter(inner, point, outside));
    };
  });
  const passes = Math.ceil(Math.log2(Math.max(2, extent)));
  const time = extent * (elementNanoseconds(analysis, sorted, [], false, target.lanes) + mergeNanoseconds * (passes + 1));
  return { code: frame.finish(), scratchBytes: 2 * (keysSize + positionsSize), units, grain: grainOf(units, time) };
}

/** Whether `x` stands before `y` and not beside it (i32 0 or 1). NaN counts as the largest. */
function comesFirst(x: Expr, y: Expr, descending: boolean): Expr {
  const [low, high] = descending ? [y, x] : [x, y];
  const ordered = descending ? gt(x, y) : lt(x, y);
  return x.type === "i32" ? ordered : or(ordered, and(ne(high, high), eq(low, low)));
}

function exchange(block: Block, a: Variable, b: Variable): void {
  const kept = block.declare("kept", get(a));
  block.set(a, get(b));
  block.set(b, get(kept));
}
