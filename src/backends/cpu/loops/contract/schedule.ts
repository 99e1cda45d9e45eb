/** Turning a contraction into the kernels that the CPU runs: copies, the tiled contraction, and sums of partial results. */
import { alwaysHolds } from "../addressing.ts";
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import { isShortFloat, widened } from "../../../../dtype/index.ts";
import type { CpuTarget, WinogradUse } from "../../target.ts";
import { rareKernels } from "../parts.ts";
import { arrangeAxes, axesOf, extentOf, fixExtent, fullRank, mergeAxes } from "./arrange-axes.ts";
import { stepsConflict } from "./cache-conflict.ts";
import { chooseForm, type Form, isDense } from "./choose-form.ts";
import { type ContractSchedule, type LhsBlock, unitCopyBytes } from "./contract-schedule.ts";
import { copiedDType } from "./copied-dtype.ts";
import type { Binding, Prepared } from "./pad-operand.ts";
import type { Winograd } from "./winograd.ts";
import { prune } from "./prune.ts";
import type { UnitCopyPlan } from "./plan-unit-copy.ts";
import { splitWindow } from "./split-window.ts";
import { chooseTile, cyclesPerStep, mostRows, type TileShape, unrollOf } from "./tile-shape.ts";

/** Kernels in running order, and the buffers made for them. Ids of temporaries are -1 - position. */
export interface ScheduledContraction {
  readonly kernels: readonly ScheduledKernel[];
  readonly temporaries: readonly Temporary[];
}

/** What a dynamic extent counts as where the schedule has to assume something: code is shared between extents. */
const nominalExtent = 32;
/** Multiply-adds of one unit of work, about: from 10 microseconds to a millisecond. */
const smallestUnit = 2 ** 18;
const largestUnit = 2 ** 26;
/** Multiply-adds that make copying a byte into a unit's scratch memory cost 3 %. */
const multiplyAddsPerByte = 100;

/**
 * Schedules `C[batch, m, n] = sum over k of lhs[batch, m, k] * rhs[batch, k, n]` for a target. The result depends on the
 * kernel's data and the instruction set only; of dynamic extents only whether they are few, and how many ranges of k
 * are summed apart. `use`: whether 3x3 convolutions become maps around a contraction (see winograd.ts).
 */
export function scheduleContract(bound: Binding, target: CpuTarget, use: WinogradUse = "never"): ScheduledContraction {
  const windows = use === "never" ? bound : { ...bound, kernel: splitWindow(bound.kernel) };
  const filtered = use !== "never" && mayBeFiltered(windows.kernel) ? rareKernels.get().filterMinimally(windows, target, use) : null;
  if (filtered === null) return new Scheduler(bound, target).run();
  if ("kernels" in filtered) return filtered;
  const { kernels, temporaries } = new Scheduler(filtered.contraction(), target, filtered).run();
  return {
    kernels: [...filtered.before(), ...kernels, filtered.after()],
    temporaries: [...filtered.temporaries, ...temporaries.slice(filtered.temporaries.length)],
  };
}

/** Whether a contraction looks like a 3x3 convolution. */
function mayBeFiltered({ axes, roles }: ContractKernel): boolean {
  return (["m", "k"] as const).some((role) => axes.filter((axis, i) => axis.extent === 3 && roles[i] === role).length >= 2);
}

class Scheduler {
  readonly #target: CpuTarget;
  readonly #original: Binding;
  readonly #filtered: Winograd | null;
  readonly #before: ScheduledKernel[] = [];
  readonly #temporaries: Temporary[] = [];
  /** The padded copies among `#before`. */
  readonly #padded: Omit<Prepared, "bound">[] = [];

  /** `filtered`: what the operands come from, with temporaries that are there already. */
  constructor(bound: Binding, target: CpuTarget, filtered: Winograd | null = null) {
    this.#original = bound;
    this.#target = target;
    this.#filtered = filtered;
    if (filtered !== null) this.#temporaries.push(...filtered.temporaries);
  }

  run(): ScheduledContraction {
    const { kernel } = this.#original;
    const isTiled =
      kernel.axes.every((axis) => axis.extent > 0) &&
      [kernel.lhs, kernel.rhs].every(
        (a) =>
          kernel.accesses[a]!.dynamic.length === 0 &&
          kernel.accesses[a]!.fill === 0 &&
          widened(kernel.buffers[kernel.accesses[a]!.buffer]!.dtype) === "float32",
      );
    const prepared = isTiled ? this.#pad() : null;
    const form = prepared === null ? null : chooseForm(prepared.kernel, this.#target);
    if (prepared === null || form === null) return rareKernels.get().reduceFallback(this.#original);
    return this.#schedule({ ...prepared, kernel: form.kernel }, form);
  }

  #temporary(): number {
    return -1 - this.#temporaries.length;
  }

  /** Without guards, and with canonical axes. */
  #pad(): Binding | null {
    let kernel = fullRank(this.#original.kernel);
    const operands = [kernel.lhs, kernel.rhs];
    kernel = fixExtent(kernel, (axis) =>
      operands.some((a) => kernel.accesses[a]!.guards.some((guard) => guard.index.coefficients[axis] !== 0)),
    );
    kernel = {
      ...kernel,
      accesses: kernel.accesses.map((access, a) =>
        operands.includes(a) ? { ...access, guards: access.guards.filter((guard) => !alwaysHolds(kernel, guard)) } : access,
      ),
    };
    let bound: Binding = { ...this.#original, kernel: arrangeAxes(kernel) };
    for (const side of ["lhs", "rhs"] as const) {
      if (bound.kernel.accesses[bound.kernel[side]]!.guards.length === 0) continue;
      const padded = rareKernels.get().padOperand(bound, side, this.#temporary(), this.#target);
      if (padded === null) return null;
      this.#temporaries.push(padded.temporary);
      this.#before.push(padded.copy);
      this.#padded.push(padded);
      bound = { ...padded.bound, kernel: arrangeAxes(padded.bound.kernel) };
    }
    return bound;
  }

  #schedule(prepared: Binding, found: Form): ScheduledContraction {
    const { form, lanesAxis, columnAxis, rowAxes } = found;
    const target = this.#target;
    let bound = prepared;
    // Extents that addresses will depend on are no longer dynamic.
    bound = {
      ...bound,
      kernel: fixExtent(
        bound.kernel,
        (axis) =>
          axis === lanesAxis ||
          axis === columnAxis ||
          bound.kernel.roles[axis] === "n" ||
          (bound.kernel.roles[axis] === "k" && axis !== axesOf(bound.kernel, "k")[0]),
      ),
    };
    const { kernel } = bound;
    const columns =
      columnAxis === null
        ? 1
        : form === "dot"
          ? kernel.axes[columnAxis]!.extent
          : Math.ceil(kernel.axes[columnAxis]!.extent / target.lanes);
    const { rowAxis, tile } = chooseRows(kernel, form, rowAxes, columns, target);
    const width = form === "dot" ? tile.vectors : tile.vectors * target.lanes;

    const isShort = isShortFloat(kernel.buffers[kernel.accesses[kernel.lhs]!.buffer]!.dtype);
    if (form === "broadcast" && !isShort && this.#shouldSpread(bound.kernel, rowAxis, columns * target.lanes)) {
      const spread = rareKernels.get().padOperand(bound, "lhs", this.#temporary(), target);
      if (spread !== null) {
        this.#temporaries.push(spread.temporary);
        this.#before.push({ ...spread.copy, kernel: { ...spread.copy.kernel, label: `${kernel.label}/spread` } });
        bound = spread.bound;
      }
    }
    let panelStride: number | null = null;
    if (form !== "dot" && this.#shouldPack(bound.kernel, found, width)) {
      const panels = rareKernels.get();
      const made = this.#filtered?.panels(bound.kernel, lanesAxis, width) ?? null;
      const packed = made === null ? panels.packPanels(bound, lanesAxis, width, this.#temporary(), target) : null;
      if (made !== null) {
        panelStride = made.panelStride;
        const { kernel: plain } = bound;
        const buffers = plain.buffers.map((one, i) => (i === made.access.buffer ? { ...one, elements: made.elements } : one));
        const accesses = plain.accesses.map((one, i) => (i === plain.rhs ? made.access : one));
        bound = { ...bound, kernel: mergeAxes({ ...plain, buffers, accesses }, true) };
      } else if (packed !== null && !panels.isPlainCopy(packed)) {
        this.#temporaries.push(packed.temporary);
        this.#before.push(...packed.copies);
        panelStride = packed.panelStride;
        // Reversed windows and foreign orders of k are gone.
        bound = { ...packed.bound, kernel: mergeAxes(packed.bound.kernel, true) };
      }
    }
    // Tiles read vectors of two bytes an element, and what is spread over lanes as float32.
    for (const side of ["lhs", "rhs"] as const) {
      const access = bound.kernel.accesses[bound.kernel[side]]!;
      const { dtype } = bound.kernel.buffers[access.buffer]!;
      // Only what is spread over lanes is widened by units.
      if (copiedDType(dtype, form === "broadcast" ? side : "rhs", target) !== dtype) bound = this.#widen(bound, side);
    }
    const blocks = this.#blocks(bound.kernel, found, width);
    const split = blocks.splits > 1 ? rareKernels.get().splitContraction(bound, blocks.splits, this.#temporary()) : null;
    if (split !== null) {
      this.#temporaries.push(split.temporary);
      bound = split.partial;
    }
    const plan = form === "broadcast" && split === null && rowAxis !== null ? this.#copyInUnits(bound, rowAxis, columnAxis!) : null;
    if (plan !== null) bound = plan.bound;
    const moved = (axis: number): number => (split !== null || (plan?.cut != null && axis > plan.cut) ? axis + 1 : axis);
    const plain: Omit<ContractSchedule, "lhsBlock"> = {
      form,
      lanesAxis: moved(lanesAxis),
      columnAxis: columnAxis === null ? null : moved(columnAxis),
      rowAxis: rowAxis === null ? null : moved(rowAxis),
      tile,
      unroll: unrollOf(target, tile),
      panelStride,
      kBlock: blocks.kBlock,
      splitAxis: split === null ? null : 0,
      ...unitShape(
        bound.kernel,
        {
          rowAxis: rowAxis === null ? null : moved(rowAxis),
          columnAxis: columnAxis === null ? null : moved(columnAxis),
          tile,
          width,
          columns,
          kBlock: blocks.kBlock,
          isSplit: split !== null,
          plan,
        },
        target,
      ),
    };
    const block = this.#blockOfLhs(bound.kernel, plain);
    if (block === "none") bound = this.#widen(bound, "lhs");
    const schedule: ContractSchedule = { ...plain, lhsBlock: block === "none" ? null : block };
    const tiled = prune({ ...bound, kernel: { ...bound.kernel, schedule } });
    return { kernels: [...this.#before, tiled, ...(split === null ? [] : [split.combine])], temporaries: this.#temporaries };
  }

  /** The contraction with an operand read from a float32 copy. */
  #widen(bound: Binding, side: "lhs" | "rhs"): Binding {
    const wide = rareKernels.get().widenOperand(bound, side, this.#temporary());
    this.#temporaries.push(wide.temporary);
    this.#before.push(wide.copy);
    return wide.bound;
  }

  /** What units widen of a lhs of two bytes that is spread over lanes; null: it needs no widening; "none": they cannot. */
  #blockOfLhs(kernel: ContractKernel, schedule: Omit<ContractSchedule, "lhsBlock">): LhsBlock | null | "none" {
    const { form, unitCopy, rowAxis, rowsPerUnit, innerAxes, kBlock } = schedule;
    if (form !== "broadcast" || unitCopy !== null || !isShortFloat(kernel.buffers[kernel.accesses[kernel.lhs]!.buffer]!.dtype)) return null;
    const k = axesOf(kernel, "k");
    const whole = [...innerAxes, ...k.slice(kBlock === null ? 0 : kBlock.depth + 1)];
    const extents = new Map(whole.map((axis) => [axis, kernel.axes[axis]!.extent]));
    if (rowAxis !== null) extents.set(rowAxis, rowsPerUnit);
    if (kBlock !== null) extents.set(k[kBlock.depth]!, kBlock.size);
    return rareKernels.get().planLhsBlock(kernel, extents, this.#target) ?? "none";
  }

  /** Units copy the padded lhs part by part, where that is worth it, instead of a kernel that copies it before. */
  #copyInUnits(bound: Binding, rowAxis: number, columnAxis: number): (UnitCopyPlan & { readonly bound: Binding }) | null {
    const id = bound.buffers[bound.kernel.accesses[bound.kernel.lhs]!.buffer]!;
    const padded = this.#padded.find(({ copy }) => copy.buffers[1] === id);
    if (padded === undefined) return null;
    const { kernel } = bound;
    const parallel = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel");
    const steps = nominal(kernel, axesOf(kernel, "k"));
    const columns = kernel.axes[columnAxis]!.extent;
    const units = (rows: number, bytes: number): number =>
      (nominal(kernel, parallel) / (rows * columns)) * Math.max(1, columns / ((bytes * multiplyAddsPerByte) / (rows * steps)));
    const plan = rareKernels.get().planUnitCopy(kernel, padded.layout, rowAxis, units, this.#target);
    if (plan === null) return null;
    // The copy's buffer is gone: those made after it move up.
    this.#before.splice(this.#before.indexOf(padded.copy), 1);
    this.#temporaries.splice(-1 - id, 1);
    const renamed = (buffers: readonly number[]): number[] => buffers.map((buffer) => (buffer < id ? buffer + 1 : buffer));
    for (const [i, before] of this.#before.entries()) this.#before[i] = { ...before, buffers: renamed(before.buffers) };
    const source = bound.buffers.indexOf(padded.copy.buffers[0]!);
    const accesses = plan.kernel.accesses.map((access, i) => (i === plan.kernel.lhs ? { ...access, buffer: source } : access));
    return { ...plan, bound: { ...bound, kernel: { ...plan.kernel, accesses }, buffers: renamed(bound.buffers) } };
  }

  /** Blocks of k, and into how many ranges of them the sum is split. */
  #blocks(kernel: ContractKernel, found: Form, width: number): { readonly kBlock: ContractSchedule["kBlock"]; readonly splits: number } {
    const k = axesOf(kernel, "k");
    const parallel = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel");
    const isFixed = parallel.every((axis) => !kernel.axes[axis]!.dynamic);
    const results = extentOf(kernel, parallel);
    const total = extentOf(kernel, k);
    // Partial sums must stay small beside the operands, and all results of a unit in the second cache.
    const isLong = isFixed && results * 8 <= this.#target.l2Bytes && nominal(kernel, k) >= 2048;
    const isDynamic = k.length > 0 && kernel.axes[k[0]!]!.dynamic;
    // A panel of rhs takes half of the first cache; with 32 registers, whose tiles load little, a sixteenth of the second
    // (Zen 4, 192 and 512 steps: matmul 2048 98 and 102 GFLOP/s, 3x3 256-256 101 and 104). Without fused multiply-add
    // shorter blocks were faster (matmul of 1024, Zen 3: 37.0 GFLOP/s with 256 steps, 33.8 with 512); sums over places step
    // through lhs in large strides.
    const { registers, l1Bytes, l2Bytes } = this.#target;
    const fitting = Math.max(192, Math.floor((registers >= 32 ? l2Bytes / 16 : l1Bytes / 2) / (width * 4)));
    const steps = isLong && results > 2 * width ? longBlock(this.#target) : this.#target.fma ? fitting : Math.min(256, fitting);
    if (!isLong && !isDynamic && total <= steps * 1.5) return { kBlock: null, splits: 1 };
    const kBlock = blockOf(kernel, k, found.form === "dot" ? k.indexOf(found.lanesAxis) : -1, steps);
    const splits = isLong && kBlock !== null ? Math.max(1, Math.min(16, Math.floor(total / 512), blockCount(kernel, k, kBlock))) : 1;
    return { kBlock, splits };
  }

  /** Whether lhs is copied so that the rows of a tile, or its steps of k, do not meet in the cache. */
  #shouldSpread(kernel: ContractKernel, rowAxis: number | null, columns: number): boolean {
    const { coefficients } = kernel.accesses[kernel.lhs]!.index;
    const k = axesOf(kernel, "k");
    const steps = [...(rowAxis === null ? [] : [rowAxis]), ...k.slice(-1)];
    return (
      rowAxis !== null &&
      columns >= 64 &&
      extentOf(kernel, k) >= 64 &&
      isDense(kernel, "lhs") &&
      steps.some((axis) => stepsConflict(coefficients[axis]!, this.#target))
    );
  }

  /** Whether rhs is copied into panels: it must be contiguous along the lanes, and should be along k. */
  #shouldPack(kernel: ContractKernel, found: Form, width: number): boolean {
    const { coefficients } = kernel.accesses[kernel.rhs]!.index;
    if (coefficients[found.lanesAxis] !== 1) return true;
    const rows = extentOf(kernel, found.rowAxes);
    if (rows < 64 || !isDense(kernel, "rhs")) return false;
    const k = axesOf(kernel, "k");
    // Many rows repay a copy in any case.
    if (rows >= 512 && extentOf(kernel, k) >= 16) return true;
    const rowBytes = Math.abs(coefficients[k.at(-1) ?? 0] ?? 0) * 4;
    const { kBlock } = this.#blocks(kernel, found, width);
    const steps = kBlock === null ? extentOf(kernel, k) : kBlock.size * extentOf(kernel, k.slice(kBlock.depth + 1));
    // Unpacked, every step touches a cache line of its own.
    return k.length > 0 && (rowBytes >= 1024 || steps * Math.max(64, width * 4) > this.#target.l1Bytes);
  }
}

/**
 * Steps in a block of a long sum with many results, whose sums wait in the second cache meanwhile: the more registers a
 * step fills, the more steps repay moving them (filter gradient 3x3 64-64, Zen 4: 92 % of peak with 64, 96 % with 192).
 */
function longBlock(target: CpuTarget): number {
  return target.name === "wasm" ? 64 : 192;
}

/** Extent of axes, dynamic ones at their nominal extent. */
function nominal(kernel: ContractKernel, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * (kernel.axes[axis]!.dynamic ? nominalExtent : kernel.axes[axis]!.extent), 1);
}

/** The block of k of about `steps` steps; null where the whole of k is no longer than that. Axis number `whole` is never cut. */
function blockOf(kernel: ContractKernel, k: readonly number[], whole: number, steps: number): ContractSchedule["kBlock"] {
  let inside = 1;
  for (let depth = k.length - 1; depth >= 0; depth--) {
    const { extent, dynamic } = kernel.axes[k[depth]!]!;
    if (depth !== whole && (dynamic || extent * inside > steps * 1.5)) {
      const size = Math.max(1, Math.floor(steps / inside));
      return { depth, size: dynamic ? size : Math.ceil(extent / Math.ceil(extent / size)) };
    }
    inside *= extent;
  }
  return null;
}

/** How many blocks of k there are. */
function blockCount(kernel: ContractKernel, k: readonly number[], block: { readonly depth: number; readonly size: number }): number {
  return extentOf(kernel, k.slice(0, block.depth)) * Math.ceil(kernel.axes[k[block.depth]!]!.extent / block.size);
}

/** The axis of a tile's rows and the tile: the cheapest, a static axis where that is no worse. */
function chooseRows(
  kernel: ContractKernel,
  form: Form["form"],
  rowAxes: readonly number[],
  columns: number,
  target: CpuTarget,
): { readonly rowAxis: number | null; readonly tile: TileShape } {
  const tileFor = (extent: number): TileShape & { readonly cycles: number } => {
    if (form !== "elementwise") return chooseTile(extent, columns, target);
    // Vectors of lhs are not shared between columns, so a second one gains nothing.
    const rows = Math.min(extent, mostRows(1, target), target.registers >= 32 ? 12 : 8);
    return { rows, vectors: 1, cycles: cyclesPerStep(rows, 1, target.fma) / rows };
  };
  let best: { readonly rowAxis: number | null; readonly tile: TileShape & { readonly cycles: number } } = {
    rowAxis: null,
    tile: tileFor(1),
  };
  const step = (axis: number): number => Math.abs(kernel.accesses[kernel.lhs]!.index.coefficients[axis]!);
  for (const axis of [...rowAxes].sort((a, b) => step(a) - step(b))) {
    const { extent, dynamic } = kernel.axes[axis]!;
    const tile = tileFor(dynamic ? Infinity : extent);
    // Rows far apart cost more than they seem to.
    if (best.rowAxis === null || tile.cycles < best.tile.cycles * (dynamic ? 0.8 : 0.9)) best = { rowAxis: axis, tile };
  }
  return { rowAxis: best.rowAxis, tile: { rows: best.tile.rows, vectors: best.tile.vectors } };
}

/** How much one unit of work does. */
function unitShape(
  kernel: ContractKernel,
  shape: {
    readonly rowAxis: number | null;
    readonly columnAxis: number | null;
    readonly tile: TileShape;
    readonly width: number;
    readonly columns: number;
    readonly kBlock: ContractSchedule["kBlock"];
    readonly isSplit: boolean;
    readonly plan: UnitCopyPlan | null;
  },
  target: CpuTarget,
): Pick<ContractSchedule, "innerAxes" | "rowsPerUnit" | "panelsPerUnit" | "unitCopy"> {
  const { rowAxis, columnAxis, tile, width } = shape;
  const panels = Math.ceil(shape.columns / tile.vectors);
  const rowExtent = rowAxis === null ? 1 : kernel.axes[rowAxis]!.extent;
  const others = axesOf(kernel, "m").filter((axis) => axis !== rowAxis);
  // A range of k is worth its reading only if it serves all results.
  if (shape.isSplit) return { innerAxes: others, rowsPerUnit: rowExtent, panelsPerUnit: panels, unitCopy: null };
  const k = axesOf(kernel, "k");
  const parallel = [...kernel.axes.keys()].filter((axis) => kernel.axes[axis]!.role === "parallel");
  const steps = nominal(kernel, k);
  const work = nominal(kernel, parallel) * steps;
  const goal = Math.max(smallestUnit, Math.min(largestUnit, work / 64));
  if (shape.plan !== null) {
    const { innerAxes, unitCopy } = shape.plan;
    const perPanel = extentOf(kernel, innerAxes) * rowExtent * steps * width;
    const repaying = (unitCopyBytes(unitCopy) * multiplyAddsPerByte) / perPanel;
    return { innerAxes, rowsPerUnit: rowExtent, panelsPerUnit: Math.min(panels, Math.ceil(Math.max(goal / perPanel, repaying))), unitCopy };
  }
  const isDynamic = rowAxis !== null && kernel.axes[rowAxis]!.dynamic;
  // Rows: what fits the second cache beside rhs, many enough to use a panel often, in groups of about one size.
  const blockSteps = shape.kBlock === null ? steps : shape.kBlock.size * extentOf(kernel, k.slice(shape.kBlock.depth + 1));
  const fitting = Math.max(tile.rows, Math.floor(target.l2Bytes / 4 / (4 * Math.max(1, blockSteps))));
  // Of unknown rows there may be few: then panels have to give units enough.
  const wanted = Math.max(isDynamic && panels < 16 ? 48 : 168, Math.min(1536, goal / (steps * width * panels)));
  const aligned = Math.max(tile.rows, Math.floor(Math.min(wanted, Math.max(fitting, 24)) / tile.rows) * tile.rows);
  const balanced = Math.ceil(rowExtent / Math.ceil(rowExtent / aligned) / tile.rows) * tile.rows;
  const rowsPerUnit = isDynamic ? aligned : rowExtent <= Math.max(aligned, 128) ? rowExtent : balanced;
  let rows = Math.min(rowsPerUnit, isDynamic ? nominalExtent : rowExtent);
  // Whole inner axes while the unit is small, or a panel is used too seldom.
  const innerAxes: number[] = [];
  let units = nominal(kernel, parallel) / (rows * Math.max(1, columnAxis === null ? 1 : kernel.axes[columnAxis]!.extent));
  if (rowsPerUnit === rowExtent) {
    for (const axis of [...others].reverse()) {
      const { extent, dynamic } = kernel.axes[axis]!;
      const isSmall = rows < 64 || rows * steps * width * panels < goal / 2;
      if (dynamic || !isSmall || units / extent < 32 || rows * extent > Math.max(fitting * 2, 64)) break;
      innerAxes.unshift(axis);
      rows *= extent;
      units /= extent;
    }
  }
  const panelsPerUnit = Math.max(1, Math.min(panels, Math.round(goal / (rows * steps * width))));
  return { innerAxes, rowsPerUnit, panelsPerUnit, unitCopy: null };
}
