/** Eigenvalues and eigenvectors of symmetric matrices, by Jacobi's method. */
import { concreteShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike } from "../promote.ts";
import { batchOf, diagonalMatrices, diagonals, identities, lowerPart, product, transposed, unbatched, withGradients } from "./batched.ts"; // prettier-ignore
import { rotatedRows, sweeps } from "./jacobi.ts";

/** Relative size of what is left beside the diagonal, squared sums of a sweep: below the roundoff of either dtype. */
const tolerances = { float32: 3e-8, float64: 1e-16 };

/**
 * Eigenvalues [b, n], ascending, and eigenvectors as columns [b, n, n] of symmetric matrices. The gradient (Giles 2008, An
 * extended collection of matrix derivative results, 3.1): `V (diag(gw) + F * V^T gV) V^T`, `F_ij = 1 / (w_j - w_i)`;
 * where eigenvalues are equal the vectors are not settled and F is 0.
 */
export function eighBatch(a: Tensor): [Tensor, Tensor] {
  const [batch, n] = concreteShape(a) as [number, number];
  const tolerance = a.dtype === "float64" ? tolerances.float64 : tolerances.float32;
  const size = P.sqrt(P.reduceSum(P.multiply(a, a), [1, 2]));
  const none = constantLike(0, size);
  const scale = P.select(P.equal(size, none), constantLike(1, size), size);
  const unit = P.divide(a, P.broadcastInDim(scale, [batch, n, n], [0]));
  const [diagonal, vectors] = sweeps(
    [unit, identities(batch, n, n, a.dtype)],
    tolerance,
    ([matrix], partner) => {
      const index = P.broadcastInDim(partner, [batch, n, 1], [1]);
      const cross = P.reshape(P.takeAlongAxis(matrix!, index, 2, "clamp"), [batch, n]);
      const place = P.iota([batch, n], 1, "int32");
      const isAlone = P.equal(place, P.broadcastInDim(partner, [batch, n], [1]));
      const off = P.select(isAlone, constantLike(0, cross), P.abs(cross));
      return { own: diagonals(matrix!), cross, measure: P.reduceMax(off, [0, 1]) };
    },
    ([matrix, rows], rotation) => [rotatedRows(transposed(rotatedRows(matrix!, rotation)), rotation), rotatedRows(rows!, rotation)],
  ) as [Tensor, Tensor];
  const { values, positions } = P.sort(diagonals(diagonal), 1);
  const w = P.multiply(values, P.broadcastInDim(scale, [batch, n], [0]));
  const sorted = P.takeAlongAxis(vectors, P.broadcastInDim(positions, [batch, n, n], [0, 1]), 1, "clamp");
  const v = transposed(sorted);
  return withGradients([w, v], [a], ([gw, gv]) => {
    const shape = [batch, n, n];
    const gap = P.subtract(P.broadcastInDim(w, shape, [0, 2]), P.broadcastInDim(w, shape, [0, 1]));
    const zero = constantLike(0, gap);
    const equal = P.equal(gap, zero);
    const f = P.select(equal, zero, P.divide(constantLike(1, gap), P.select(equal, constantLike(1, gap), gap)));
    const inner = P.add(diagonalMatrices(gw!), P.multiply(f, product(v, gv!, true)));
    return [product(product(v, inner), v, false, true)];
  }) as [Tensor, Tensor];
}

/**
 * Eigenvalues, ascending, and eigenvectors (columns, up to their signs) of symmetric matrices: the lower triangle is read.
 * Shapes: [.., n, n] -> [.., n], [.., n, n].
 */
export const eigh: (x: TensorLike) => [Tensor, Tensor] = defineOp("eigh", (x: TensorLike): [Tensor, Tensor] => {
  const { matrices, lead } = batchOf(x, true);
  const symmetric = P.add(lowerPart(matrices), transposed(lowerPart(matrices, 1)));
  const [w, v] = eighBatch(symmetric);
  return [unbatched(w, lead), unbatched(v, lead)];
});
