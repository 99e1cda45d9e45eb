/** What happens to finished sums: bias, activation, residual and stores, in registers where that is short. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { InternalError } from "../../../../errors.ts";
import type { CpuTarget } from "../../target.ts";
import { add, address, advance, and, type Block, get, i32, load, loadVector, ltU } from "../block.ts";
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
    const { lanesAxis } = this.#axes;
    if (lanesAxis === null) this.#emitDot(block, sums, place, bases);
    else if (!this.#isLooped) this.#emitInline(block, sums, place, bases);
    else this.#emitLooped(block, sums, place, bases);
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
    options: { readonly vector: boolean; readonly count?: number | Expr; readonly sum: Expr },
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

  #store(block: Block, evaluator: Evaluator): void {
    for (const store of this.#kernel.stores) evaluator.store(block, store.access, store.value);
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

  #countOf(place: TilePlace, vector: number): { readonly count?: number | Expr } {
    return vector === place.vectors - 1 && place.lastCount !== null ? { count: place.lastCount } : {};
  }

  #emitInline(block: Block, sums: Accumulators, place: TilePlace, bases: ReadonlyMap<number, Expr>): void {
    const { lanes } = this.#target;
    for (let vector = 0; vector < place.vectors; vector++) {
      const around = (row: number): Surroundings =>
        this.#around(place, bases, row, vector * lanes, { vector: true, ...this.#countOf(place, vector), sum: get(sums[row]![vector]!) });
      const shared = this.#shared(block, around(0));
      for (let row = 0; row < place.rows; row++) this.#store(block, new Evaluator(this.#analysis, around(row), shared));
    }
  }

  /** Sums go through scratch, so that the code of a long epilogue stands there once per vector. */
  #emitLooped(block: Block, sums: Accumulators, place: TilePlace, bases: ReadonlyMap<number, Expr>): void {
    const { lanes } = this.#target;
    const rowBytes = place.vectors * lanes * 4;
    sums.forEach((row, r) => row.forEach((sum, v) => block.store("f32", address(place.scratch, r * rowBytes + v * lanes * 4), get(sum))));
    const overRows = (body: Block, build: (inside: Block, row: number | Expr, base: Expr) => void): void => {
      if (place.rows === 1) build(body, 0, place.scratch);
      else
        body.for("row", i32(0), i32(place.rows), 1, (inside, row) =>
          build(inside, row, inside.let(advance(place.scratch, row, rowBytes), "sums")),
        );
    };
    if (this.#isVector) {
      overRows(block, (body, row, base) => {
        for (let vector = 0; vector < place.vectors; vector++) {
          const sum = body.let(loadVector("f32", address(base, vector * lanes * 4)), "sum");
          this.#store(
            body,
            new Evaluator(
              this.#analysis,
              this.#around(place, bases, row, vector * lanes, { vector: true, ...this.#countOf(place, vector), sum }),
            ),
          );
        }
      });
      return;
    }
    const { lastCount } = place;
    if (typeof lastCount === "object" && lastCount !== null)
      throw new InternalError("contraction", "lanes are counted at run time where results are scalars", this.#kernel.label);
    const columns = (place.vectors - 1) * lanes + (lastCount ?? lanes);
    overRows(block, (body, row, base) => {
      body.for("column", i32(0), i32(columns), 1, (inside, column) => {
        const sum = inside.let(load("f32", address(advance(base, column, 4))), "sum");
        this.#store(inside, new Evaluator(this.#analysis, this.#around(place, bases, row, column, { vector: false, sum })));
      });
    });
  }

  /** Lanes are summed; every sum is one result. */
  #emitDot(block: Block, sums: Accumulators, place: TilePlace, bases: ReadonlyMap<number, Expr>): void {
    const total = (row: number, column: number): Expr => ({ op: "reduce", type: "f32", f: "add", x: get(sums[row]![column]!) });
    if (!this.#isLooped) {
      for (let row = 0; row < place.rows; row++) {
        for (let column = 0; column < place.vectors; column++) {
          const sum = block.let(total(row, column), "sum");
          this.#store(block, new Evaluator(this.#analysis, this.#around(place, bases, row, column, { vector: false, sum })));
        }
      }
      return;
    }
    for (let row = 0; row < place.rows; row++) {
      for (let column = 0; column < place.vectors; column++)
        block.store("f32", address(place.scratch, (row * place.vectors + column) * 4), total(row, column));
    }
    block.for("row", i32(0), i32(place.rows), 1, (body, row) => {
      const base = body.let(advance(place.scratch, row, place.vectors * 4), "sums");
      body.for("column", i32(0), i32(place.vectors), 1, (inside, column) => {
        const sum = inside.let(load("f32", address(advance(base, column, 4))), "sum");
        this.#store(inside, new Evaluator(this.#analysis, this.#around(place, bases, row, column, { vector: false, sum })));
      });
    });
  }
}

function mulBy(x: Expr, by: number): Expr {
  return by === 1 ? x : { op: "binary", type: "i32", f: "mul", x, y: i32(by) };
}
