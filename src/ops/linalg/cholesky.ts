/** Cholesky's factorization of positive definite matrices, and what follows from it. */
import type { Tensor } from "../../graph/index.ts";
import { concreteShape } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike } from "../promote.ts";
import { batchOf, diagonals, identities, loop, lowerPart, outerProducts, product, spread, transposed, unbatched } from "./batched.ts";
import { solveTriangularBatch } from "./solve-triangular.ts";

/**
 * The lower triangular L with `L L^T = a` of [b, n, n], column by column; only the lower triangle of a is read. NaN where a
 * matrix is not positive definite. The gradient (Murray 2016, arXiv:1602.07527) is symmetric:
 * `S = L^-T tri(L^T g) L^-1`, halved diagonal, `(S + S^T) / 2`.
 */
export function choleskyBatch(a: Tensor): Tensor {
  const n = a.dim(1);
  const { outputs } = loop(n, { init: [a] }, (i, [rest]) => {
    const column = P.take(rest!, i, 2, "clamp");
    const pivot = P.take(column, i, 1, "clamp");
    const scaled = P.divide(column, P.broadcastInDim(P.sqrt(pivot), concreteShape(column), [0]));
    const row = P.iota(concreteShape(column), 1, "int32");
    const l = P.select(P.greaterEqual(row, spread(i, row)), scaled, constantLike(0, column));
    return { carries: [P.subtract(rest!, outerProducts(l, l))], outputs: [l] };
  });
  const out: Tensor = P.withGradient(P.transpose(outputs[0]!, [1, 2, 0]), [a], (cotangent) => {
    const middle = product(out, cotangent, true);
    const half = P.multiply(P.add(lowerPart(middle), lowerPart(middle, 1)), constantLike(0.5, middle));
    const left = solveTriangularBatch(out, half, true, true);
    const s = transposed(solveTriangularBatch(out, transposed(left), true, true));
    return [P.multiply(P.add(s, transposed(s)), constantLike(0.5, s))];
  });
  return out;
}

/**
 * Cholesky's factor of positive definite matrices: lower triangular L with `x = L L^T`, or with `upper` its transpose. The
 * lower triangle of x is read. A matrix that is not positive definite gives NaN. Shapes: [.., n, n] -> the same.
 */
export const cholesky: (x: TensorLike, upper?: boolean | { upper?: boolean }) => Tensor = defineOp(
  "cholesky",
  (x: TensorLike, ...rest: [(boolean | { upper?: boolean })?]) => {
    const { upper = false } = options<{ upper: boolean }>(["upper"], rest);
    const { matrices, lead } = batchOf(x, true);
    const factor = choleskyBatch(matrices);
    return unbatched(upper ? transposed(factor) : factor, lead);
  },
);

/** The inverse of `L L^T` (with `upper`: of `U^T U`) from the triangular factor. Shapes: [.., n, n] -> the same. */
export const choleskyInverse: (x: TensorLike, upper?: boolean | { upper?: boolean }) => Tensor = defineOp(
  "choleskyInverse",
  (x: TensorLike, ...rest: [(boolean | { upper?: boolean })?]) => {
    const { upper = false } = options<{ upper: boolean }>(["upper"], rest);
    const { matrices, lead } = batchOf(x, true);
    const [batch, n] = concreteShape(matrices) as [number, number];
    const eye = identities(batch, n, n, matrices.dtype);
    const inverse = solveTriangularBatch(matrices, eye, !upper);
    return unbatched(upper ? product(inverse, inverse, false, true) : product(inverse, inverse, true), lead);
  },
);

/** `log(det(x))` of symmetric positive definite matrices, by Cholesky's factor. Shapes: [.., n, n] -> [..]. */
export const logdet: (x: TensorLike) => Tensor = defineOp("logdet", (x: TensorLike) => {
  const { matrices, lead } = batchOf(x, true);
  const logs = P.log(diagonals(choleskyBatch(matrices)));
  const total = P.reduceSum(logs, [1]);
  return unbatched(P.multiply(total, constantLike(2, total)), lead);
});
