/** Whether every unit copies its own part of a padded operand, and how the space of units is cut for that. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { mapAffines } from "./arrange-axes.ts";
import type { UnitCopy } from "./contract-schedule.ts";
import type { PaddedLayout } from "./pad-operand.ts";

/** What a unit copies, and the axes it runs through beside its rows. Axes are those of `kernel`. */
export interface UnitCopyPlan {
  /** The kernel, one of its axes cut in two where a unit takes some of its places. */
  readonly kernel: ContractKernel;
  /** The axis that was cut: it is followed by a new one, of the places of one unit. */
  readonly cut: number | null;
  readonly innerAxes: readonly number[];
  readonly unitCopy: UnitCopy;
}

/** Units below which threads would wait for one another. */
const fewestUnits = 24;
/** Elements copied for every element that is new to a unit: what is aimed at, and what is not worth it. */
const goodOverlap = 1.25;
const mostOverlap = 1.8;

/**
 * The plan for a contraction whose lhs is padded as `layout` says; null where units would copy too much, or things that do
 * not lie together. One pass over a part that stays in the second cache replaces writing and reading the whole copy.
 */
export function planUnitCopy(
  kernel: ContractKernel,
  layout: PaddedLayout,
  rowAxis: number,
  units: (rows: number, bytes: number) => number,
  target: CpuTarget,
): UnitCopyPlan | null {
  const { axes, roles } = kernel;
  const { index } = kernel.accesses[kernel.lhs]!;
  const { coordinates } = layout;
  const used = [...axes.keys()].filter((axis) => index.coefficients[axis] !== 0);
  const dimensionOf = (reach: number): number => coordinates.findIndex(({ step }) => step <= reach);
  const isOfUnit = (axis: number): boolean => roles[axis] === "k" || axis === rowAxis;
  if (coordinates.at(-1)?.stride !== 1 || coordinates.at(-1)?.step !== 1) return null;
  if (used.some((axis) => isOfUnit(axis) && axes[axis]!.dynamic)) return null;
  // A part starts where the lowest place that the unit's own axes reach is the copy's first.
  const lowest = used
    .filter(isOfUnit)
    .reduce((sum, axis) => sum + Math.min(0, index.coefficients[axis]!) * (axes[axis]!.extent - 1), index.constant);
  if (lowest !== 0) return null;
  const depth = Math.min(
    ...used
      .filter((axis) => isOfUnit(axis) && axes[axis]!.extent > 1)
      .map((axis) => dimensionOf(Math.abs(index.coefficients[axis]!) * (axes[axis]!.extent - 1))),
  );
  if (!Number.isFinite(depth) || depth < 0) return null;
  const moves: { axis: number; dimension: number; places: number }[] = [];
  const whole: number[] = [];
  for (const axis of used.filter((other) => !isOfUnit(other))) {
    const coefficient = index.coefficients[axis]!;
    const dimension = dimensionOf(coefficient);
    if (coefficient < 0 || dimension < 0 || coefficient % coordinates[dimension]!.step !== 0) return null;
    if (dimension > depth) {
      if (axes[axis]!.dynamic || roles[axis] !== "m") return null;
      whole.push(axis);
    } else moves.push({ axis, dimension, places: coefficient / coordinates[dimension]!.step });
  }
  const { extent: places, step } = coordinates[depth]!;
  const along = moves.filter(({ dimension }) => dimension === depth);
  if (along.length > 1) return null;
  const most = target.l2Bytes / 2 / (step * 4);
  const rows = whole.reduce((product, axis) => product * axes[axis]!.extent, axes[rowAxis]!.extent);
  const [shared] = along;
  if (shared === undefined) {
    if (places > most || units(rows, places * step * 4) < fewestUnits) return null;
    return { kernel, cut: null, innerAxes: whole, unitCopy: { layout, depth, count: places, moves } };
  }
  const { axis, places: stride } = shared;
  const { extent, dynamic } = axes[axis]!;
  if (dynamic || roles[axis] !== "m") return null;
  const countOf = (taken: number): number => places - stride * (extent - taken);
  const overlap = (taken: number): number => countOf(taken) / (stride * taken);
  const fitting = Array.from({ length: extent }, (_, i) => i + 1).filter(
    (length) =>
      extent % length === 0 && countOf(length) <= most && (length === 1 || units(rows * length, countOf(length) * step * 4) >= fewestUnits),
  );
  const short = fitting.findLast((length) => countOf(length) <= most / 4);
  const taken =
    short !== undefined && overlap(short) <= goodOverlap
      ? short
      : (fitting.find((length) => overlap(length) <= goodOverlap) ?? fitting.at(-1));
  if (taken === undefined || overlap(taken) > mostOverlap) return null;
  const count = countOf(taken);
  const ordered = (list: readonly number[]): number[] => [...list].sort((a, b) => index.coefficients[b]! - index.coefficients[a]!);
  if (taken === extent) {
    const rest = moves.filter((move) => move !== shared);
    return { kernel, cut: null, innerAxes: ordered([axis, ...whole]), unitCopy: { layout, depth, count, moves: rest } };
  }
  const moved = (other: number): number => (other > axis ? other + 1 : other);
  const cutKernel = cutAxis(kernel, axis, taken);
  const coefficients = cutKernel.accesses[cutKernel.lhs]!.index.coefficients;
  return {
    kernel: cutKernel,
    cut: axis,
    innerAxes: [axis + 1, ...whole.map(moved)].sort((a, b) => coefficients[b]! - coefficients[a]!),
    unitCopy: {
      layout,
      depth,
      count,
      moves: moves.map((move) => ({ ...move, axis: moved(move.axis), places: move === shared ? stride * taken : move.places })),
    },
  };
}

/** Axis `axis` as two: blocks of `length`, and the place inside a block, which stands behind it. */
function cutAxis(kernel: ContractKernel, axis: number, length: number): ContractKernel {
  const part = kernel.axes[axis]!;
  const cut = <T>(list: readonly T[], outer: T, inner: T): T[] => [...list.slice(0, axis), outer, inner, ...list.slice(axis + 1)];
  const axes = cut(kernel.axes, { ...part, extent: part.extent / length }, { ...part, extent: length });
  const roles = cut(kernel.roles, kernel.roles[axis]!, kernel.roles[axis]!);
  return mapAffines(kernel, axes, roles, (f) => {
    const coefficient = f.coefficients[axis]!;
    return { constant: f.constant, coefficients: cut(f.coefficients, coefficient * length, coefficient) };
  });
}
