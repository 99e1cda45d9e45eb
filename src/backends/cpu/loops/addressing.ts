/**
 * Addresses of a kernel's accesses while its axes are entered one after another. Accesses that differ only by a constant
 * share one pointer; entering an axis advances the pointers that move along it, so an inner loop adds only its own step.
 */
import type { Guard, Kernel } from "../../../compiler/kernels/kernel.ts";
import { add, address, advance, type Block, i32, loadPtr, mul } from "./block.ts";
import { type AxisSet, coefficient, elementBytes, storageOf } from "./expression.ts";
import type { Address, Expr } from "./ir.ts";
import { rareKernels } from "./parts.ts";

/** Accesses that share a pointer. */
interface Group {
  readonly buffer: number;
  readonly coefficients: readonly number[];
  /** Elements from the buffer's start to where the pointer stands at the origin. */
  readonly start: number;
  readonly bytes: number;
}

/** The pointer groups of a kernel: which group each access belongs to. */
export interface PointerPlan {
  readonly groups: readonly Group[];
  readonly groupOf: readonly number[];
}

/** Groups the accesses in `used`. Guarded accesses keep to themselves: their pointers may leave the buffer. */
export function planPointers(kernel: Kernel, used: ReadonlySet<number>): PointerPlan {
  const groups: { buffer: number; coefficients: readonly number[]; start: number; bytes: number }[] = [];
  const keys = new Map<string, number>();
  const groupOf = kernel.accesses.map((access, position) => {
    if (!used.has(position)) return -1;
    const isFree = access.guards.length === 0 && access.dynamic.length === 0;
    const key = JSON.stringify([
      access.buffer,
      kernel.axes.map((_, axis) => coefficient(access.index, axis)),
      isFree ? null : access.index.constant,
    ]);
    const known = keys.get(key);
    if (known !== undefined) {
      groups[known]!.start = Math.min(groups[known]!.start, access.index.constant);
      return known;
    }
    keys.set(key, groups.length);
    const bytes = elementBytes[storageOf[kernel.buffers[access.buffer]!.dtype]];
    return groups.push({ buffer: access.buffer, coefficients: access.index.coefficients, start: access.index.constant, bytes }) - 1;
  });
  return { groups, groupOf };
}

/** Where the loops stand: positions on the entered axes, and a pointer per group. Immutable. */
export class Point {
  readonly kernel: Kernel;
  readonly entered: AxisSet;
  readonly #plan: PointerPlan;
  readonly #positions: ReadonlyMap<number, Expr>;
  readonly #pointers: readonly Expr[];

  constructor(kernel: Kernel, plan: PointerPlan, positions: ReadonlyMap<number, Expr>, pointers: readonly Expr[]) {
    this.kernel = kernel;
    this.#plan = plan;
    this.#positions = positions;
    this.#pointers = pointers;
    this.entered = [...positions.keys()].reduce((set, axis) => set | (1 << axis), 0);
  }

  /** No axis entered: loads the buffers' pointers from the parameter block, but for those in `scratch`. */
  static origin(block: Block, kernel: Kernel, plan: PointerPlan, parameters: Expr, scratch: ReadonlyMap<number, Expr> = new Map()): Point {
    const bases = new Map<number, Expr>(scratch);
    const pointers = plan.groups.map((group) => {
      let base = bases.get(group.buffer);
      if (base === undefined) {
        base = block.let(loadPtr(parameters, group.buffer), `buffer${group.buffer}`);
        bases.set(group.buffer, base);
      }
      return block.let(advance(base, i32(group.start), group.bytes), `start${group.buffer}`);
    });
    return new Point(kernel, plan, new Map(), pointers);
  }

  /**
   * The point after entering axes at the given positions. Pointers are bound to variables, except where `inline`: then
   * the step stays part of the address (innermost loops).
   */
  enter(block: Block, positions: readonly (readonly [number, Expr])[], inline = false): Point {
    const moving = positions.filter(([, position]) => position.op !== "const");
    const pointers = this.#pointers.map((pointer, g) => {
      const group = this.#plan.groups[g]!;
      const steps = moving.flatMap(([axis, position]) => {
        const c = group.coefficients[axis] ?? 0;
        return c === 0 ? [] : [{ c, position }];
      });
      // Several axes: the element offset is summed first.
      const moved =
        steps.length === 1
          ? advance(pointer, steps[0]!.position, steps[0]!.c * group.bytes)
          : advance(
              pointer,
              steps.reduce<Expr>((sum, { c, position }) => add(sum, mul(position, i32(c))), i32(0)),
              group.bytes,
            );
      return inline || moved === pointer ? moved : block.let(moved, `at${group.buffer}`);
    });
    // Constant positions go into the offsets of addresses.
    const groups = this.#plan.groups.map((group) => {
      const offset = positions.reduce(
        (sum, [axis, position]) => sum + (position.op === "const" ? (group.coefficients[axis] ?? 0) * position.value : 0),
        0,
      );
      return offset === 0 ? group : { ...group, start: group.start - offset };
    });
    return new Point(this.kernel, { groups, groupOf: this.#plan.groupOf }, new Map([...this.#positions, ...positions]), pointers);
  }

  /** The same point, `steps` elements further along `axis` (for the copies of an unrolled loop). */
  shifted(axis: number, steps: number): Point {
    if (steps === 0) return this;
    const positions = new Map(this.#positions);
    positions.set(axis, add(this.position(axis), i32(steps)));
    const plan = this.#plan;
    const groups = plan.groups.map((group) => ({ ...group, start: group.start - (group.coefficients[axis] ?? 0) * steps }));
    return new Point(this.kernel, { groups, groupOf: plan.groupOf }, positions, this.#pointers);
  }

  /** Position on an axis; 0 where it was not entered. */
  position(axis: number): Expr {
    return this.#positions.get(axis) ?? i32(0);
  }

  /** Address of an access's static part. */
  address(position: number): Address {
    const g = this.#plan.groupOf[position]!;
    const group = this.#plan.groups[g]!;
    return address(this.#pointers[g]!, (this.kernel.accesses[position]!.index.constant - group.start) * group.bytes);
  }

  /** Whether every axis of a set was entered. */
  has(axes: AxisSet): boolean {
    return (axes & ~this.entered) === 0;
  }
}

/** What `forSegments` runs for each piece. */
export type Segment = (block: Block, piece: Interval, holds: readonly Expr[]) => void;

/** Positions [from, to) on an axis. */
export interface Interval {
  readonly from: Expr;
  readonly to: Expr;
}

/** Whether a guard holds at every point, judged on the axes whose extents the code may know. */
export function alwaysHolds(kernel: Kernel, guard: Guard): boolean {
  let low = guard.index.constant;
  let high = guard.index.constant;
  for (let axis = 0; axis < kernel.axes.length; axis++) {
    const c = coefficient(guard.index, axis);
    if (c === 0) continue;
    const { extent, dynamic } = kernel.axes[axis]!;
    if (dynamic) return false;
    if (c > 0) high += c * (extent - 1);
    else low += c * (extent - 1);
  }
  return low >= 0 && high < guard.limit;
}

/**
 * Splits `within` of `axis` where one of `guards` begins or stops to hold, and runs `segment` for each piece with a
 * condition per guard (by its position in `guards`) that is uniform in the piece. All axes of the guards but `axis` must
 * have been entered.
 */
export function forSegments(block: Block, point: Point, axis: number, within: Interval, guards: readonly Guard[], segment: Segment): void {
  if (guards.length === 0) segment(block, within, []);
  else rareKernels.get().forGuardedSegments(block, point, axis, within, guards, segment);
}
