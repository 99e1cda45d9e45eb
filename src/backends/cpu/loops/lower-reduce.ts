/**
 * Reduce kernels. Three forms: `columns` (vectors along a kept axis, one accumulator per column in registers), `rows`
 * (vectors along the innermost reduce axis, lanes joined at the end), and scalar.
 *
 * Float sums: an accumulator takes at most `blockLength` values before it is added to a total, so the error of a sum of
 * n values grows like (blockLength + n / (blockLength lanes)) eps instead of n eps (Higham, "Accuracy and Stability of
 * Numerical Algorithms", 4.2). The order is fixed by shape and target.
 */
import { type Entry, type Guard, type ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import { identityOf } from "../../../compiler/kernels/split-reduce.ts";
import type { Affine } from "../../../graph/index.ts";
import type { CpuTarget } from "../target.ts";
import { forSegments, guardInterval, intersect, type Interval, planPointers, Point } from "./addressing.ts";
import { add, and, Block, constant, get, i32, lanes as laneNumbers, fma, lt, min, splat } from "./block.ts";
import { Conditions, guardKey, guardsOf } from "./conditions.ts";
import { bodyWeight, elementNanoseconds, knownExtent, usedAccesses, walkCost } from "./cost.ts";
import {
  affineValue,
  type Analysis,
  analyse,
  axesOf,
  canVectorize,
  Evaluator,
  hasAxis,
  loadExtent,
  storeRoots,
  type Surroundings,
} from "./expression.ts";
import { functionFrame, type FunctionFrame } from "./function-frame.ts";
import { hoist, hoistVectors, type Known, nothingKnown, scalarSurroundings } from "./hoist.ts";
import type { Expr, LoweredKernel } from "./ir.ts";
import { prepare } from "./prepare.ts";
import {
  absorbs,
  type Accumulator,
  accumulate,
  finished,
  incoming,
  isPositional,
  mergeAccumulators,
  mergeLanes,
  type Reduction,
  resetAccumulator,
  startAccumulator,
} from "./reducers.ts";
import { blockBounds, forUnits, grainOf } from "./unit-space.ts";
import { type Step, vectorLoop } from "./vector-loop.ts";

/** Values that one float accumulator takes before it is added to a total. */
const blockLength = 2048;

/** Set in the dependences of accumulators: an axis that is never entered. */
const accumulatorBit = 1 << 30;

/** Lowers a reduce kernel. Units are kept points (`rows`, scalar), or kept points by blocks of columns. */
export function lowerReduce(source: ReduceKernel, target: CpuTarget): LoweredKernel {
  const prepared = prepare(source);
  const { kernel, domain } = takeDomain(isKnownEmpty(prepared) ? withoutValues(prepared) : prepared);
  const form = chooseForm(kernel, target);
  const lowering = new ReduceLowering(kernel, domain, form, target);
  return form.kind === "columns" ? lowering.columns(form.axis) : lowering.rows();
}

/** Whether the code may know that there is nothing to reduce. */
function isKnownEmpty(kernel: ReduceKernel): boolean {
  return kernel.axes.some((axis) => axis.role === "reduce" && !axis.dynamic && axis.extent === 0);
}

/** The kernel with constants in place of its values, so that nothing of an empty space is read. */
function withoutValues(kernel: ReduceKernel): ReduceKernel {
  const expression = kernel.reducers.map(({ value }): Entry => ({ op: "constant", value: 0, dtype: kernel.expression[value]!.dtype }));
  return { ...kernel, expression, reducers: kernel.reducers.map((reducer, value) => ({ ...reducer, value })) };
}

/** How a reduction is vectorised. */
type Form = { readonly kind: "columns" | "rows"; readonly axis: number } | { readonly kind: "scalar"; readonly axis: number };

/**
 * Where every reducer's value is `select(position < limit, value, identity)` (the end of a cut axis, split-reduce.ts),
 * the condition becomes the bound of the loops.
 */
function takeDomain(kernel: ReduceKernel): { kernel: ReduceKernel; domain: Guard | null } {
  const none = { kernel, domain: null };
  let domain: Guard | null = null;
  const reducers: ReduceKernel["reducers"][number][] = [];
  for (const reducer of kernel.reducers) {
    const chosen = kernel.expression[reducer.value]!;
    if (chosen.op !== "scalar" || chosen.f !== "select") return none;
    const [condition, value, other] = chosen.args.map((arg) => kernel.expression[arg]!) as [Entry, Entry, Entry];
    if (other.op !== "constant" || other.value !== identityOf(reducer.reducer, value.dtype)) return none;
    if (condition.op !== "scalar" || condition.f !== "less") return none;
    const position = kernel.expression[condition.args[0]!]!;
    const limit = kernel.expression[condition.args[1]!]!;
    if (
      position.op !== "position" ||
      limit.op !== "constant" ||
      position.index.coefficients.some((c) => c < 0) ||
      position.index.constant < 0
    )
      return none;
    const guard: Guard = { index: position.index, limit: limit.value };
    if (domain !== null && guardKey(domain) !== guardKey(guard)) return none;
    domain = guard;
    reducers.push({ ...reducer, value: chosen.args[1]! });
  }
  if (domain === null) return none;
  const key = guardKey(domain);
  const accesses = kernel.accesses.map((access) => ({ ...access, guards: access.guards.filter((guard) => guardKey(guard) !== key) }));
  return { kernel: { ...kernel, reducers, accesses }, domain };
}

function keptCount(kernel: ReduceKernel): number {
  return kernel.axes.filter((axis) => axis.role === "parallel").length;
}

/** Bits of the kept axes. */
function keptSet(kernel: ReduceKernel): number {
  return (1 << keptCount(kernel)) - 1;
}

function chooseForm(kernel: ReduceKernel, target: CpuTarget): Form {
  const rank = kernel.axes.length;
  const kept = keptCount(kernel);
  const analysis = analyse(
    kernel,
    kernel.expression,
    kernel.reducers.map((reducer) => reducer.value),
    0,
  );
  const epilogue = analyse(kernel, kernel.epilogue, storeRoots(kernel, kernel.stores), keptSet(kernel) | accumulatorBit);
  let best: Form = { kind: "scalar", axis: rank - 1 };
  let bestCost = Infinity;
  const offer = (form: Form, cost: number): void => {
    if (cost >= bestCost) return;
    best = form;
    bestCost = cost;
  };
  const hasDouble = kernel.reducers.some(({ value, dtype }) => dtype === "float64" || kernel.expression[value]!.dtype === "float64");
  const hasPositions = kernel.reducers.some(({ reducer }) => isPositional(reducer));
  for (let axis = kept - 1; axis >= 0 && !hasDouble; axis--) {
    if (!canVectorize(analysis, axis, []) || !canVectorize(epilogue, axis, kernel.stores)) continue;
    if (mixedGuards(kernel, axis) === null) continue;
    offer({ kind: "columns", axis }, walkCost(analysis, axis, kernel.stores, true, target.lanes));
  }
  for (let axis = rank - 1; axis >= kept && !hasDouble; axis--) {
    if ((hasPositions && axis !== rank - 1) || !canVectorize(analysis, axis, [])) continue;
    // Joining the lanes costs about as much as some vectors.
    const joining = (kernel.reducers.length * (hasPositions ? 12 * target.lanes : 8)) / Math.max(1, knownExtent(kernel.axes[axis]!));
    offer({ kind: "rows", axis }, walkCost(analysis, axis, [], true, target.lanes) + joining);
  }
  for (let axis = rank - 1; axis >= kept; axis--) {
    if (hasPositions && axis !== rank - 1) continue;
    offer({ kind: "scalar", axis }, walkCost(analysis, axis, [], false, target.lanes));
  }
  return best;
}

/**
 * Guards that depend on kept axis `axis` and on reduce axes too (a window along the columns). Null where the range of
 * columns that they never cut is not known (dynamic extents).
 */
function mixedGuards(kernel: ReduceKernel, axis: number): Guard[] | null {
  const reduced = ~keptSet(kernel);
  const mixed = guardsOf(kernel, kernel.accesses.keys()).filter(
    (guard) => hasAxis(axesOf(guard.index), axis) && (axesOf(guard.index) & reduced) !== 0,
  );
  const isKnown = mixed.every((guard) =>
    guard.index.coefficients.every((c, i) => c === 0 || i < keptCount(kernel) || !kernel.axes[i]!.dynamic),
  );
  return isKnown ? mixed : null;
}

/** Everything that stays the same while one kernel is lowered. */
class ReduceLowering {
  readonly kernel: ReduceKernel;
  readonly domain: Guard | null;
  readonly form: Form;
  readonly target: CpuTarget;
  readonly kept: number;
  readonly analysis: Analysis;
  readonly epilogue: Analysis;
  readonly roots: readonly number[];
  readonly epilogueRoots: readonly number[];
  readonly reductions: readonly Reduction[];
  readonly frame: FunctionFrame;
  readonly loads: ReadonlySet<number>;
  /** Guards of the loads that are reduced. */
  readonly guards: readonly Guard[];
  /** Guards of the epilogue's accesses. */
  readonly epilogueGuards: readonly Guard[];
  /** Guards whose failure means that nothing is added: loops leave those points out. */
  readonly skippable: readonly Guard[];
  readonly origin: Point;
  readonly extents: readonly Expr[];

  constructor(kernel: ReduceKernel, domain: Guard | null, form: Form, target: CpuTarget) {
    this.kernel = kernel;
    this.domain = domain;
    this.form = form;
    this.target = target;
    this.kept = keptCount(kernel);
    this.roots = kernel.reducers.map((reducer) => reducer.value);
    this.analysis = analyse(kernel, kernel.expression, this.roots, 0);
    this.epilogueRoots = storeRoots(kernel, kernel.stores);
    this.epilogue = analyse(kernel, kernel.epilogue, this.epilogueRoots, keptSet(kernel) | accumulatorBit);
    this.reductions = kernel.reducers.map(({ reducer, value, dtype }) => ({ reducer, dtype, valueDType: kernel.expression[value]!.dtype }));
    this.loads = usedAccesses(this.analysis, []);
    this.guards = guardsOf(kernel, this.loads);
    this.skippable = [...this.guards.filter((guard) => this.isSkippable(guard)), ...(domain === null ? [] : [domain])];
    this.frame = functionFrame("reduce");
    const { body, parameters } = this.frame;
    const late = usedAccesses(this.epilogue, kernel.stores);
    this.epilogueGuards = guardsOf(kernel, late);
    const all = new Set([...this.loads, ...late]);
    this.origin = Point.origin(body, kernel, planPointers(kernel, all), parameters);
    this.extents = kernel.axes.map(({ extent, dynamic }, axis) =>
      dynamic ? body.let(loadExtent(kernel, parameters, axis), "extent") : i32(extent),
    );
  }

  /** Whether every reducer takes just a load that this guard replaces by a value that changes nothing. */
  isSkippable(guard: Guard): boolean {
    const key = guardKey(guard);
    return this.kernel.reducers.every(({ value }, i) => {
      const entry = this.kernel.expression[value]!;
      if (entry.op !== "load") return false;
      const access = this.kernel.accesses[entry.access]!;
      return access.guards.some((one) => guardKey(one) === key) && absorbs(this.reductions[i]!, access.fill);
    });
  }

  scalarAround(point: Point, conditions: Conditions): Surroundings {
    return scalarSurroundings(point, conditions, this.target.lanes, this.frame.parameters);
  }

  /** Tests guards and evaluates scalars that are known at `point`. `vectorAxis`: the axis that vectors lie along. */
  enter(block: Block, point: Point, before: Found, vectorAxis: number | null): Found {
    const undecided = this.guards.filter((guard) => !hasAxis(axesOf(guard.index), vectorAxis));
    const conditions = before.conditions.enter(block, undecided, point);
    const around = this.scalarAround(point, conditions);
    return { conditions, known: before.known.map((known) => hoist(block, this.analysis, this.roots, point, known, vectorAxis, around)) };
  }

  /** Reduce axes in running order: the innermost of the form last. */
  reduceOrder(): number[] {
    const axes = this.kernel.axes.map((_, axis) => axis).slice(this.kept);
    return this.form.kind === "columns" ? axes : [...axes.filter((axis) => axis !== this.form.axis), this.form.axis];
  }

  /** Points that one result reduces over, as far as the code may know. */
  reducedPoints(): number {
    return this.kernel.axes.slice(this.kept).reduce((product, axis) => product * knownExtent(axis), 1);
  }

  /** Whether float sums must be cut into blocks. `perAccumulator`: values that one accumulator would take. */
  needsBlocks(perAccumulator: number): boolean {
    const isDynamic = this.kernel.axes.slice(this.kept).some((axis) => axis.dynamic);
    return (
      this.reductions.some(({ reducer, dtype }) => reducer === "sum" && dtype === "float32") && (isDynamic || perAccumulator > blockLength)
    );
  }

  /** Positions of reduce axis `axis` to visit at `point`: where no skippable guard fails. */
  rangeOf(block: Block, axis: number, point: Point, within: Interval): { range: Interval; held: Guard[] } {
    let range = within;
    const held: Guard[] = [];
    for (const guard of this.skippable) {
      const axes = axesOf(guard.index);
      if (!hasAxis(axes, axis) || !point.has(axes & ~(1 << axis))) continue;
      range = intersect(
        block,
        range,
        guardInterval(block, guard, axis, (other) => point.position(other), within),
      );
      held.push(guard);
    }
    return { range, held };
  }

  /** Loops over the reduce axes `axes` and runs `body` at each point. Small loops of constant extent are unrolled. */
  nest(
    block: Block,
    axes: readonly number[],
    point: Point,
    found: Found,
    vectorAxis: number | null,
    unrollBudget: number,
    body: (block: Block, point: Point, found: Found) => void,
  ): void {
    const [axis, ...rest] = axes;
    if (axis === undefined) {
      body(block, point, found);
      return;
    }
    const full: Interval = { from: i32(0), to: this.extents[axis]! };
    const { range, held } = this.rangeOf(block, axis, point, full);
    const conditions = found.conditions.holding(held);
    const { from, to } = range;
    if (held.length === 0 && from.op === "const" && to.op === "const" && to.value <= Math.min(4, unrollBudget)) {
      const start = point.enter(block, [[axis, i32(0)]]);
      for (let i = 0; i < to.value; i++) {
        const here = start.shifted(axis, i);
        this.nest(
          block,
          rest,
          here,
          this.enter(block, here, { ...found, conditions }, vectorAxis),
          vectorAxis,
          unrollBudget / to.value,
          body,
        );
      }
      return;
    }
    block.for(`r${axis}`, from, to, 1, (inside, index) => {
      const here = point.enter(inside, [[axis, index]]);
      this.nest(inside, rest, here, this.enter(inside, here, { ...found, conditions }, vectorAxis), vectorAxis, unrollBudget, body);
    });
  }

  /** Row-major position over the reduce axes, for argmax and argmin. */
  positionAffine(): Affine {
    const coefficients = new Array<number>(this.kernel.axes.length).fill(0);
    let stride = 1;
    for (let axis = this.kernel.axes.length - 1; axis >= this.kept; axis--) {
      coefficients[axis] = stride;
      stride *= this.kernel.axes[axis]!.extent;
    }
    return { constant: 0, coefficients };
  }

  /** Feeds one step's values into accumulators. */
  take(block: Block, evaluator: Evaluator, accumulators: readonly Accumulator[], step: Step, position: () => Expr): void {
    const mask =
      step.count === undefined || this.form.kind === "columns"
        ? null
        : lt(laneNumbers(), typeof step.count === "number" ? constant("i32v", step.count) : splat(step.count));
    const at = this.reductions.some(({ reducer }) => isPositional(reducer)) ? block.let(position(), "at") : null;
    const held = mask === null ? null : block.let(mask, "mask");
    this.reductions.forEach((reduction, i) => {
      const root = this.roots[i]!;
      const read = (entry: number): Expr => (step.vector ? evaluator.vector(block, entry) : evaluator.value(block, entry));
      const accumulator = accumulators[i]!;
      const product = held === null ? this.productOf(reduction, root) : null;
      if (product !== null) {
        block.set(accumulator.value, fma(read(product[0]), read(product[1]), get(accumulator.value)));
        return;
      }
      accumulate(block, reduction, accumulator, incoming(block, reduction, read(root)), at, held);
    });
  }

  /** The factors where a float sum takes a product that nothing else reads. */
  productOf(reduction: Reduction, root: number): readonly [number, number] | null {
    const entry = this.kernel.expression[root]!;
    const isFused =
      reduction.reducer === "sum" &&
      (reduction.dtype === "float32" || reduction.dtype === "float64") &&
      reduction.valueDType === reduction.dtype;
    if (!isFused || entry.op !== "scalar" || entry.f !== "multiply" || this.analysis.uses[root]! > 1) return null;
    return [entry.args[0]!, entry.args[1]!];
  }

  /** Evaluates the epilogue and stores. */
  finish(block: Block, point: Point, step: Step, conditions: Conditions, accumulators: readonly Accumulator[]): void {
    const { kernel } = this;
    const results = accumulators.map((accumulator, i) => block.let(finished(this.reductions[i]!, accumulator), "result"));
    const around: Surroundings = {
      ...this.scalarAround(point, conditions),
      vectorAxis: step.vector ? this.form.axis : null,
      ...(step.count === undefined ? {} : { count: step.count }),
      accumulator: (index) => results[index]!,
    };
    const evaluator = new Evaluator(this.epilogue, around);
    const values = kernel.stores.map((store) => {
      const value = step.vector ? evaluator.vector(block, store.value) : evaluator.value(block, store.value);
      return kernel.stores.length === 1 ? value : block.let(value, "stored");
    });
    kernel.stores.forEach((store, i) => evaluator.storeValue(block, store.access, () => values[i]!));
  }

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

    const outermost = this.enter(frame.body, this.origin, nothingFound, axis);
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

  actualPoints(): number {
    return this.kernel.axes.slice(this.kept).reduce((product, axis) => product * axis.extent, 1);
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
      let clear = piece;
      for (const guard of mixed)
        for (const worst of this.extremes(guard))
          clear = intersect(
            segment,
            clear,
            guardInterval(segment, worst, axis, (other) => point.position(other), piece),
          );
      strips(segment, { from: piece.from, to: clear.from }, decided, false);
      strips(segment, clear, { ...decided, conditions: decided.conditions.holding(mixed) }, true);
      strips(segment, { from: clear.to, to: piece.to }, decided, false);
    });
  }

  /** The guard at its lowest and highest over the reduce axes. */
  extremes(guard: Guard): Guard[] {
    let low = guard.index.constant;
    let high = guard.index.constant;
    const coefficients = guard.index.coefficients.map((c, axis) => {
      if (axis < this.kept) return c;
      const reach = c * Math.max(0, this.kernel.axes[axis]!.extent - 1);
      if (reach < 0) low += reach;
      else high += reach;
      return 0;
    });
    return [low, high].map((constantPart) => ({ index: { constant: constantPart, coefficients }, limit: guard.limit }));
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

  /** Adds accumulators to totals and empties them. */
  flush(block: Block, totals: readonly Accumulator[], accumulators: readonly Accumulator[]): void {
    this.reductions.forEach((reduction, i) => {
      mergeAccumulators(block, reduction, totals[i]!, accumulators[i]!);
      resetAccumulator(block, reduction, accumulators[i]!);
    });
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

  /** One result after another: vectors (or scalars) along the innermost reduce axis. */
  rows(): LoweredKernel {
    const { kernel, target, frame, analysis, form } = this;
    const vector = form.kind === "rows";
    const keptAxes = range(0, this.kept);
    const extents = keptAxes.map((axis) => kernel.axes[axis]!.extent);
    const units = extents.reduce((product, size) => product * size, 1);
    const elementTime = elementNanoseconds(analysis, form.axis, [], vector, target.lanes);
    const vectorAxis = vector ? form.axis : null;
    const outermost = this.enter(frame.body, this.origin, nothingFound, vectorAxis);
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

/** Conditions and values found so far; values per copy of an unrolled vector. */
interface Found {
  readonly conditions: Conditions;
  readonly known: readonly Known[];
}

const nothingFound: Found = { conditions: new Conditions(), known: [nothingKnown] };

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
