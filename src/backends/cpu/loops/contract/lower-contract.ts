/** Scheduled contractions to loop IR: units, blocks of k, panels, register tiles. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, type Block, div, eq, get, i32, loadPtr, loadVector, lt, min, mul, rem, sub } from "../block.ts";
import { elementBytes, loadExtent, storageOf } from "../expression.ts";
import { functionFrame } from "../function-frame.ts";
import type { Expr, LoweredKernel, Storage, Variable } from "../ir.ts";
import { rareKernels } from "../parts.ts";
import { forUnits, grainOf } from "../unit-space.ts";
import { axesOf } from "./arrange-axes.ts";
import {
  blockStep,
  type ContractSchedule,
  filteredGradientScheduleOf,
  filteredScheduleOf,
  type LhsBlock,
  scheduleOf,
  type UnitCopy,
  unitCopyBytes,
} from "./contract-schedule.ts";
import { TileEpilogue } from "./tile-epilogue.ts";
import { emitPanelCopy, emitTileLoops, offsetPointer, spillBytes, type StepLoop, type Tile, zeroAccumulators } from "./tile-loops.ts";
import { balancedRows, restSizes } from "./tile-shape.ts";

/** One dimension of the space of units. */
type Dimension = { readonly kind: "axis"; readonly axis: number } | { readonly kind: "rows" } | { readonly kind: "columns" };

/** Positions on axes. */
type Positions = ReadonlyMap<number, Expr>;

/** A contraction that `scheduleContract` made. Throws InternalError where it has no schedule. */
export function lowerContract(kernel: ContractKernel, target: CpuTarget): LoweredKernel {
  const filtered = filteredScheduleOf(kernel);
  if (filtered !== null) return rareKernels.get().lowerFiltered(kernel, filtered, target);
  const gradient = filteredGradientScheduleOf(kernel);
  if (gradient !== null) return rareKernels.get().lowerFilteredGradient(kernel, gradient, target);
  return new ContractLowering(kernel, target).lower();
}

class ContractLowering {
  readonly #kernel: ContractKernel;
  readonly #target: CpuTarget;
  readonly #schedule: ContractSchedule;
  readonly #frame = functionFrame("contract");
  readonly #buffers: readonly Expr[];
  readonly #epilogue: TileEpilogue;
  readonly #k: readonly number[];
  /** Results along the vectors of one panel. */
  readonly #width: number;
  readonly #fullPanels: number;
  /** Results beyond the full panels. */
  readonly #restColumns: number;
  /** Bytes of spilled sums of one unit. */
  readonly #spillBytes: number;
  /** Where the next tile's spilled sums stand. */
  readonly #spill: Variable = { name: "spill", type: "ptr" };

  constructor(kernel: ContractKernel, target: CpuTarget) {
    this.#kernel = kernel;
    this.#target = target;
    const schedule = scheduleOf(kernel);
    this.#schedule = schedule;
    const { form, tile, rowAxis, columnAxis, lanesAxis } = schedule;
    this.#k = axesOf(kernel, "k");
    this.#width = form === "dot" ? tile.vectors : tile.vectors * target.lanes;
    const columns = columnAxis === null ? 1 : kernel.axes[columnAxis]!.extent;
    this.#fullPanels = Math.floor(columns / this.#width);
    this.#restColumns = columns - this.#fullPanels * this.#width;
    const { body, parameters } = this.#frame;
    this.#buffers = kernel.buffers.map((_, buffer) => body.let(loadPtr(parameters, buffer), `buffer${buffer}`));
    this.#epilogue = new TileEpilogue(
      kernel,
      target,
      { rowAxis, columnAxis, lanesAxis: form === "dot" ? null : lanesAxis },
      parameters,
      this.#buffers,
    );
    const inner = schedule.innerAxes.reduce((product, axis) => product * kernel.axes[axis]!.extent, 1);
    const rowsPerUnit = schedule.rowAxis === null ? 1 : schedule.rowsPerUnit;
    this.#spillBytes =
      schedule.kBlock === null
        ? 0
        : spillBytes(rowsPerUnit * inner, Math.min(schedule.panelsPerUnit, this.#panels) * tile.vectors, target.lanes);
  }

  get #panels(): number {
    return this.#fullPanels + (this.#restColumns > 0 ? 1 : 0);
  }

  lower(): LoweredKernel {
    const { axes } = this.#kernel;
    const { rowAxis, rowsPerUnit, innerAxes, columnAxis, panelsPerUnit } = this.#schedule;
    const { body, from, to } = this.#frame;
    const coordinates = [...axes.keys()].filter(
      (axis) => axes[axis]!.role === "parallel" && axis !== rowAxis && axis !== columnAxis && !innerAxes.includes(axis),
    );
    const dimensions: Dimension[] = coordinates.map((axis) => ({ kind: "axis", axis }));
    const rowGroups = rowAxis === null ? 1 : Math.ceil(axes[rowAxis]!.extent / rowsPerUnit);
    const hasRowGroups = rowAxis !== null && (axes[rowAxis]!.dynamic || rowGroups > 1);
    if (hasRowGroups) dimensions.push({ kind: "rows" });
    const columnGroups = Math.ceil(this.#panels / panelsPerUnit);
    if (columnGroups > 1) dimensions.push({ kind: "columns" });
    const isDynamic = (d: Dimension): boolean => (d.kind === "axis" ? axes[d.axis]!.dynamic : d.kind === "rows" && axes[rowAxis!]!.dynamic);
    // Only the first extent may be unknown.
    dimensions.sort((a, b) => Number(isDynamic(b)) - Number(isDynamic(a)));
    const extents = dimensions.map((d) => (d.kind === "axis" ? axes[d.axis]!.extent : d.kind === "rows" ? rowGroups : columnGroups));
    forUnits(body, from, to, extents, (_, outer) => (inside, last) => {
      const found = [...outer, ...(last === null ? [] : [last])];
      const positions = new Map<number, Expr>();
      let row: Expr | null = null;
      let column: Expr | null = null;
      dimensions.forEach((d, i) => {
        if (d.kind === "axis") positions.set(d.axis, found[i]!);
        else if (d.kind === "rows") row = found[i]!;
        else column = found[i]!;
      });
      this.#unit(inside, positions, row, column);
    });
    const units = extents.reduce((product, extent) => product * extent, 1);
    const products = axes.reduce((product, axis) => product * axis.extent, 1);
    const nanoseconds = products / Math.max(1, units) / (this.#target.lanes * 4);
    const { unitCopy, lhsBlock } = this.#schedule;
    const copied = this.#panelCopyBytes + (unitCopy === null ? (lhsBlock?.elements ?? 0) * 4 : unitCopyBytes(unitCopy));
    const scratchBytes = this.#copyOffset + copied;
    return { code: this.#frame.finish(), scratchBytes: Math.ceil(scratchBytes / 64) * 64, units, grain: grainOf(units, nanoseconds) };
  }

  /** Extent of an axis: read at run time where it is dynamic. */
  #extent(block: Block, axis: number): Expr {
    const { extent, dynamic } = this.#kernel.axes[axis]!;
    return dynamic ? block.let(loadExtent(this.#kernel, this.#frame.parameters, axis), "extent") : i32(extent);
  }

  /** How an operand is stored. */
  #storage(side: "lhs" | "rhs"): Storage {
    return storageOf[this.#kernel.buffers[this.#kernel.accesses[this.#kernel[side]]!.buffer]!.dtype];
  }

  /** How tiles find an operand: what units copied of lhs is float32. */
  #tileStorage(side: "lhs" | "rhs"): Storage {
    const { unitCopy, lhsBlock } = this.#schedule;
    return side === "lhs" && (unitCopy !== null || lhsBlock !== null) ? "f32" : this.#storage(side);
  }

  /** Bytes from one position on an axis to the next, for tiles. */
  #step(side: "lhs" | "rhs", axis: number): number {
    const { lhsBlock } = this.#schedule;
    if (side === "lhs" && lhsBlock !== null) return blockStep(lhsBlock, axis) * 4;
    return this.#kernel.accesses[this.#kernel[side]]!.index.coefficients[axis]! * elementBytes[this.#tileStorage(side)];
  }

  /** The same in the operand itself (or the copy that a unit made before it walks through k). */
  #sourceStep(side: "lhs" | "rhs", axis: number): number {
    return this.#kernel.accesses[this.#kernel[side]]!.index.coefficients[axis]! * this.#sourceBytes(side);
  }

  #sourceBytes(side: "lhs" | "rhs"): number {
    return elementBytes[side === "lhs" && this.#schedule.unitCopy !== null ? "f32" : this.#storage(side)];
  }

  /** Pointer into an operand at positions. */
  #operand(block: Block, side: "lhs" | "rhs", positions: Positions): Expr {
    const access = this.#kernel.accesses[this.#kernel[side]]!;
    const base = advance(this.#buffers[access.buffer]!, i32(access.index.constant), this.#sourceBytes(side));
    return block.let(this.#moved(side, base, positions), side);
  }

  /** A pointer moved to positions in an operand. */
  #moved(side: "lhs" | "rhs", pointer: Expr, positions: Positions): Expr {
    const terms = [...positions].map(([axis, position]) => [position, this.#sourceStep(side, axis)] as const);
    return offsetPointer(pointer, terms, this.#sourceBytes(side));
  }

  /** Where a unit's copy of lhs stands in its scratch memory: behind spilled sums and the epilogue's values. */
  get #copyOffset(): number {
    const { rows, vectors } = this.#schedule.tile;
    return Math.ceil((this.#spillBytes + this.#epilogue.scratchBytes(rows, vectors)) / 64) * 64;
  }

  /** Bytes of the copy of a panel, or of a block of k of it. */
  get #panelCopyBytes(): number {
    const { copiesPanels, kBlock } = this.#schedule;
    if (!copiesPanels) return 0;
    return (kBlock === null ? this.#kernel.axes[this.#k[0]!]!.extent : kBlock.size) * this.#width * 4;
  }

  /** Pointer into what a unit at `positions` copied of lhs. */
  #copied(block: Block, copy: UnitCopy, positions: Positions): Expr {
    const { buffer, index } = this.#kernel.accesses[this.#kernel.lhs]!;
    const part = block.let(advance(this.#frame.scratch, i32(this.#copyOffset), 1), "part");
    rareKernels.get().emitUnitCopy(block, copy, positions, this.#buffers[buffer]!, part, this.#storage("lhs"), this.#target);
    return block.let(advance(part, i32(index.constant), 4), "lhs");
  }

  /** What one block of k reads of lhs, widened: what tiles then read, where row 0 would stand. `length`: steps along the blocked axis. */
  #widened(body: Block, plan: LhsBlock, lhs: Expr, rowGroup: Expr | null, length: number | Expr | null): Expr {
    const kernel = this.#kernel;
    const part = advance(this.#frame.scratch, i32(this.#copyOffset), 1);
    const rows = (): Expr => this.#extent(body, this.#schedule.rowAxis!);
    return rareKernels.get().widenedLhs(body, kernel, this.#schedule, { plan, lhs, part, rowGroup, length, rows }, this.#target);
  }

  #unit(block: Block, positions: Positions, rowGroup: Expr | null, columnGroup: Expr | null): void {
    const { unitCopy } = this.#schedule;
    const lhs = unitCopy === null ? this.#operand(block, "lhs", positions) : this.#copied(block, unitCopy, positions);
    const rhs = this.#operand(block, "rhs", positions);
    const { kBlock, lhsBlock } = this.#schedule;
    if (kBlock === null) {
      const loops = this.#k.map((axis) => this.#loop(axis, this.#kernel.axes[axis]!.extent));
      const read = lhsBlock === null ? lhs : this.#widened(block, lhsBlock, lhs, rowGroup, null);
      this.#panelsOf(block, { positions, rowGroup, columnGroup, lhs: read, rhs, loops, isFirst: null, isLast: null, panel: null });
      return;
    }
    const outer = this.#k.slice(0, kBlock.depth);
    const blocked = this.#k[kBlock.depth]!;
    const blockedExtent = this.#extent(block, blocked);
    const extents = outer.map((axis) => this.#extent(block, axis));
    const along = block.let(div(add(blockedExtent, i32(kBlock.size - 1)), i32(kBlock.size)), "along");
    const total = block.let(
      extents.reduce((product, extent) => mul(product, extent), along),
      "blocks",
    );
    const range = this.#range(block, positions, total);
    block.for("kBlock", range.from, range.to, 1, (body, index) => {
      let rest = index;
      const take = (extent: Expr): Expr => {
        const position = body.let(rem(rest, extent), "at");
        rest = body.let(div(rest, extent), "rest");
        return position;
      };
      // The outermost position is what remains.
      const start = body.let(mul(kBlock.depth === 0 ? rest : take(along), i32(kBlock.size)), "start");
      const at = new Map<number, Expr>([[blocked, start]]);
      for (let i = outer.length - 1; i >= 0; i--) at.set(outer[i]!, i === 0 ? rest : take(extents[i]!));
      const { extent, dynamic } = this.#kernel.axes[blocked]!;
      const isWhole = !dynamic && extent % kBlock.size === 0;
      const length = isWhole ? kBlock.size : body.let(min(i32(kBlock.size), sub(blockedExtent, start)), "length");
      const loops = [
        this.#loop(blocked, length),
        ...this.#k.slice(kBlock.depth + 1).map((axis) => this.#loop(axis, this.#kernel.axes[axis]!.extent)),
      ];
      const moved = (side: "lhs" | "rhs", pointer: Expr): Expr => body.let(this.#moved(side, pointer, at), side);
      const left = moved("lhs", lhs);
      body.set(this.#spill, this.#frame.scratch);
      this.#panelsOf(body, {
        positions,
        rowGroup,
        columnGroup,
        lhs: lhsBlock === null ? left : this.#widened(body, lhsBlock, left, rowGroup, length),
        rhs: moved("rhs", rhs),
        loops,
        panel: null,
        isFirst: body.let(eq(index, range.from), "isFirst"),
        isLast: body.let(eq(add(index, i32(1)), range.to), "isLast"),
      });
    });
  }

  /** Blocks of k of one unit: all, or the range that its position on the split axis names. */
  #range(block: Block, positions: Positions, total: Expr): { readonly from: Expr; readonly to: Expr } {
    const { splitAxis } = this.#schedule;
    if (splitAxis === null) return { from: i32(0), to: total };
    const splits = this.#extent(block, splitAxis);
    const range = positions.get(splitAxis)!;
    return {
      from: block.let(div(mul(range, total), splits), "first"),
      to: block.let(div(mul(add(range, i32(1)), total), splits), "end"),
    };
  }

  #loop(axis: number, extent: number | Expr): StepLoop {
    return { extent, lhsStep: this.#step("lhs", axis), rhsStep: this.#step("rhs", axis) };
  }

  /** Bytes from one panel of rhs to the next. */
  get #panelBytes(): number {
    const { panelStride, columnAxis } = this.#schedule;
    if (panelStride !== null) return panelStride * elementBytes[this.#storage("rhs")];
    return columnAxis === null ? 0 : this.#width * this.#step("rhs", columnAxis);
  }

  /** Whether the last panel, partly filled, goes through the same code as the full ones, under masks. */
  get #sharesLastPanel(): boolean {
    const { form, tile, panelStride } = this.#schedule;
    const { maskedTails, lanes } = this.#target;
    return (
      maskedTails &&
      form !== "dot" &&
      panelStride !== null &&
      this.#fullPanels > 0 &&
      this.#restColumns > (tile.vectors - 1) * lanes &&
      this.#epilogue.isVector
    );
  }

  #panelsOf(block: Block, pass: Pass): void {
    const { panelsPerUnit, form, tile } = this.#schedule;
    const { lanes } = this.#target;
    const sharesLast = this.#sharesLastPanel;
    const full = sharesLast ? this.#panels : this.#fullPanels;
    const single = this.#panels <= panelsPerUnit;
    const first = single ? i32(0) : block.let(mul(pass.columnGroup!, i32(panelsPerUnit)), "firstPanel");
    const end = single ? i32(full) : block.let(min(add(first, i32(panelsPerUnit)), i32(full)), "endPanel");
    const left = this.#fullPanels * this.#width + this.#restColumns - (tile.vectors - 1) * lanes;
    const lastOf = (body: Block, panel: Expr): Expr | null =>
      sharesLast ? body.let(sub(i32(left), mul(panel, i32(this.#width))), "lastLanes") : null;
    if (full === 1 && single) this.#panel(block, pass, i32(0), tile.vectors, null);
    else if (full > 0)
      block.for("panel", first, end, 1, (body, panel) => this.#panel(body, pass, panel, tile.vectors, lastOf(body, panel)));
    if (this.#restColumns === 0 || sharesLast) return;
    const vectors = form === "dot" ? this.#restColumns : Math.ceil(this.#restColumns / lanes);
    const count = this.#restColumns % lanes;
    const lastCount = form === "dot" || count === 0 ? null : count;
    const rest = (body: Block): void => this.#panel(body, pass, i32(full), vectors, lastCount);
    if (single) rest(block);
    // The last group of panels is the one that holds the rest.
    else block.if(lt(i32(full), add(first, i32(panelsPerUnit))), rest);
  }

  #panel(block: Block, pass: Pass, panel: Expr, vectors: number, lastCount: LastCount): void {
    const { columnAxis, form, innerAxes } = this.#schedule;
    const { axes } = this.#kernel;
    const rhs = block.let(advance(pass.rhs, panel, this.#panelBytes), "panelRhs");
    const lhs =
      form === "elementwise" ? block.let(advance(pass.lhs, panel, this.#width * this.#step("lhs", columnAxis!)), "panelLhs") : pass.lhs;
    const positions = new Map(pass.positions);
    if (columnAxis !== null) positions.set(columnAxis, block.let(mul(panel, i32(this.#width)), "column"));
    const nest = (body: Block, depth: number, left: Expr, at: Positions): void => {
      const axis = innerAxes[depth];
      if (axis === undefined) {
        this.#rows(body, { ...pass, panel, positions: at, lhs: left, rhs }, vectors, lastCount);
        return;
      }
      body.for("inner", i32(0), i32(axes[axis]!.extent), 1, (inside, position) => {
        nest(
          inside,
          depth + 1,
          inside.let(advance(left, position, this.#step("lhs", axis)), "innerLhs"),
          new Map([...at, [axis, position]]),
        );
      });
    };
    nest(block, 0, lhs, positions);
  }

  /** The tiles of a panel. Where units copy panels, all but the first find it in the copy that this one makes. */
  #rows(block: Block, stored: Pass, vectors: number, lastCount: LastCount): void {
    const { rowAxis, rowsPerUnit, tile, copiesPanels } = this.#schedule;
    if (rowAxis === null) {
      this.#tile(block, stored, i32(0), 1, vectors, lastCount);
      return;
    }
    const copy = copiesPanels ? block.let(advance(this.#frame.scratch, i32(this.#copyOffset), 1), "panelCopy") : null;
    const copying: Pass = { ...stored, copyTo: copy };
    const [loop] = stored.loops;
    const pass: Pass =
      copy === null ? stored : { ...stored, rhs: copy, loops: [{ ...loop!, rhsStep: vectors * this.#target.lanes * 4 }], isPadded: true };
    const { extent, dynamic } = this.#kernel.axes[rowAxis]!;
    if (!dynamic && rowsPerUnit >= extent) {
      let start = 0;
      for (const [size, count] of balancedRows(extent, tile.rows)) {
        const end = start + size * count;
        if (copy !== null && start === 0) {
          this.#tile(block, copying, i32(0), size, vectors, lastCount);
          start = size;
        }
        if (end - start === size) this.#tile(block, pass, i32(start), size, vectors, lastCount);
        else block.for("row", i32(start), i32(end), size, (body, row) => this.#tile(body, pass, row, size, vectors, lastCount));
        start = end;
      }
      return;
    }
    const first = block.let(mul(pass.rowGroup!, i32(rowsPerUnit)), "firstRow");
    const end = block.let(min(add(first, i32(rowsPerUnit)), this.#extent(block, rowAxis)), "endRow");
    const rest = block.let(rem(sub(end, first), i32(tile.rows)), "restRows");
    const full = block.let(sub(end, rest), "fullRows");
    if (copy !== null) {
      block.if(
        lt(first, full),
        (body) => this.#tile(body, copying, first, tile.rows, vectors, lastCount),
        (body) => emitPanelCopy(body, this.#tileOf(copying, tile.rows, vectors, lastCount), stored.rhs),
      );
    }
    const second = copy === null ? first : add(first, i32(tile.rows));
    block.for("row", second, full, tile.rows, (body, row) => this.#tile(body, pass, row, tile.rows, vectors, lastCount));
    if (!dynamic) {
      // Only the last unit has a rest, and it is known.
      const size = (extent % rowsPerUnit) % tile.rows;
      if (size > 0) block.if(lt(full, end), (body) => this.#tile(body, pass, full, size, vectors, lastCount));
      return;
    }
    const row = block.declare("restRow", full);
    const sizes = restSizes(tile.rows);
    sizes.forEach((size, i) => {
      const fits = lt(add(get(row), i32(size - 1)), end);
      const next = (body: Block): void => {
        this.#tile(body, pass, get(row), size, vectors, lastCount);
        body.set(row, add(get(row), i32(size)));
      };
      // At most one tile of this size where the sizes before it are its multiples by two.
      if ((sizes[i - 1] ?? tile.rows) <= 2 * size) block.if(fits, next);
      else block.while(fits, next);
    });
  }

  #tileOf(pass: Pass, rows: number, vectors: number, lastCount: LastCount): Tile {
    const { form, rowAxis, columnAxis, unroll, panelStride } = this.#schedule;
    const { lanes } = this.#target;
    return {
      form,
      rows,
      vectors,
      lanes,
      lhsStorage: this.#tileStorage("lhs"),
      rhsStorage: this.#tileStorage("rhs"),
      rowStride: rowAxis === null ? 0 : this.#step("lhs", rowAxis),
      vectorStride: form === "dot" ? (columnAxis === null ? 0 : this.#step("rhs", columnAxis)) : lanes * elementBytes[this.#storage("rhs")],
      lastCount,
      isPadded: panelStride !== null || pass.isPadded === true,
      loops: pass.loops,
      unroll,
      copyTo: pass.copyTo ?? null,
    };
  }

  #tile(block: Block, pass: Pass, row: Expr, rows: number, vectors: number, lastCount: LastCount): void {
    const { rowAxis } = this.#schedule;
    const { lanes } = this.#target;
    const sums = zeroAccumulators(block, rows, vectors);
    const tile = this.#tileOf(pass, rows, vectors, lastCount);
    const lhs = rowAxis === null ? pass.lhs : block.let(advance(pass.lhs, row, tile.rowStride), "tileLhs");
    const spilled = (r: number, v: number): ReturnType<typeof address> => address(get(this.#spill), (r * vectors + v) * lanes * 4);
    if (pass.isFirst !== null) {
      block.if(eq(pass.isFirst, i32(0)), (body) =>
        sums.forEach((line, r) => line.forEach((sum, v) => body.set(sum, loadVector("f32", spilled(r, v))))),
      );
    }
    if (this.#target.name !== "wasm") {
      const share = Math.min(this.#schedule.panelsPerUnit, this.#panels);
      const stepOf = (axis: number): number => this.#step("lhs", axis);
      rareKernels.get().prefetchNextBlock(block, this.#kernel, this.#schedule, { lhs, rows, panel: pass.panel, share, stepOf });
    }
    emitTileLoops(block, tile, lhs, pass.rhs, sums);
    const finish = (body: Block): void => {
      const position = (axis: number): Expr => (axis === rowAxis ? row : (pass.positions.get(axis) ?? i32(0)));
      const scratch = advance(this.#frame.scratch, i32(this.#spillBytes), 1);
      this.#epilogue.emit(body, sums, { rows, vectors, lastCount, position, scratch });
    };
    if (pass.isLast === null) {
      finish(block);
      return;
    }
    // The epilogue stands last, so that its values may take the registers of the sums.
    block.if(
      eq(pass.isLast, i32(0)),
      (body) => sums.forEach((line, r) => line.forEach((sum, v) => body.store("f32", spilled(r, v), get(sum)))),
      finish,
    );
    block.set(this.#spill, advance(get(this.#spill), i32(spillBytes(rows, vectors, lanes)), 1));
  }
}

/** Lanes of the last vector of a panel that exist; an expression: all, or fewer in the last panel; null: all. */
type LastCount = number | Expr | null;

/** One pass over the tiles of a unit: all of k, or one block. */
interface Pass {
  readonly positions: Positions;
  readonly rowGroup: Expr | null;
  readonly columnGroup: Expr | null;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly loops: readonly StepLoop[];
  /** Number of the panel; null: none is entered yet. */
  readonly panel: Expr | null;
  /** Where tiles copy the panel that they read. */
  readonly copyTo?: Expr | null;
  /** Whether rhs is such a copy. */
  readonly isPadded?: boolean;
  /** i32 conditions; null: k is done in one pass. */
  readonly isFirst: Expr | null;
  readonly isLast: Expr | null;
}
