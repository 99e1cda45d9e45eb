/** What happens to finished sums: bias, activation, residual and stores, in registers where that is short. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, and, type Block, get, i32, ltU, reduceLanes } from "../block.ts";
import { bodyWeight, usedAccesses } from "../cost.ts";
import {
  affineValue,
  type Analysis,
  analyse,
  argumentsOf,
  canVectorize,
  coefficient,
  elementBytes,
  Evaluator,
  hasAxis,
  loadFault,
  loadParameter,
  storageOf,
  storeRoots,
  type Surroundings,
} from "../expression.ts";
import type { Expr } from "../ir.ts";
import { rareKernels } from "../parts.ts";
import type { Accumulators } from "./tile-loops.ts";

/** Instructions per vector above which the epilogue is a loop over rows instead of a copy per row. */
const longestInline = 12;

/** Where a finished tile stands. */
export interface TilePlace {
  readonly rows: number;
  readonly vectors: number;
  /** Lanes of the last vector that exist, where they may be fewer than all. An expression only where sums are vectors of results. */
  readonly lastCount: number | Expr | null;
  /** i32 position on each parallel axis, of the tile's first row, column and lane. */
  readonly position: (axis: number) => Expr;
  /** Free scratch for the sums of one tile. */
  readonly scratch: Expr;
}

/** Lanes of a vector that exist, where they may be fewer than all. */
export interface Count {
  readonly count?: number | Expr;
}

/** A finished sum, or a vector of them. */
export interface SumOptions extends Count {
  readonly vector: boolean;
  readonly sum: Expr;
}

/** Emits what becomes of one sum, at a row and a column counted from the tile's first. `shared`: values that are known. */
export type StoreSums = (
  block: Block,
  row: number | Expr,
  column: number | Expr,
  options: SumOptions,
  shared?: ReadonlyMap<number, Expr>,
) => void;

/** Axes of the tile. */
export interface TileAxes {
  readonly rowAxis: number | null;
  readonly columnAxis: number | null;
  /** The axis of the lanes, where sums are vectors of results; null: sums are still to be combined over the lanes. */
  readonly lanesAxis: number | null;
}

/** Emits the epilogue of one contraction for tiles of any size. */
export class TileEpilogue {
  readonly #kernel: ContractKernel;
  readonly #target: CpuTarget;
  readonly #axes: TileAxes;
  readonly #parameters: Expr;
  readonly #buffers: readonly Expr[];
  readonly #analysis: Analysis;
  readonly #isVector: boolean;
  readonly #isLooped: boolean;
  readonly #accesses: readonly number[];

  /** `buffers`: pointers of the kernel's buffers. */
  constructor(kernel: ContractKernel, target: CpuTarget, axes: TileAxes, parameters: Expr, buffers: readonly Expr[]) {
    this.#kernel = kernel;
    this.#target = target;
    this.#axes = axes;
    this.#parameters = parameters;
    this.#buffers = buffers;
    const parallel = kernel.axes.reduce((set, axis, i) => (axis.role === "parallel" ? set | (1 << i) : set), 0);
    this.#analysis = analyse(kernel, kernel.epilogue, storeRoots(kernel, kernel.stores), parallel);
    this.#accesses = [...usedAccesses(this.#analysis, kernel.stores)];
    const { lanesAxis, columnAxis } = axes;
    const variesInGuard = (axis: number): boolean =>
      this.#accesses.some((a) => kernel.accesses[a]!.guards.some((guard) => coefficient(guard.index, axis) !== 0));
    this.#isVector = lanesAxis !== null && canVectorize(this.#analysis, lanesAxis, kernel.stores) && !variesInGuard(lanesAxis);
    const weight = columnAxis === null ? 0 : bodyWeight(this.#analysis, columnAxis);
    this.#isLooped = this.#isVector ? weight > longestInline : lanesAxis !== null || weight > longestInline;
  }

  /** Whether finished sums are handled as vectors of results. */
  get isVector(): boolean {
    return this.#isVector;
  }

  /** Bytes of scratch that a tile of so many sums needs. */
  scratchBytes(rows: number, vectors: number): number {
    return this.#isLooped ? rows * vectors * this.#target.lanes * 4 : 0;
  }

  emit(block: Block, sums: Accumulators, place: TilePlace): void {
    const bases = this.#pointers(block, place);
    const isDot = this.#axes.lanesAxis === null;
    const store: StoreSums = (inside, row, column, options, shared) => {
      const evaluator = new Evaluator(this.#analysis, this.#around(place, bases, row, column, options), shared);
      for (const { access, value } of this.#kernel.stores) evaluator.store(inside, access, value);
    };
    const { lanes } = this.#target;
    const countOf = (vector: number): Count => (vector === place.vectors - 1 && place.lastCount !== null ? { count: place.lastCount } : {});
    if (this.#isLooped) {
      const label = this.#kernel.label;
      rareKernels.get().emitLooped(block, sums, place, { isDot, isVector: this.#isVector, lanes, label, countOf, store });
      return;
    }
    if (isDot) {
      for (const [row, line] of sums.entries()) {
        for (let column = 0; column < place.vectors; column++)
          store(block, row, column, { vector: false, sum: block.let(reduceLanes("add", get(line[column]!)), "sum") });
      }
      return;
    }
    for (let vector = 0; vector < place.vectors; vector++) {
      const options = (row: number): SumOptions => ({ vector: true, ...countOf(vector), sum: get(sums[row]![vector]!) });
      const shared = this.#shared(block, this.#around(place, bases, 0, vector * lanes, options(0)));
      for (let row = 0; row < place.rows; row++) store(block, row, vector * lanes, options(row), shared);
    }
  }

  /** Pointer of each used access at the tile's first element. */
  #pointers(block: Block, place: TilePlace): ReadonlyMap<number, Expr> {
    const kernel = this.#kernel;
    return new Map(
      this.#accesses.map((position) => {
        const { buffer, index } = kernel.accesses[position]!;
        const bytes = elementBytes[storageOf[kernel.buffers[buffer]!.dtype]];
        let elements: Expr = i32(0);
        index.coefficients.forEach((c, axis) => {
          if (c !== 0 && kernel.axes[axis]!.role === "parallel") elements = add(elements, mulBy(place.position(axis), c));
        });
        return [position, block.let(advance(this.#buffers[buffer]!, elements, bytes), "out")] as const;
      }),
    );
  }

  /** Surroundings at `row`, `column` (positions from the tile's first; numbers where known). */
  #around(
    place: TilePlace,
    bases: ReadonlyMap<number, Expr>,
    row: number | Expr,
    column: number | Expr,
    options: SumOptions,
  ): Surroundings {
    const kernel = this.#kernel;
    const { rowAxis, columnAxis } = this.#axes;
    const shift = (axis: number): number | Expr => (axis === rowAxis ? row : axis === columnAxis ? column : 0);
    const position = (axis: number): Expr => {
      const by = shift(axis);
      return add(place.position(axis), typeof by === "number" ? i32(by) : by);
    };
    return {
      vectorAxis: options.vector ? this.#axes.lanesAxis : null,
      lanes: this.#target.lanes,
      ...(options.count === undefined ? {} : { count: options.count }),
      position,
      address: (a) => {
        const access = kernel.accesses[a]!;
        const bytes = elementBytes[storageOf[kernel.buffers[access.buffer]!.dtype]];
        let base = bases.get(a)!;
        let offset = access.index.constant * bytes;
        for (const axis of [rowAxis, columnAxis]) {
          if (axis === null) continue;
          const by = shift(axis);
          const step = coefficient(access.index, axis) * bytes;
          if (typeof by === "number") offset += by * step;
          else base = advance(base, by, step);
        }
        return address(base, offset);
      },
      guard: (a) =>
        kernel.accesses[a]!.guards.reduce<Expr | null>((all, guard) => {
          const holds = ltU(affineValue(guard.index, position), i32(guard.limit));
          return all === null ? holds : and(all, holds);
        }, null),
      parameter: (slot) => loadParameter(kernel, this.#parameters, slot),
      accumulator: () => options.sum,
      fault: () => loadFault(kernel, this.#parameters),
    };
  }

  /** Values that all rows share (a bias), found once. */
  #shared(block: Block, around: Surroundings): ReadonlyMap<number, Expr> {
    const { entries, depends, uses } = this.#analysis;
    const { rowAxis } = this.#axes;
    const found = new Map<number, Expr>();
    const evaluator = new Evaluator(this.#analysis, around);
    const isShared = (i: number): boolean =>
      !hasAxis(depends[i]!, rowAxis) && entries[i]!.op !== "constant" && entries[i]!.op !== "accumulator";
    entries.forEach((entry, i) => {
      if (uses[i] === 0 || isShared(i)) return;
      for (const argument of argumentsOf(this.#kernel, entry)) {
        if (!isShared(argument) || found.has(argument)) continue;
        found.set(argument, block.let(evaluator.value(block, argument), "shared"));
      }
    });
    return found;
  }
}

function mulBy(x: Expr, by: number): Expr {
  return by === 1 ? x : { op: "binary", type: "i32", f: "mul", x, y: i32(by) };
}
