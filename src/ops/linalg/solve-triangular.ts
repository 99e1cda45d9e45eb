/** Systems of equations with triangular matrices. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, sizeOf, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { promote } from "../promote.ts";
import { batchOf, diagonals, loop, lowerPart, outerProducts, product, transposed, unbatched, upperPart } from "./batched.ts";

/**
 * `op(a)^-1 b` of batches [b, n, n] and [b, n, k] by substitution, n steps; `transpose`: of the transposed matrix. Only the
 * triangle that `lower` names is read. The gradient: `gb = op(a)^-T g`, `ga = -gb x^T` (transposed: `-x gb^T`) on the triangle.
 */
export function solveTriangularBatch(a: Tensor, b: Tensor, lower: boolean, transpose = false): Tensor {
  const n = a.dim(1);
  // Column i of op(a), without what the step before has used up.
  const isLower = lower !== transpose;
  const matrix = transpose ? transposed(a) : a;
  const below = isLower ? lowerPart(matrix, 1) : upperPart(matrix, 1);
  const columns = P.transpose(below, [2, 0, 1]);
  const pivots = P.transpose(diagonals(a), [1, 0]);
  const { outputs } = loop(n, { init: [b], xs: [columns, pivots], reverse: !isLower }, (i, [rest], [column, pivot]) => {
    const row = P.take(rest!, i, 1, "clamp");
    const x = P.divide(row, P.broadcastInDim(pivot!, concreteShape(row), [0]));
    return { carries: [P.subtract(rest!, outerProducts(column!, x))], outputs: [x] };
  });
  const value = P.transpose(outputs[0]!, [1, 0, 2]);
  const out: Tensor = P.withGradient(value, [a, b], (cotangent) => {
    const gb = solveTriangularBatch(a, cotangent, lower, !transpose);
    const full = P.negate(transpose ? product(out, gb, false, true) : product(gb, out, false, true));
    return [lower ? lowerPart(full) : upperPart(full), gb];
  });
  return out;
}

/** Right-hand sides [.., n] or [.., n, k] of a system with matrices [lead.., n, n], as a batch [b, n, k]. */
export function rightSides(a: Tensor, b: Tensor): { sides: Tensor; restore: (x: Tensor) => Tensor } {
  const [as, bs] = [concreteShape(a), concreteShape(b)];
  const lead = as.slice(0, -2);
  const isVector = b.rank === a.rank - 1;
  const shape = isVector ? [...bs, 1] : bs;
  const fits = (isVector || b.rank === a.rank) && lead.every((extent, axis) => shape[axis] === extent) && shape.at(-2) === as.at(-2);
  if (!fits) {
    throw new ShapeError({
      where: currentScope(),
      problem: "the right-hand side does not fit the matrix",
      expected: `${formatShape([...lead, as.at(-2)!])} or ${formatShape([...lead, as.at(-2)!])} with one more axis`,
      received: `${formatShape(bs)} for a matrix of shape ${formatShape(as)}`,
    });
  }
  return {
    sides: P.reshape(b, [sizeOf(lead), ...shape.slice(-2)]),
    restore: (x) => (isVector ? P.reshape(x, [...lead, x.dim(1)]) : unbatched(x, lead)),
  };
}

/**
 * The solution of `a x = b` for a triangular matrix: lower triangular where `lower`, else upper (default). The other
 * triangle is not read. Shapes: a [.., n, n], b [.., n] or [.., n, k] -> b's. Throws ShapeError where they do not fit.
 */
export const solveTriangular: (a: TensorLike, b: TensorLike, lower?: boolean | { lower?: boolean }) => Tensor = defineOp(
  "solveTriangular",
  (a: TensorLike, b: TensorLike, ...rest: [(boolean | { lower?: boolean })?]) => {
    const { lower = false } = options<{ lower: boolean }>(["lower"], rest);
    const [left, right] = promote([asTensor(a), asTensor(b)], true) as [Tensor, Tensor];
    const { matrices } = batchOf(left, true);
    const { sides, restore } = rightSides(left, right);
    return restore(solveTriangularBatch(matrices, sides, lower));
  },
);
