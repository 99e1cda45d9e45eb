/** What every form of a reduce kernel shares: loops over the reduce axes, accumulators, the epilogue. */
import { type Guard, type ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import type { Affine } from "../../../graph/index.ts";
import { widened } from "../../../dtype/index.ts";
import type { CpuTarget } from "../target.ts";
import { type Interval, planPointers, Point } from "./addressing.ts";
import type { Block } from "./block.ts";
import { constant, get, i32, lanes as laneNumbers, fma, lt, splat } from "./block.ts";
import { type Conditions, conditionsOf, guardsOf } from "./conditions.ts";
import { knownExtent, usedAccesses } from "./cost.ts";
import { type Analysis, analyse, axesOf, Evaluator, hasAxis, loadExtent, storeRoots, type Surroundings } from "./expression.ts";
import { functionFrame, type FunctionFrame } from "./function-frame.ts";
import { rareKernels } from "./parts.ts";
import { hoist, type Known, nothingKnown, scalarSurroundings } from "./hoist.ts";
import type { Expr } from "./ir.ts";
import {
  type Accumulator,
  accumulate,
  finished,
  incoming,
  isPositional,
  mergeAccumulators,
  type Reduction,
  resetAccumulator,
} from "./reducers.ts";
import { type Step } from "./vector-loop.ts";
import { accumulatorBit, keptCount, keptSet, type ReduceForm } from "./reduce-form.ts";

/** Values that one float accumulator takes before it is added to a total. */
export const blockLength = 2048;

/** Everything that stays the same while one kernel is lowered. */
export class ReduceLowering {
  readonly kernel: ReduceKernel;
  readonly domain: Guard | null;
  readonly form: ReduceForm;
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

  /** `shared`: the function that the reduction is part of, and where it finds scratch memory; default: one of its own. */
  constructor(
    kernel: ReduceKernel,
    domain: Guard | null,
    form: ReduceForm,
    target: CpuTarget,
    shared?: { readonly frame: FunctionFrame; readonly scratch: ReadonlyMap<number, Expr> },
  ) {
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
    this.skippable = [
      ...this.guards.filter((guard) => rareKernels.get().isSkippable(kernel, this.reductions, guard)),
      ...(domain === null ? [] : [domain]),
    ];
    this.frame = shared?.frame ?? functionFrame("reduce");
    const { body, parameters } = this.frame;
    const late = usedAccesses(this.epilogue, kernel.stores);
    this.epilogueGuards = guardsOf(kernel, late);
    const all = new Set([...this.loads, ...late]);
    this.origin = Point.origin(body, kernel, planPointers(kernel, all), parameters, shared?.scratch);
    this.extents = kernel.axes.map(({ extent, dynamic }, axis) =>
      dynamic ? body.let(loadExtent(kernel, parameters, axis), "extent") : i32(extent),
    );
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
      this.reductions.some(({ reducer, dtype }) => reducer === "sum" && widened(dtype) === "float32") &&
      (isDynamic || perAccumulator > blockLength)
    );
  }

  /** Positions of reduce axis `axis` to visit at `point`: where no skippable guard fails. */
  rangeOf(block: Block, axis: number, point: Point, within: Interval): { range: Interval; held: Guard[] } {
    if (this.skippable.length === 0) return { range: within, held: [] };
    return rareKernels.get().heldRange(block, axis, point, within, this.skippable);
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
    const results = accumulators.map((accumulator, i) => block.let(finished(block, this.reductions[i]!, accumulator), "result"));
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

  /** Points that one result reduces over, dynamic extents at their bound. */
  actualPoints(): number {
    return this.kernel.axes.slice(this.kept).reduce((product, axis) => product * axis.extent, 1);
  }

  /** Adds accumulators to totals and empties them. */
  flush(block: Block, totals: readonly Accumulator[], accumulators: readonly Accumulator[]): void {
    this.reductions.forEach((reduction, i) => {
      mergeAccumulators(block, reduction, totals[i]!, accumulators[i]!);
      resetAccumulator(block, reduction, accumulators[i]!);
    });
  }
}

/** Conditions and values found so far; values per copy of an unrolled vector. */
export interface Found {
  readonly conditions: Conditions;
  readonly known: readonly Known[];
}

/** Nothing decided, nothing known. */
export function nothingFound(kernel: ReduceKernel): Found {
  return { conditions: conditionsOf(kernel), known: [nothingKnown] };
}

/** from, from + 1, ..., to - 1. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
