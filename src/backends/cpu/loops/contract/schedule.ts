/** Turning a contraction into the kernels that the CPU runs: copies, the tiled contraction, and sums of partial results. */
import { alwaysHolds } from "../addressing.ts";
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import { isShortFloat, widened } from "../../../../dtype/index.ts";
import type { CpuTarget, WinogradUse } from "../../target.ts";
import { rareKernels } from "../parts.ts";
import { arrangeAxes, axesOf, extentOf, fixExtent, fullRank } from "./arrange-axes.ts";
import { stepsConflict } from "./cache-conflict.ts";
import { chooseForm, type Form, isDense } from "./choose-form.ts";
import type { ContractSchedule } from "./contract-schedule.ts";
import { copiedDType } from "./copied-dtype.ts";
import type { Binding, Copied, Prepared } from "./pad-operand.ts";
import type { Winograd } from "./winograd.ts";
import { prune } from "./prune.ts";
import { chooseTile, type TileShape, unrollOf } from "./tile-shape.ts";
import { nominal, unitShape } from "./unit-shape.ts";

/** Kernels in running order, and the buffers made for them. Ids of temporaries are -1 - position. */
export interface ScheduledContraction {
  readonly kernels: readonly ScheduledKernel[];
  readonly temporaries: readonly Temporary[];
}

/**
 * Schedules `C[batch, m, n] = sum over k of lhs[batch, m, k] * rhs[batch, k, n]` for a target. The result depends on the
 * kernel's data and the instruction set only; of dynamic extents only whether they are few, and how many ranges of k
 * are summed apart. `isRenewed`: rhs is another in every run. `use`: whether 3x3 convolutions become maps around a contraction (see winograd.ts).
 */
export function scheduleContract(bound: Binding, target: CpuTarget, use: WinogradUse = "never", isRenewed = false): ScheduledContraction {
  const filtered =
    use !== "never" && mayBeWindows(bound.kernel)
      ? rareKernels.get().scheduleFiltered(bound, target, use, (one, from) => new Scheduler(one, target, isRenewed, from).run())
      : null;
  return filtered ?? new Scheduler(bound, target, isRenewed).run();
}

/** Whether a contraction has the axes of a 3x3 convolution (of which one may be merged with the channels). */
function mayBeWindows({ axes }: ContractKernel): boolean {
  return axes.length > 3 && axes.filter(({ extent }) => extent % 3 === 0).length > 1;
}

class Scheduler {
  readonly #target: CpuTarget;
  readonly #original: Binding;
  readonly #isRenewed: boolean;
  readonly #filtered: Winograd | null;
  readonly #before: ScheduledKernel[] = [];
  readonly #temporaries: Temporary[] = [];
  /** The padded copies among `#before`. */
  readonly #padded: Prepared[] = [];

  /** `filtered`: what the operands come from, with temporaries that are there already. */
  constructor(bound: Binding, target: CpuTarget, isRenewed: boolean, filtered: Winograd | null = null) {
    this.#original = bound;
    this.#isRenewed = isRenewed;
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

  /** The contraction of a copy that runs before it. */
  #take({ bound, temporary, copy }: Copied): Binding {
    this.#temporaries.push(temporary);
    this.#before.push(copy);
    return bound;
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
      this.#padded.push(padded);
      bound = this.#take(padded);
      bound = { ...bound, kernel: arrangeAxes(bound.kernel) };
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
      const spread = rareKernels.get().spreadOperand(bound, this.#temporary(), target);
      if (spread !== null) bound = this.#take(spread);
    }
    let panelStride: number | null = null;
    const isPacked = form !== "dot" && this.#shouldPack(bound.kernel, found, width);
    const inUnits = isPacked && this.#isRenewed && rareKernels.get().copiesPanels(bound.kernel, found, tile, target);
    if (isPacked && !inUnits) {
      const packed = rareKernels.get().packOperand(bound, lanesAxis, width, this.#temporary(), target, this.#filtered);
      if (packed !== null) {
        this.#temporaries.push(...packed.temporaries);
        this.#before.push(...packed.copies);
        ({ bound, panelStride } = packed);
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
    const plan =
      this.#padded.length > 0 && form === "broadcast" && split === null && !inUnits && rowAxis !== null
        ? rareKernels.get().copyInUnits(bound, rowAxis, columnAxis!, this.#padded, this.#before, this.#temporaries, target)
        : null;
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
      copiesPanels: inUnits && split === null,
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
    const { dtype } = bound.kernel.buffers[bound.kernel.accesses[bound.kernel.lhs]!.buffer]!;
    const isWidened = form === "broadcast" && plain.unitCopy === null && isShortFloat(dtype);
    const block = isWidened ? rareKernels.get().blockOfLhs(bound.kernel, plain, target) : null;
    if (block === "none") bound = this.#widen(bound, "lhs");
    const schedule: ContractSchedule = { ...plain, lhsBlock: block === "none" ? null : block };
    const tiled = prune({ ...bound, kernel: { ...bound.kernel, schedule } });
    return { kernels: [...this.#before, tiled, ...(split === null ? [] : [split.combine])], temporaries: this.#temporaries };
  }

  /** The contraction with an operand read from a float32 copy. */
  #widen(bound: Binding, side: "lhs" | "rhs"): Binding {
    return this.#take(rareKernels.get().widenOperand(bound, side, this.#temporary()));
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
    return { kBlock, splits: isLong && kBlock !== null ? rareKernels.get().rangesOf(kernel, k, kBlock) : 1 };
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

/** The axis of a tile's rows and the tile: the cheapest, a static axis where that is no worse. */
function chooseRows(
  kernel: ContractKernel,
  form: Form["form"],
  rowAxes: readonly number[],
  columns: number,
  target: CpuTarget,
): { readonly rowAxis: number | null; readonly tile: TileShape } {
  const tileFor = (extent: number): TileShape & { readonly cycles: number } => {
    return form === "elementwise" ? rareKernels.get().elementwiseTile(extent, target) : chooseTile(extent, columns, target);
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
