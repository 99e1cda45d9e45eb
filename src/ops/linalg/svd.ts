/** Singular values and vectors, by Jacobi's rotations of one side (Hestenes 1958) after a QR factorization. */
import { concreteShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike } from "../promote.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { batchOf, columnsScaled, diagonals, identities, product, transposed, unbatched, withGradients } from "./batched.ts";
import { rotatedRows, sweeps } from "./jacobi.ts";
import { qrBatch } from "./qr.ts";

/** Largest cosine between two rows that counts as a right angle. */
const tolerances = { float32: 2.5e-7, float64: 4e-16 };

/** U, singular values (descending) and V^T. */
export interface Svd {
  readonly u: Tensor;
  readonly s: Tensor;
  readonly vt: Tensor;
}

/** Values alone, for m >= n: U [b, m, m], s [b, n], V [b, n, n] as V^T. */
function tall(a: Tensor): Svd {
  const [batch, m, n] = concreteShape(a) as [number, number, number];
  const [q, r] = qrBatch(a, true);
  // Rows of this are the columns of R; they are turned until they are orthogonal: W = R V.
  const rows = transposed(sliceAxis(r, 1, 0, n));
  const tolerance = a.dtype === "float64" ? tolerances.float64 : tolerances.float32;
  const [w, v] = sweeps(
    [rows, identities(batch, n, n, a.dtype)],
    tolerance,
    ([x], partner) => {
      const own = P.reduceSum(P.multiply(x!, x!), [2]);
      const cross = P.reduceSum(P.multiply(x!, P.take(x!, partner, 1, "clamp")), [2]);
      const zero = constantLike(0, own);
      const isAlone = P.equal(P.iota([batch, n], 1, "int32"), P.broadcastInDim(partner, [batch, n], [1]));
      const both = P.multiply(P.sqrt(own), P.sqrt(P.take(own, partner, 1, "clamp")));
      const isOff = P.or(isAlone, P.equal(both, zero));
      const cosine = P.select(isOff, zero, P.divide(P.abs(cross), P.select(isOff, constantLike(1, own), both)));
      // Rows that are orthogonal already stay: their rotation would be rounding.
      const isSmall = P.lessEqual(cosine, constantLike(tolerance, own));
      return { own, cross: P.select(isSmall, zero, cross), measure: P.reduceMax(cosine, [0, 1]) };
    },
    ([x, y], rotation) => [rotatedRows(x!, rotation), rotatedRows(y!, rotation)],
  ) as [Tensor, Tensor];
  const sizes = P.sqrt(P.reduceSum(P.multiply(w, w), [2]));
  const { values: s, positions } = P.sort(sizes, 1, true);
  const order = P.broadcastInDim(positions, [batch, n, n], [0, 1]);
  const sortedW = P.takeAlongAxis(w, order, 1, "clamp");
  const vt = P.takeAlongAxis(v, order, 1, "clamp");
  // W = Q2 diag(+-s): Q2 is orthogonal even where singular values are 0.
  const [q2, r2] = qrBatch(transposed(sortedW), true);
  const signs = P.select(P.less(diagonals(r2), constantLike(0, s)), constantLike(-1, s), constantLike(1, s));
  const turned = columnsScaled(q2, signs);
  const front = product(sliceAxis(q, 2, 0, n), turned);
  return { u: m === n ? front : P.concatenate([front, sliceAxis(q, 2, n, m)], 2), s, vt };
}

/** Values alone, any shape, U and V whole. */
function values(a: Tensor): Svd {
  if (a.dim(1) >= a.dim(2)) return tall(a);
  const { u, s, vt } = tall(transposed(a));
  return { u: transposed(vt), s, vt: transposed(u) };
}

/**
 * Singular value decomposition of [b, m, n]: U [b, m, m], s [b, k], V^T [b, n, n]. With `P = U^T da V` on the first k places
 * and differences of squares `F_ij = 1 / (s_j^2 - s_i^2)`, dU = U X and dV = V Y for antisymmetric X and Y
 * (Townsend 2016, Differentiating the singular value decomposition); vectors beyond the k-th turn with the others only.
 */
export function svdBatch(a: Tensor): Svd {
  const { u, s, vt } = values(a);
  const [batch, m, n] = concreteShape(a) as [number, number, number];
  const k = Math.min(m, n);
  const [gu, gs, gv] = withGradients([u, s, vt], [a], ([cu, cs, cvt]) => {
    const antisymmetric = (x: Tensor): Tensor => P.subtract(x, transposed(x));
    const x = antisymmetric(product(u, cu!, true));
    const y = antisymmetric(product(vt, cvt!, false, true));
    const square = [batch, k, k];
    const rowValue = P.broadcastInDim(s, square, [0, 1]);
    const columnValue = P.broadcastInDim(s, square, [0, 2]);
    const gap = P.multiply(P.subtract(columnValue, rowValue), P.add(columnValue, rowValue));
    const zero = constantLike(0, gap);
    const isEqual = P.equal(gap, zero);
    const f = P.select(isEqual, zero, P.divide(constantLike(1, gap), P.select(isEqual, constantLike(1, gap), gap)));
    const corner = (z: Tensor): Tensor => sliceAxis(sliceAxis(z, 1, 0, k), 2, 0, k);
    const turning = P.multiply(f, P.add(P.multiply(columnValue, corner(x)), P.multiply(rowValue, corner(y))));
    const growth = columnsScaled(identities(batch, k, k, a.dtype), cs!);
    const top = P.add(growth, turning);
    const inverse = P.select(P.equal(s, constantLike(0, s)), constantLike(0, s), P.divide(constantLike(1, s), s));
    let middle = top;
    if (m > n) middle = P.concatenate([top, columnsScaled(sliceAxis(sliceAxis(x, 1, n, m), 2, 0, n), inverse)], 1);
    if (n > m) {
      const beside = columnsScaled(sliceAxis(sliceAxis(y, 1, m, n), 2, 0, m), inverse);
      middle = P.concatenate([top, transposed(beside)], 2);
    }
    return [product(product(u, middle), vt)];
  });
  return { u: gu!, s: gs!, vt: gv! };
}

/** Singular values of [b, m, n], descending: [b, min(m, n)]. */
export function singularValues(a: Tensor): Tensor {
  return svdBatch(a).s;
}

/** The decomposition with the first k = min(m, n) vectors alone: U [b, m, k], s [b, k], V^T [b, k, n]. */
export function thinSvd(a: Tensor): Svd {
  const { u, s, vt } = svdBatch(a);
  const k = s.dim(1);
  return { u: sliceAxis(u, 2, 0, k), s, vt: sliceAxis(vt, 1, 0, k) };
}

/** Options of `svd`. */
export interface SvdOptions {
  /** Whether U and V are square (default true) or have min(m, n) vectors. */
  fullMatrices?: boolean;
  /** Whether vectors are wanted. Default true; false gives the singular values alone. */
  computeUv?: boolean;
}
/**
 * `x = u diag(s) vt` with orthonormal columns of u and rows of vt (up to the signs of pairs of them), s descending.
 * Shapes: x [.., m, n] -> u [.., m, m], s [.., k], vt [.., n, n], k = min(m, n); without `fullMatrices` [.., m, k] and [.., k, n].
 */
export const svd: {
  (x: TensorLike, options: SvdOptions & { computeUv: false }): Tensor;
  (x: TensorLike, fullMatrices: boolean, computeUv: false): Tensor;
  (x: TensorLike, fullMatrices?: boolean | SvdOptions, computeUv?: boolean): [Tensor, Tensor, Tensor];
} = defineOp("svd", (x: TensorLike, ...rest: [(boolean | SvdOptions)?, boolean?]): Tensor | [Tensor, Tensor, Tensor] => {
  const { fullMatrices = true, computeUv = true } = options<SvdOptions>(["fullMatrices", "computeUv"], rest);
  const { matrices, lead } = batchOf(x);
  const { u, s, vt } = fullMatrices ? svdBatch(matrices) : thinSvd(matrices);
  if (!computeUv) return unbatched(s, lead);
  return [unbatched(u, lead), unbatched(s, lead), unbatched(vt, lead)];
}) as never;
