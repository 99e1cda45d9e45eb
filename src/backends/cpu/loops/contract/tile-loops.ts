/** The innermost part of a contraction: a register tile of accumulators over the whole loop nest of k. */
import { add, address, advance, type Block, constant, fma, get, i32, loadSplat, loadVector, mul, rem, sub } from "../block.ts";
import { elementBytes } from "../expression.ts";
import type { Address, Expr, Storage, Variable } from "../ir.ts";

/** One loop over k. Steps are bytes. */
export interface StepLoop {
  /** A number where it is known when code is made. */
  readonly extent: number | Expr;
  readonly lhsStep: number;
  readonly rhsStep: number;
}

/** A register tile. Strides are bytes. */
export interface Tile {
  readonly form: "broadcast" | "elementwise" | "dot";
  readonly rows: number;
  readonly vectors: number;
  readonly lanes: number;
  /** How the operands are stored. A broadcast lhs is f32. */
  readonly lhsStorage: Storage;
  readonly rhsStorage: Storage;
  readonly rowStride: number;
  /** From one vector (dot: one column) of rhs to the next. */
  readonly vectorStride: number;
  /** broadcast, elementwise: lanes of the last vector that exist, where they may be fewer than all. Operands are not read beyond them. */
  readonly lastCount: number | Expr | null;
  /** Whether rhs may be read beyond the last lane (it is packed, and zero there). */
  readonly isPadded: boolean;
  /** Outermost first. `dot`: the last runs along the lanes. */
  readonly loops: readonly StepLoop[];
  readonly unroll: number;
  /** broadcast, one loop of k: where every step stores the vectors that it reads of rhs, one step after another; null: nowhere. */
  readonly copyTo?: Expr | null;
}

/** `accumulators[row][vector]`, declared by the caller. */
export type Accumulators = readonly (readonly Variable[])[];

/** Adds the products of all steps of k to the accumulators. */
export function emitTileLoops(block: Block, tile: Tile, lhs: Expr, rhs: Expr, sums: Accumulators): void {
  const [innermost, ...outer] = [...tile.loops].reverse();
  if (innermost === undefined) {
    emitSteps(block, tile, lhs, rhs, 0, 0, sums);
    return;
  }
  const nest = (body: Block, depth: number, left: Expr, right: Expr): void => {
    const loop = outer[depth];
    if (loop === undefined) {
      emitInnermost(body, tile, innermost, left, right, sums);
      return;
    }
    body.for("k", i32(0), extentExpr(loop), 1, (inside, k) => {
      nest(inside, depth - 1, inside.let(advance(left, k, loop.lhsStep), "lhs"), inside.let(advance(right, k, loop.rhsStep), "rhs"));
    });
  };
  nest(block, outer.length - 1, lhs, rhs);
}

function extentExpr(loop: StepLoop): Expr {
  return typeof loop.extent === "number" ? i32(loop.extent) : loop.extent;
}

function emitInnermost(block: Block, tile: Tile, loop: StepLoop, lhs: Expr, rhs: Expr, sums: Accumulators): void {
  const perStep = tile.form === "dot" ? tile.lanes : 1;
  const left = block.declare("a", lhs);
  const right = block.declare("b", rhs);
  const copied = tile.copyTo == null ? null : block.declare("copied", tile.copyTo);
  const copiedStep = tile.vectors * tile.lanes * 4;
  const advanceBoth = (body: Block, steps: number): void => {
    body.set(left, advance(get(left), i32(steps), loop.lhsStep));
    body.set(right, advance(get(right), i32(steps), loop.rhsStep));
    if (copied !== null) body.set(copied, advance(get(copied), i32(steps), copiedStep));
  };
  const unrolled = (body: Block, copies: number): void => {
    for (let copy = 0; copy < copies; copy++) {
      const offset = copy * perStep * loop.rhsStep;
      emitSteps(body, tile, get(left), get(right), copy * perStep * loop.lhsStep, offset, sums);
      if (copied !== null) copyStep(body, tile, address(get(right), offset), address(get(copied), copy * copiedStep), loop.rhsStep);
    }
  };
  if (typeof loop.extent !== "number") {
    const whole = block.let(sub(loop.extent, rem(loop.extent, i32(tile.unroll))), "whole");
    block.for("k", i32(0), whole, tile.unroll, (body) => {
      unrolled(body, tile.unroll);
      advanceBoth(body, tile.unroll);
    });
    if (tile.unroll > 1) {
      block.for("k", whole, loop.extent, 1, (body) => {
        unrolled(body, 1);
        advanceBoth(body, 1);
      });
    }
    return;
  }
  const vectors = Math.floor(loop.extent / perStep);
  const rest = loop.extent - vectors * perStep;
  const turns = Math.floor(vectors / tile.unroll);
  if (turns > 1) {
    block.for("k", i32(0), i32(turns), 1, (body) => {
      unrolled(body, tile.unroll);
      advanceBoth(body, tile.unroll * perStep);
    });
  }
  // What remains follows the pointers without a loop.
  const single = vectors - (turns > 1 ? turns * tile.unroll : 0);
  unrolled(block, single);
  const offset = single * perStep;
  if (rest > 0) emitSteps(block, tile, get(left), get(right), offset * loop.lhsStep, offset * loop.rhsStep, sums, rest);
}

/** Copies a panel, as the steps of a tile with `copyTo` do. */
export function emitPanelCopy(block: Block, tile: Tile, rhs: Expr): void {
  const loop = tile.loops[0]!;
  block.for("k", i32(0), extentExpr(loop), 1, (body, k) => {
    const from = body.let(advance(rhs, k, loop.rhsStep), "from");
    copyStep(body, tile, address(from), address(body.let(advance(tile.copyTo!, k, tile.vectors * tile.lanes * 4), "to")), loop.rhsStep);
  });
}

/** Steps of k ahead of which rows of rhs are asked for, where they are copied. */
const stepsAhead = 24;

/** Copies what one step reads of rhs, lanes that do not exist as zeros, and asks for what a later one will. */
function copyStep(block: Block, tile: Tile, from: Address, to: Address, step: number): void {
  for (let vector = 0; vector < tile.vectors; vector++) {
    const offset = vector * tile.vectorStride;
    const count = vector === tile.vectors - 1 && tile.lastCount !== null ? tile.lastCount : undefined;
    block.prefetch(address(from.base, from.offset + offset + stepsAhead * step));
    block.store(
      "f32",
      address(to.base, to.offset + vector * tile.lanes * 4),
      loadVector("f32", address(from.base, from.offset + offset), count),
    );
  }
}

/** One step of k (dot: one vector of steps, or its first `count` lanes): loads each operand once and multiplies all pairs. */
function emitSteps(
  block: Block,
  tile: Tile,
  lhs: Expr,
  rhs: Expr,
  lhsOffset: number,
  rhsOffset: number,
  sums: Accumulators,
  count?: number,
): void {
  const { form, rows, vectors, lanes } = tile;
  const countOf = (vector: number): number | Expr | undefined => {
    if (form === "dot") return count;
    return vector === vectors - 1 && tile.lastCount !== null ? tile.lastCount : undefined;
  };
  const rhsVector = (vector: number): Expr =>
    loadVector(tile.rhsStorage, address(rhs, rhsOffset + vector * tile.vectorStride), tile.isPadded ? undefined : countOf(vector));
  const lhsVector = (row: number, vector: number): Expr => {
    const offset = lhsOffset + row * tile.rowStride;
    if (form === "broadcast") return loadSplat("f32", address(lhs, offset));
    if (form === "dot") return loadVector(tile.lhsStorage, address(lhs, offset), count);
    return loadVector(tile.lhsStorage, address(lhs, offset + vector * lanes * elementBytes[tile.lhsStorage]), countOf(vector));
  };
  const accumulate = (row: number, vector: number, x: Expr, y: Expr): void => {
    const sum = sums[row]![vector]!;
    block.set(sum, fma(x, y, get(sum)));
  };
  if (rows === 1 && form !== "elementwise") {
    const x = block.let(lhsVector(0, 0), "x");
    for (let vector = 0; vector < vectors; vector++) accumulate(0, vector, x, rhsVector(vector));
    return;
  }
  const ys = Array.from({ length: vectors }, (_, vector) => block.let(rhsVector(vector), "y"));
  for (let row = 0; row < rows; row++) {
    if (form === "elementwise") {
      for (let vector = 0; vector < vectors; vector++) accumulate(row, vector, lhsVector(row, vector), ys[vector]!);
      continue;
    }
    const x = block.let(lhsVector(row, 0), "x");
    for (let vector = 0; vector < vectors; vector++) accumulate(row, vector, x, ys[vector]!);
  }
}

/** Accumulators at zero. */
export function zeroAccumulators(block: Block, rows: number, vectors: number): Accumulators {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: vectors }, (__, vector) => block.declare(`c${row}_${vector}`, constant("f32v", 0))),
  );
}

/** Bytes that spilled accumulators of a tile take. */
export function spillBytes(rows: number, vectors: number, lanes: number): number {
  return rows * vectors * lanes * 4;
}

/** Sum of products of positions and byte strides, from a pointer to elements of `bytes`. */
export function offsetPointer(pointer: Expr, terms: readonly (readonly [Expr, number])[], bytes: number): Expr {
  const used = terms.filter(([position, stride]) => stride !== 0 && !(position.op === "const" && position.value === 0));
  if (used.length === 1) return advance(pointer, used[0]![0], used[0]![1]);
  // Element offsets are summed first: one conversion to a pointer.
  const elements = used.reduce<Expr>((sum, [position, stride]) => add(sum, mul(position, i32(stride / bytes))), i32(0));
  return advance(pointer, elements, bytes);
}
