/** What schedules of larger contractions decide, and the copies that they make: all that a plain product of matrices needs none of. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import type { CpuTarget, WinogradUse } from "../../target.ts";
import { axesOf, extentOf, mergeAxes } from "./arrange-axes.ts";
import { type ContractSchedule, type LhsBlock, unitCopyBytes } from "./contract-schedule.ts";
import { filterMinimally } from "./filter-minimally.ts";
import { planLhsBlock } from "./lhs-block.ts";
import { isPlainCopy, packPanels } from "./pack-panels.ts";
import { type Binding, type Copied, padOperand, type Prepared } from "./pad-operand.ts";
import { planUnitCopy, type UnitCopyPlan } from "./plan-unit-copy.ts";
import type { ScheduledContraction } from "./schedule.ts";
import { splitWindow } from "./split-window.ts";
import { cyclesPerStep, mostRows, type TileShape } from "./tile-shape.ts";
import { nominal } from "./unit-shape.ts";
import type { Winograd } from "./winograd.ts";

/** Multiply-adds that make copying a byte into a unit's scratch memory cost 3 %. */
const multiplyAddsPerByte = 100;

/** A 3x3 convolution as minimal filtering; null where it is none, or is faster as it is. `schedule` does the contraction inside. */
export function scheduleFiltered(
  bound: Binding,
  target: CpuTarget,
  use: WinogradUse,
  schedule: (contraction: Binding, from: Winograd) => ScheduledContraction,
): ScheduledContraction | null {
  const windows = { ...bound, kernel: splitWindow(bound.kernel) };
  const { axes, roles } = windows.kernel;
  const isWindow = (role: "m" | "k"): boolean => axes.filter((axis, i) => axis.extent === 3 && roles[i] === role).length >= 2;
  const filtered = isWindow("m") || isWindow("k") ? filterMinimally(windows, target, use) : null;
  if (filtered === null || "kernels" in filtered) return filtered;
  const { kernels, temporaries } = schedule(filtered.contraction(), filtered);
  return {
    kernels: [...filtered.before(), ...kernels, filtered.after()],
    temporaries: [...filtered.temporaries, ...temporaries.slice(filtered.temporaries.length)],
  };
}

/** Lhs copied so that the rows of a tile, or its steps of k, do not meet in the cache; null where that cannot be. */
export function spreadOperand(bound: Binding, temporaryId: number, target: CpuTarget): Copied | null {
  const spread = padOperand(bound, "lhs", temporaryId, target);
  if (spread === null) return null;
  return { ...spread, copy: { ...spread.copy, kernel: { ...spread.copy.kernel, label: `${bound.kernel.label}/spread` } } };
}

/** Rhs in panels, with what is made for it; null where the copy would be as the operand is. */
export function packOperand(
  bound: Binding,
  lanesAxis: number,
  width: number,
  temporaryId: number,
  target: CpuTarget,
  filtered: Winograd | null,
): {
  readonly bound: Binding;
  readonly panelStride: number;
  readonly temporaries: readonly Temporary[];
  readonly copies: readonly ScheduledKernel[];
} | null {
  const made = filtered?.panels(bound.kernel, lanesAxis, width) ?? null;
  if (made !== null) {
    const { kernel } = bound;
    const buffers = kernel.buffers.map((one, i) => (i === made.access.buffer ? { ...one, elements: made.elements } : one));
    const accesses = kernel.accesses.map((one, i) => (i === kernel.rhs ? made.access : one));
    const merged = mergeAxes({ ...kernel, buffers, accesses }, true);
    return { bound: { ...bound, kernel: merged }, panelStride: made.panelStride, temporaries: [], copies: [] };
  }
  const packed = packPanels(bound, lanesAxis, width, temporaryId, target);
  if (isPlainCopy(packed)) return null;
  // Reversed windows and foreign orders of k are gone.
  return { ...packed, bound: { ...packed.bound, kernel: mergeAxes(packed.bound.kernel, true) }, temporaries: [packed.temporary] };
}

/**
 * Units copy the padded lhs part by part, where that is worth it, instead of a kernel that copies it before: then that one's
 * copy and its temporary leave `before` and `temporaries`.
 */
export function copyInUnits(
  bound: Binding,
  rowAxis: number,
  columnAxis: number,
  paddedOperands: readonly Prepared[],
  before: ScheduledKernel[],
  temporaries: Temporary[],
  target: CpuTarget,
): (UnitCopyPlan & { readonly bound: Binding }) | null {
  const id = bound.buffers[bound.kernel.accesses[bound.kernel.lhs]!.buffer]!;
  const padded = paddedOperands.find(({ copy }) => copy.buffers[1] === id);
  if (padded === undefined) return null;
  const { kernel } = bound;
  const parallel = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel");
  const steps = nominal(kernel, axesOf(kernel, "k"));
  const columns = kernel.axes[columnAxis]!.extent;
  const units = (rows: number, bytes: number): number =>
    (nominal(kernel, parallel) / (rows * columns)) * Math.max(1, columns / ((bytes * multiplyAddsPerByte) / (rows * steps)));
  const plan = planUnitCopy(kernel, padded.layout, rowAxis, units, target);
  if (plan === null) return null;
  // The copy's buffer is gone: those made after it move up.
  before.splice(before.indexOf(padded.copy), 1);
  temporaries.splice(-1 - id, 1);
  const renamed = (buffers: readonly number[]): number[] => buffers.map((buffer) => (buffer < id ? buffer + 1 : buffer));
  for (const [i, one] of before.entries()) before[i] = { ...one, buffers: renamed(one.buffers) };
  const source = bound.buffers.indexOf(padded.copy.buffers[0]!);
  const accesses = plan.kernel.accesses.map((access, i) => (i === plan.kernel.lhs ? { ...access, buffer: source } : access));
  return { ...plan, bound: { ...bound, kernel: { ...plan.kernel, accesses }, buffers: renamed(bound.buffers) } };
}

/** The shape of units that copy their part of lhs. */
export function unitShapeOfCopy(
  kernel: ContractKernel,
  { innerAxes, unitCopy }: UnitCopyPlan,
  of: { readonly rowExtent: number; readonly steps: number; readonly width: number; readonly panels: number; readonly goal: number },
): Pick<ContractSchedule, "innerAxes" | "rowsPerUnit" | "panelsPerUnit" | "unitCopy"> {
  const perPanel = extentOf(kernel, innerAxes) * of.rowExtent * of.steps * of.width;
  const repaying = (unitCopyBytes(unitCopy) * multiplyAddsPerByte) / perPanel;
  const panelsPerUnit = Math.min(of.panels, Math.ceil(Math.max(of.goal / perPanel, repaying)));
  return { innerAxes, rowsPerUnit: of.rowExtent, panelsPerUnit, unitCopy };
}

/** What units widen of a lhs of two bytes that is spread over lanes; "none": they cannot. */
export function blockOfLhs(kernel: ContractKernel, schedule: Omit<ContractSchedule, "lhsBlock">, target: CpuTarget): LhsBlock | "none" {
  const { rowAxis, rowsPerUnit, innerAxes, kBlock } = schedule;
  const k = axesOf(kernel, "k");
  const whole = [...innerAxes, ...k.slice(kBlock === null ? 0 : kBlock.depth + 1)];
  const extents = new Map(whole.map((axis) => [axis, kernel.axes[axis]!.extent]));
  if (rowAxis !== null) extents.set(rowAxis, rowsPerUnit);
  if (kBlock !== null) extents.set(k[kBlock.depth]!, kBlock.size);
  return planLhsBlock(kernel, extents, target) ?? "none";
}

/** Into how many ranges of blocks a long sum is split. */
export function rangesOf(kernel: ContractKernel, k: readonly number[], block: { readonly depth: number; readonly size: number }): number {
  const blocks = extentOf(kernel, k.slice(0, block.depth)) * Math.ceil(kernel.axes[k[block.depth]!]!.extent / block.size);
  return Math.max(1, Math.min(16, Math.floor(extentOf(kernel, k) / 512), blocks));
}

/** The tile of a contraction along channels: vectors of lhs are not shared between columns, so a second one gains nothing. */
export function elementwiseTile(extent: number, target: CpuTarget): TileShape & { readonly cycles: number } {
  const rows = Math.min(extent, mostRows(1, target), target.registers >= 32 ? 12 : 8);
  return { rows, vectors: 1, cycles: cyclesPerStep(rows, 1, target.fma) / rows };
}
