/** Values found outside the loops that do not change them: evaluated once where their last axis is entered. */
import type { Point } from "./addressing.ts";
import type { Block } from "./block.ts";
import type { Conditions } from "./conditions.ts";
import { InternalError } from "../../../errors.ts";
import {
  type Analysis,
  argumentsOf,
  type AxisSet,
  Evaluator,
  hasAxis,
  loadFault,
  loadParameter,
  splatValue,
  type Surroundings,
} from "./expression.ts";
import type { Expr } from "./ir.ts";

/** Values of entries that are already in variables: as scalars, and spread over vectors. Immutable. */
export interface Known {
  readonly values: ReadonlyMap<number, Expr>;
  readonly splats: ReadonlyMap<number, Expr>;
}

/** Nothing found yet. */
export const nothingKnown: Known = { values: new Map(), splats: new Map() };

/** Surroundings of scalar code at `point`; guards that `conditions` has not decided are tested on the spot. */
export function scalarSurroundings(point: Point, conditions: Conditions, lanes: number, parameters: Expr): Surroundings {
  const { kernel } = point;
  return {
    vectorAxis: null,
    lanes,
    position: (axis) => point.position(axis),
    address: (access) => point.address(access),
    guard: (access) => conditions.of(kernel.accesses[access]!, point),
    parameter: (slot) => loadParameter(kernel, parameters, slot),
    accumulator: () => {
      throw new InternalError(kernel.label, "an accumulator outside an epilogue");
    },
    fault: () => loadFault(kernel, parameters),
  };
}

/** Entries whose value is known once the axes in `entered` are: those that entries depending on more (or roots) read. */
function frontier(analysis: Analysis, roots: readonly number[], entered: AxisSet): Set<number> {
  const isReady = (i: number): boolean => (analysis.depends[i]! & ~entered) === 0;
  const found = new Set(roots.filter(isReady));
  analysis.entries.forEach((entry, i) => {
    if (analysis.uses[i] === 0 || isReady(i)) return;
    for (const argument of argumentsOf(analysis.kernel, entry)) if (isReady(argument)) found.add(argument);
  });
  for (const i of found) if (analysis.entries[i]!.op === "constant" || analysis.entries[i]!.op === "accumulator") found.delete(i);
  return found;
}

/**
 * Evaluates at `point` the scalars that became known there. Where vectors along `vectorAxis` will read a value, it is
 * also spread. Entries that depend on the vector axis wait (see hoistVectors), as do those that read accumulators.
 */
export function hoist(
  block: Block,
  analysis: Analysis,
  roots: readonly number[],
  point: Point,
  known: Known,
  vectorAxis: number | null,
  around: Surroundings,
): Known {
  const ready = [...frontier(analysis, roots, point.entered)].filter(
    (i) => !known.values.has(i) && !hasAxis(analysis.depends[i]!, vectorAxis),
  );
  if (ready.length === 0) return known;
  const values = new Map(known.values);
  const splats = new Map(known.splats);
  const evaluator = new Evaluator(analysis, { ...around, vectorAxis: null }, values);
  const wide = vectorAxis === null ? new Set<number>() : readByVectors(analysis, roots, vectorAxis);
  for (const i of ready.sort((a, b) => a - b)) {
    const { dtype, op } = analysis.entries[i]!;
    const value = block.let(evaluator.value(block, i), `outer_${op}`);
    values.set(i, value);
    if (wide.has(i) && dtype !== "float64") splats.set(i, block.let(splatValue(dtype, value), "spread"));
  }
  return { values, splats };
}

/** Evaluates at a point on the vector axis (see `around`) the vectors that became known there: they stay in registers. */
export function hoistVectors(
  block: Block,
  analysis: Analysis,
  roots: readonly number[],
  point: Point,
  known: Known,
  around: Surroundings,
): Known {
  const ready = [...frontier(analysis, roots, point.entered)].filter(
    (i) => !known.values.has(i) && hasAxis(analysis.depends[i]!, around.vectorAxis),
  );
  if (ready.length === 0) return known;
  const values = new Map(known.values);
  const evaluator = new Evaluator(analysis, around, values, known.splats);
  for (const i of ready.sort((a, b) => a - b)) values.set(i, block.let(evaluator.value(block, i), "column"));
  return { values, splats: known.splats };
}

/** Entries that vector code reads as vectors although they do not depend on the vector axis. */
function readByVectors(analysis: Analysis, roots: readonly number[], vectorAxis: number): Set<number> {
  const found = new Set(roots);
  analysis.entries.forEach((entry, i) => {
    if (analysis.uses[i] === 0 || !hasAxis(analysis.depends[i]!, vectorAxis)) return;
    if (entry.op !== "scalar" && entry.op !== "threefry") return;
    const isShift =
      entry.op === "scalar" && (entry.f === "shiftLeft" || entry.f === "shiftRightLogical" || entry.f === "shiftRightArithmetic");
    entry.args.forEach((argument, position) => {
      if (!(isShift && position === 1)) found.add(argument);
    });
  });
  return found;
}
