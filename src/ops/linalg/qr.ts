/** Factors of an orthogonal and a triangular matrix, by Householder's reflections. */
import { ValueError } from "../../errors.ts";
import { concreteShape, currentScope, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike } from "../promote.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { alsoOfFloat16, batchOf, identities, loop, lowerPart, outerProducts, product, spread, transposed, unbatched, upperPart, withGradients } from "./batched.ts"; // prettier-ignore
import { solveTriangularBatch } from "./solve-triangular.ts";

/** Reflections `1 - factor v v^T`, one per column: vectors [k, b, m], factors [k, b]; and what they leave of the matrix [b, m, n]. */
interface Reflections {
  readonly vectors: Tensor;
  readonly factors: Tensor;
  readonly rest: Tensor;
}

/** `v^T x` of [b, m] and [b, m, n]. */
function along(v: Tensor, x: Tensor): Tensor {
  return P.dotGeneral(v, x, { lhsBatch: [0], rhsBatch: [0], lhsContract: [1], rhsContract: [1] });
}

/** `x - factor v (v^T x)`. */
function reflected(x: Tensor, v: Tensor, factor: Tensor): Tensor {
  const scaled = P.multiply(v, P.broadcastInDim(factor, concreteShape(v), [0]));
  return P.subtract(x, outerProducts(scaled, along(v, x)));
}

/**
 * LAPACK's choice of signs (dlarfg): the diagonal of R has the sign opposite to the column's first element, and a column
 * that is zero below it is not reflected.
 */
function reflections(a: Tensor): Reflections {
  const [batch, m, n] = concreteShape(a) as [number, number, number];
  const { carries, outputs } = loop(Math.min(m, n), { init: [a] }, (i, [rest]) => {
    const column = P.take(rest!, i, 2, "clamp");
    const place = P.iota([batch, m], 1, "int32");
    const at = spread(i, place);
    const zero = constantLike(0, column);
    const below = P.select(P.greater(place, at), column, zero);
    const tail = P.reduceSum(P.multiply(below, below), [1]);
    const head = P.take(column, i, 1, "clamp");
    const [none, one] = [constantLike(0, tail), constantLike(1, tail)];
    const isDone = P.equal(tail, none);
    const size = P.sqrt(P.add(P.multiply(head, head), P.select(isDone, one, tail)));
    const image = P.select(P.less(head, none), size, P.negate(size));
    const factor = P.select(isDone, none, P.divide(P.subtract(image, head), image));
    const scale = P.select(isDone, one, P.subtract(head, image));
    const v = P.select(P.equal(place, at), constantLike(1, column), P.divide(below, P.broadcastInDim(scale, [batch, m], [0])));
    return { carries: [reflected(rest!, v, factor)], outputs: [v, factor] };
  });
  return { vectors: outputs[0]!, factors: outputs[1]!, rest: carries[0]! };
}

/** The product of the reflections, applied to the first `columns` columns of the identity: [b, m, columns]. */
function orthogonal({ vectors, factors }: Reflections, columns: number): Tensor {
  const [, batch, m] = concreteShape(vectors) as [number, number, number];
  const start = identities(batch, m, columns, vectors.dtype);
  const { carries } = loop(vectors.dim(0), { init: [start], xs: [vectors, factors], reverse: true }, (_i, [q], [v, factor]) => ({
    carries: [reflected(q!, v!, factor!)],
  }));
  return carries[0]!;
}

/** Factors of [b, m, n]: Q [b, m, k] and R [b, k, n], k = min(m, n), or k = m where `complete`. */
export function qrBatch(a: Tensor, complete: boolean): [Tensor, Tensor] {
  const [, m, n] = concreteShape(a) as [number, number, number];
  const found = reflections(a);
  const k = complete ? m : Math.min(m, n);
  const q = orthogonal(found, k);
  const r = sliceAxis(upperPart(found.rest), 1, 0, k);
  // More rows of R than columns: Q is not settled by a alone, and its gradient is that of the reflections.
  if (k > n) return [q, r];
  return withGradients([q, r], [a], ([gq, gr]) => [gradientOf(a, q, r, gq!, gr!)]) as [Tensor, Tensor];
}

/**
 * Cotangent of a from those of Q and R (Walter and Lehmann 2012, arXiv:1009.6112): `(gQ + Q copy(M)) R^-T` with
 * `M = R gR^T - gQ^T Q`, where copy mirrors the lower triangle; a wide matrix [X | Y] has R = [U | Q^T Y].
 */
function gradientOf(a: Tensor, q: Tensor, r: Tensor, gq: Tensor, gr: Tensor): Tensor {
  const k = q.dim(2);
  const n = r.dim(2);
  if (n === k) return squareGradient(q, r, gq, gr);
  const y = sliceAxis(a, 2, k, n);
  const gv = sliceAxis(gr, 2, k, n);
  const gx = squareGradient(q, sliceAxis(r, 2, 0, k), P.add(gq, product(y, gv, false, true)), sliceAxis(gr, 2, 0, k));
  return P.concatenate([gx, product(q, gv)], 2);
}

function squareGradient(q: Tensor, r: Tensor, gq: Tensor, gr: Tensor): Tensor {
  const m = P.subtract(product(r, gr, false, true), product(gq, q, true));
  const mirrored = P.add(lowerPart(m), transposed(lowerPart(m, 1)));
  const right = P.add(gq, product(q, mirrored));
  return transposed(solveTriangularBatch(r, transposed(right), false));
}

/** How much of Q is given. */
export type QrMode = "reduced" | "complete";
/**
 * `x = q r` with orthonormal columns of q and upper triangular r. Shapes: x [.., m, n] -> [.., m, k], [.., k, n] with
 * k = min(m, n), or k = m with mode "complete".
 */
export const qr: (x: TensorLike, mode?: QrMode | { mode?: QrMode }) => [Tensor, Tensor] = defineOp(
  "qr",
  (x: TensorLike, ...rest: [(QrMode | { mode?: QrMode })?]): [Tensor, Tensor] => {
    const { mode = "reduced" } = options<{ mode: QrMode }>(["mode"], rest);
    if (mode !== "reduced" && mode !== "complete") {
      throw new ValueError({
        where: currentScope(),
        problem: "there is no such mode",
        expected: '"reduced" or "complete"',
        received: String(mode),
      });
    }
    return alsoOfFloat16(x, (t): [Tensor, Tensor] => {
      const { matrices, lead } = batchOf(t);
      const [q, r] = qrBatch(matrices, mode === "complete");
      return [unbatched(q, lead), unbatched(r, lead)];
    });
  },
);
