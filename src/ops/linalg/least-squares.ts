/** What follows from singular values: pseudo-inverses, least squares, ranks. */
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike, promote } from "../promote.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { batchOf, columnsScaled, product, transposed, unbatched } from "./batched.ts";
import { singularValues, thinSvd } from "./svd.ts";

function epsilonOf(x: Tensor): number {
  return x.dtype === "float64" ? 2 ** -52 : 2 ** -23;
}

/**
 * Pseudo-inverse from singular values at least (`inclusive`) or above `share` of the largest, and which counted [batch, k];
 * values alone, without gradient.
 */
function pseudoInverse(a: Tensor, share: number, inclusive: boolean): { b: Tensor; counts: Tensor } {
  const { u, s, vt } = thinSvd(a);
  const bound = P.multiply(sliceAxis(s, 1, 0, 1), constantLike(share, sliceAxis(s, 1, 0, 1)));
  const limit = P.broadcastInDim(P.reshape(bound, [s.dim(0)]), concreteShape(s), [0]);
  const zero = constantLike(0, s);
  const counts = P.and(inclusive ? P.greaterEqual(s, limit) : P.greater(s, limit), P.greater(s, zero));
  const inverse = P.select(counts, P.divide(constantLike(1, s), P.select(counts, s, constantLike(1, s))), zero);
  return { b: product(columnsScaled(transposed(vt), inverse), u, false, true), counts };
}

/**
 * Pseudo-inverse with its gradient (Golub and Pereyra 1973, for constant rank):
 * `-B^T g B^T + (1 - A B) g^T B B^T + B^T B g^T (1 - B A)` with B the pseudo-inverse. A projection that is zero because all
 * singular values counted is not computed: its rounding would be multiplied by the square of the condition.
 */
function pinvBatch(a: Tensor, share: number, inclusive: boolean): Tensor {
  const { b, counts } = pseudoInverse(a, share, inclusive);
  const [, m, n] = concreteShape(a) as [number, number, number];
  const full = P.broadcastInDim(P.reduceAll(counts, [1]), concreteShape(a), [0]);
  const unlessFull = (x: Tensor): Tensor => P.select(full, constantLike(0, x), x);
  const out: Tensor = P.withGradient(b, [a], (g) => {
    const gt = transposed(g);
    const bt = transposed(out);
    const first = P.negate(product(product(bt, g), bt));
    const left = product(product(gt, out), bt);
    const beside = P.subtract(left, product(a, product(out, left)));
    const right = product(product(bt, out), gt);
    const behind = P.subtract(right, product(product(right, out), a));
    return [P.add(first, P.add(m <= n ? unlessFull(beside) : beside, n <= m ? unlessFull(behind) : behind))];
  });
  return out;
}

/**
 * Moore and Penrose's pseudo-inverse. Singular values up to `rcond` times the largest count as zero (default null:
 * 10 max(m, n) times the dtype's precision). Shapes: [.., m, n] -> [.., n, m].
 */
export const pinv: (x: TensorLike, rcond?: number | null | { rcond?: number | null }) => Tensor = defineOp(
  "pinv",
  (x: TensorLike, ...rest: [(number | null | { rcond?: number | null })?]) => {
    const { rcond = null } = options<{ rcond: number | null }>(["rcond"], rest);
    const { matrices, lead } = batchOf(x);
    const share = rcond ?? 10 * Math.max(matrices.dim(1), matrices.dim(2)) * epsilonOf(matrices);
    return unbatched(pinvBatch(matrices, share, false), lead);
  },
);

/**
 * The shortest x for which `|a x - b|` is least. Singular values below `rcond` times the largest count as zero (default
 * null: max(m, n) times the dtype's precision). Shapes: a [m, n], b [m] or [m, k] -> [n] or [n, k].
 */
export const lstsq: (a: TensorLike, b: TensorLike, rcond?: number | null | { rcond?: number | null }) => Tensor = defineOp(
  "lstsq",
  (a: TensorLike, b: TensorLike, ...rest: [(number | null | { rcond?: number | null })?]) => {
    const { rcond = null } = options<{ rcond: number | null }>(["rcond"], rest);
    const [left, right] = promote([asTensor(a), asTensor(b)], true) as [Tensor, Tensor];
    if (left.rank !== 2 || right.rank < 1 || right.rank > 2 || left.shape[0] !== right.shape[0]) {
      throw new ShapeError({
        where: currentScope(),
        problem: "the right-hand side does not fit the matrix",
        expected: "a [m, n] and b [m] or [m, k]",
        received: `${formatShape(left.shape)} and ${formatShape(right.shape)}`,
      });
    }
    const { matrices } = batchOf(left);
    const [, m, n] = concreteShape(matrices) as [number, number, number];
    const share = rcond === null ? Math.max(m, n) * epsilonOf(left) : rcond < 0 ? epsilonOf(left) : rcond;
    const k = right.rank === 1 ? 1 : right.dim(1);
    const x = product(pinvBatch(matrices, share, true), P.reshape(right, [1, m, k]));
    return P.reshape(x, right.rank === 1 ? [n] : [n, k]);
  },
);

/**
 * How many singular values are above `tol` (default null: max(m, n) times the dtype's precision times the largest), int32.
 * Shapes: [.., m, n] -> [..].
 */
export const matrixRank: (x: TensorLike, tol?: number | null | { tol?: number | null }) => Tensor = defineOp(
  "matrixRank",
  (x: TensorLike, ...rest: [(number | null | { tol?: number | null })?]) => {
    const { tol = null } = options<{ tol: number | null }>(["tol"], rest);
    const { matrices, lead } = batchOf(x);
    const s = singularValues(matrices);
    const largest = P.reshape(sliceAxis(s, 1, 0, 1), [s.dim(0)]);
    const share = constantLike(Math.max(matrices.dim(1), matrices.dim(2)) * epsilonOf(matrices), largest);
    const limit = tol === null ? P.multiply(largest, share) : constantLike(tol, largest);
    const counts = P.greater(s, P.broadcastInDim(limit, concreteShape(s), [0]));
    return unbatched(P.reduceSum(P.convert(counts, "int32"), [1]), lead);
  },
);
