/**
 * What guards (the boxes outside of which accesses read their fill) do to loops: conditions that are tested once, intervals where
 * they hold, and what reductions may leave out.
 */
import type { Access, Entry, Guard, ReduceKernel } from "../../../compiler/kernels/kernel.ts";
import { identityOf } from "../../../compiler/kernels/reducer-identity.ts";
import { roundedTo } from "../../../dtype/index.ts";
import type { Interval, Point, Segment } from "./addressing.ts";
import { add, and, type Block, div, ge, get, i32, lt, ltU, max, min, select, sub } from "./block.ts";
import { type Conditions, guardKey } from "./conditions.ts";
import { affineValue, axesOf, coefficient, hasAxis } from "./expression.ts";
import type { Expr } from "./ir.ts";
import { keptCount } from "./reduce-form.ts";
import { identity, type Reduction } from "./reducers.ts";

/** Conditions of a kernel that has guards. */
export class GuardConditions implements Conditions {
  readonly #known: ReadonlyMap<string, Expr | null>;

  constructor(known: ReadonlyMap<string, Expr | null> = new Map()) {
    this.#known = known;
  }

  /** These conditions, with more guards decided. */
  with(decided: Iterable<readonly [string, Expr | null]>): GuardConditions {
    return new GuardConditions(new Map([...this.#known, ...decided]));
  }

  /** Whether a guard is decided. */
  has(guard: Guard): boolean {
    return this.#known.has(guardKey(guard));
  }

  /** Tests the guards whose axes have all been entered at `point` and that are not decided yet. */
  enter(block: Block, guards: readonly Guard[], point: Point): GuardConditions {
    const decided: [string, Expr][] = [];
    for (const guard of guards) {
      if (this.has(guard) || !point.has(axesOf(guard.index))) continue;
      decided.push([guardKey(guard), block.let(holdsAt(guard, point), "holds")]);
    }
    return decided.length === 0 ? this : this.with(decided);
  }

  /** The conjunction of an access's guards; null where all hold. Undecided guards are tested at `point`. */
  of(access: Access, point: Point): Expr | null {
    let all: Expr | null = null;
    for (const guard of access.guards) {
      const known = this.#known.get(guardKey(guard));
      const one = known === undefined ? holdsAt(guard, point) : known;
      if (one !== null) all = all === null ? one : and(all, one);
    }
    return all;
  }

  /** The distinct conditions of these guards that are not known to hold. */
  open(guards: readonly Guard[]): Expr[] {
    const open = new Set<Expr>();
    for (const guard of guards) {
      const known = this.#known.get(guardKey(guard));
      if (known !== undefined && known !== null) open.add(known);
    }
    return [...open];
  }

  /** The same, with these guards known to hold. */
  holding(guards: readonly Guard[]): GuardConditions {
    return this.with(guards.map((guard) => [guardKey(guard), null] as const));
  }
}

/** 0 <= index < limit as one unsigned comparison. */
function holdsAt(guard: Guard, point: Point): Expr {
  return ltU(
    affineValue(guard.index, (axis) => point.position(axis)),
    i32(guard.limit),
  );
}

/** ceil(max(0, x) / by) */
function ceilDivide(x: Expr, by: number): Expr {
  const positive = max(i32(0), x);
  return by === 1 ? positive : div(add(positive, i32(by - 1)), i32(by));
}

/**
 * Positions on `axis` within [within.from, within.to) where `guard` holds: an interval, since its index is affine. All
 * other axes of the guard must have been entered.
 */
export function guardInterval(block: Block, guard: Guard, axis: number, position: (axis: number) => Expr, within: Interval): Interval {
  const c = coefficient(guard.index, axis);
  const rest = block.let(affineValue(guard.index, position, axesOf(guard.index) & ~(1 << axis)), "rest");
  const limit = i32(guard.limit);
  const low = c > 0 ? ceilDivide(sub(i32(0), rest), c) : ceilDivide(add(sub(rest, limit), i32(1)), -c);
  const high = c > 0 ? ceilDivide(sub(limit, rest), c) : ceilDivide(add(rest, i32(1)), -c);
  const from = block.let(max(within.from, min(low, within.to)), "low");
  return { from, to: block.let(max(from, min(high, within.to)), "high") };
}

/** The intersection of two intervals of one axis; an empty one has to = from. */
export function intersect(block: Block, a: Interval, b: Interval): Interval {
  const from = block.let(max(a.from, b.from), "low");
  return { from, to: block.let(max(from, min(a.to, b.to)), "high") };
}

/** `forSegments` where there are guards. */
export function forGuardedSegments(
  block: Block,
  point: Point,
  axis: number,
  within: Interval,
  guards: readonly Guard[],
  segment: Segment,
): void {
  const intervals = guards.map((guard) => guardInterval(block, guard, axis, (other) => point.position(other), within));
  const next = block.declare("next", within.from);
  block.while(lt(get(next), within.to), (body) => {
    const from = get(body.declare("from", get(next)));
    const end = body.declare("end", within.to);
    for (const { from: low, to: high } of intervals) {
      for (const edge of [low, high]) body.set(end, select(and(lt(from, edge), lt(edge, get(end))), edge, get(end)));
    }
    const holds = intervals.map(({ from: low, to: high }) => body.let(and(ge(from, low), lt(from, high)), "holds"));
    segment(body, { from, to: get(end) }, holds);
    body.set(next, get(end));
  });
}

/** Whether a load's fill leaves the accumulator as it is. */
function absorbs(reduction: Reduction, fill: number): boolean {
  const neutral = identity(reduction);
  return neutral === roundedTo(reduction.valueDType, fill);
}

/** Whether every reducer takes just a load that this guard replaces by a value that changes nothing. */
export function isSkippable(kernel: ReduceKernel, reductions: readonly Reduction[], guard: Guard): boolean {
  const key = guardKey(guard);
  return kernel.reducers.every(({ value }, i) => {
    const entry = kernel.expression[value]!;
    if (entry.op !== "load") return false;
    const access = kernel.accesses[entry.access]!;
    return access.guards.some((one) => guardKey(one) === key) && absorbs(reductions[i]!, access.fill);
  });
}

/** Positions of reduce axis `axis` to visit at `point`: where none of the guards `skippable` fails, and which these are. */
export function heldRange(
  block: Block,
  axis: number,
  point: Point,
  within: Interval,
  skippable: readonly Guard[],
): { range: Interval; held: Guard[] } {
  let range = within;
  const held: Guard[] = [];
  for (const guard of skippable) {
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

/** The columns of `piece` that no reduced position takes out of the bounds of `guards`. */
export function clearRange(
  block: Block,
  kernel: ReduceKernel,
  guards: readonly Guard[],
  axis: number,
  point: Point,
  piece: Interval,
): Interval {
  let clear = piece;
  for (const guard of guards)
    for (const worst of extremes(kernel, guard))
      clear = intersect(
        block,
        clear,
        guardInterval(block, worst, axis, (other) => point.position(other), piece),
      );
  return clear;
}

/** The guard at its lowest and highest over the reduce axes. */
function extremes(kernel: ReduceKernel, guard: Guard): Guard[] {
  let low = guard.index.constant;
  let high = guard.index.constant;
  const coefficients = guard.index.coefficients.map((c, axis) => {
    if (axis < keptCount(kernel)) return c;
    const reach = c * Math.max(0, kernel.axes[axis]!.extent - 1);
    if (reach < 0) low += reach;
    else high += reach;
    return 0;
  });
  return [low, high].map((constantPart) => ({ index: { constant: constantPart, coefficients }, limit: guard.limit }));
}

/**
 * Where every reducer's value is `select(position < limit, value, identity)` (the end of a cut axis, split-reduce.ts),
 * the condition becomes the bound of the loops.
 */
export function domainOf(kernel: ReduceKernel): { kernel: ReduceKernel; domain: Guard | null } {
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
