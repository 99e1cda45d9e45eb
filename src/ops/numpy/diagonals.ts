/** Diagonals of matrices, and matrices of diagonals. */
import { isByte } from "../../dtype/index.ts";
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike } from "../promote.ts";
import { permute, sliceAxis } from "./shaping.ts";

/** Options of `diagonal` and `trace`. */
export interface DiagonalOptions {
  /** Which diagonal: 0 (default) the main one, positive above it. */
  offset?: number;
  /** Axis of the rows. Default 0. */
  axis1?: number;
  /** Axis of the columns. Default 1. */
  axis2?: number;
}
/** `f(x, offset, axis1, axis2)`, or with one options object. */
export type DiagonalOp = (x: TensorLike, offset?: number | DiagonalOptions, axis1?: number, axis2?: number) => Tensor;
type Rest = [(number | DiagonalOptions)?, number?, number?];

/**
 * The diagonal of the last two axes as the last axis: a reshape under which steps along the diagonal are steps along one
 * axis. Shapes: [.., rows, columns] -> [.., n].
 */
export function diagonalOf(x: Tensor, offset: number): Tensor {
  const shape = concreteShape(x);
  const [rowAxis, columnAxis] = [x.rank - 2, x.rank - 1];
  const [rows, columns] = [shape[rowAxis]!, shape[columnAxis]!];
  const count = Math.max(0, Math.min(offset >= 0 ? rows : rows + offset, offset >= 0 ? columns - offset : columns));
  const lead = shape.slice(0, -2);
  if (count === 0) return P.reshape(sliceAxis(sliceAxis(x, rowAxis, 0, 0), columnAxis, 0, Math.min(1, columns)), [...lead, 0]);
  const [top, left] = [Math.max(0, -offset), Math.max(0, offset)];
  const square = sliceAxis(sliceAxis(x, rowAxis, top, top + count), columnAxis, left, left + count);
  // Row i of [n, n + 1], flattened from [n, n] padded by one column, begins at the diagonal's place.
  const low = square.rank === 0 ? [] : concreteShape(square).map(() => 0);
  const high = low.map((_, axis) => (axis === columnAxis ? 1 : 0));
  const padded = P.reshape(P.pad(square, P.constant(0, x.dtype), low, high), [...lead, count * (count + 1)]);
  const skewed = P.reshape(padded, [...lead, count * (count + 1)]);
  const picked = P.slice(
    skewed,
    skewed.shape.map(() => 0),
    concreteShape(skewed),
    skewed.shape.map((_, axis) => (axis === lead.length ? count + 2 : 1)),
  );
  return sliceAxis(picked, lead.length, 0, count);
}

/** `x` with the two axes moved to the end. */
function withMatricesLast(x: Tensor, axis1: number, axis2: number): Tensor {
  if (x.rank < 2) {
    throw new ShapeError({
      where: currentScope(),
      problem: "a diagonal needs two axes",
      expected: "rank 2 at least",
      received: formatShape(x.shape),
    });
  }
  const [row, column] = [normalizeAxis(currentScope(), axis1, x.rank), normalizeAxis(currentScope(), axis2, x.rank)];
  if (row === column)
    throw new ShapeError({ where: currentScope(), problem: "axis1 and axis2 are the same", received: `${axis1} and ${axis2}` });
  return permute(x, [...x.shape.map((_, axis) => axis).filter((axis) => axis !== row && axis !== column), row, column]); // prettier-ignore
}

/** The diagonal of two axes, which becomes the last axis. */
export const diagonal: DiagonalOp = defineOp("diagonal", (x: TensorLike, ...rest: Rest) => {
  const { offset = 0, axis1 = 0, axis2 = 1 } = options<DiagonalOptions>(["offset", "axis1", "axis2"], rest);
  return diagonalOf(withMatricesLast(asTensor(x), axis1, axis2), offset);
});

/** Sum of the diagonal of two axes. Booleans and bytes are summed as int32. */
export const trace: DiagonalOp = defineOp("trace", (x: TensorLike, ...rest: Rest) => {
  const { offset = 0, axis1 = 0, axis2 = 1 } = options<DiagonalOptions>(["offset", "axis1", "axis2"], rest);
  const given = asTensor(x);
  const t = isByte(given.dtype) ? P.convert(given, "int32") : given;
  const found = diagonalOf(withMatricesLast(t, axis1, axis2), offset);
  return P.reduceSum(found, [found.rank - 1]);
});

/** A matrix of zeros with a vector on its k-th diagonal. Shapes: [.., n] -> [.., n + |k|, n + |k|]. */
export function matrixOfDiagonal(x: Tensor, k = 0): Tensor {
  const shape = concreteShape(x);
  const lead = shape.slice(0, -1);
  const size = shape.at(-1)! + Math.abs(k);
  const low = shape.map((_, axis) => (axis === lead.length ? Math.max(0, k) : 0));
  const high = shape.map((_, axis) => (axis === lead.length ? Math.max(0, -k) : 0));
  // One value per column: the row is the column less k.
  const columns = P.pad(x, P.constant(0, x.dtype), low, high);
  const full = [...lead, size, size];
  const spread = P.broadcastInDim(columns, full, [...lead.map((_, axis) => axis), lead.length + 1]);
  const gap = P.subtract(P.iota(full, full.length - 1, "int32"), P.iota(full, full.length - 2, "int32"));
  return P.select(P.equal(gap, constantLike(k, gap)), spread, constantLike(0, spread));
}

/** Of a vector: a matrix with it on the k-th diagonal. Of a matrix: its k-th diagonal. */
export const diag: (x: TensorLike, k?: number | { k?: number }) => Tensor = defineOp(
  "diag",
  (x: TensorLike, ...rest: [(number | { k?: number })?]) => {
    const { k = 0 } = options<{ k: number }>(["k"], rest);
    const t = asTensor(x);
    if (t.rank === 1) return matrixOfDiagonal(t, k);
    if (t.rank === 2) return diagonalOf(t, k);
    throw new ShapeError({
      where: currentScope(),
      problem: "needs a vector or a matrix",
      expected: "rank 1 or 2",
      received: formatShape(t.shape),
      advice: "use ops.diagonal with two axes",
    });
  },
);
/** A matrix with the flattened tensor on its k-th diagonal. */
export const diagflat: (x: TensorLike, k?: number | { k?: number }) => Tensor = defineOp(
  "diagflat",
  (x: TensorLike, ...rest: [(number | { k?: number })?]) => {
    const { k = 0 } = options<{ k: number }>(["k"], rest);
    const t = asTensor(x);
    return matrixOfDiagonal(P.reshape(t, [t.size]), k);
  },
);
