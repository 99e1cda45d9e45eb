/** Guards as conditions: each is tested once, where its last axis is entered, and shared by the accesses that have it. */
import type { Access, Guard, Kernel } from "../../../compiler/kernels/kernel.ts";
import type { Point } from "./addressing.ts";
import { and, type Block, i32, ltU } from "./block.ts";
import { affineValue, axesOf } from "./expression.ts";
import type { Expr } from "./ir.ts";

/** Identity of a guard. */
export function guardKey(guard: Guard): string {
  return `${guard.limit}:${guard.index.constant}:${guard.index.coefficients.join(",")}`;
}

/** The distinct guards of some accesses. */
export function guardsOf(kernel: Kernel, accesses: Iterable<number>): Guard[] {
  const found = new Map<string, Guard>();
  for (const a of accesses) for (const guard of kernel.accesses[a]!.guards) found.set(guardKey(guard), guard);
  return [...found.values()];
}

/** Which guards are decided, and how: a condition, or null where the guard is known to hold. Immutable. */
export class Conditions {
  readonly #known: ReadonlyMap<string, Expr | null>;

  constructor(known: ReadonlyMap<string, Expr | null> = new Map()) {
    this.#known = known;
  }

  /** These conditions, with more guards decided. */
  with(decided: Iterable<readonly [string, Expr | null]>): Conditions {
    return new Conditions(new Map([...this.#known, ...decided]));
  }

  /** Whether a guard is decided. */
  has(guard: Guard): boolean {
    return this.#known.has(guardKey(guard));
  }

  /** Tests the guards whose axes have all been entered at `point` and that are not decided yet. */
  enter(block: Block, guards: readonly Guard[], point: Point): Conditions {
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
  holding(guards: readonly Guard[]): Conditions {
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
