/** Guards as conditions: each is tested once, where its last axis is entered, and shared by the accesses that have it. */
import type { Access, Guard, Kernel } from "../../../compiler/kernels/kernel.ts";
import type { Point } from "./addressing.ts";
import type { Block } from "./block.ts";
import type { Expr } from "./ir.ts";
import { rareKernels } from "./parts.ts";

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
export interface Conditions {
  /** These conditions, with more guards decided. */
  with(decided: Iterable<readonly [string, Expr | null]>): Conditions;
  /** Tests the guards whose axes have all been entered at `point` and that are not decided yet. */
  enter(block: Block, guards: readonly Guard[], point: Point): Conditions;
  /** The conjunction of an access's guards; null where all hold. Undecided guards are tested at `point`. */
  of(access: Access, point: Point): Expr | null;
  /** The distinct conditions of these guards that are not known to hold. */
  open(guards: readonly Guard[]): Expr[];
  /** The same, with these guards known to hold. */
  holding(guards: readonly Guard[]): Conditions;
}

const unguarded: Conditions = {
  with: () => unguarded,
  enter: () => unguarded,
  of: () => null,
  open: () => [],
  holding: () => unguarded,
};

/** The conditions of a kernel before any guard is decided. */
export function conditionsOf(kernel: Kernel): Conditions {
  return kernel.accesses.some(({ guards }) => guards.length > 0) ? new (rareKernels.get().GuardConditions)() : unguarded;
}
