/** Gaussian elimination with pivots: LU factors, determinants, inverses, systems of equations. */
import { concreteShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike, promote } from "../promote.ts";
import { alsoOfFloat16, batchOf, diagonals, identities, loop, lowerPart, outerProducts, product, spread, transposed, unbatched, upperPart, withGradients } from "./batched.ts"; // prettier-ignore
import { rightSides, solveTriangularBatch } from "./solve-triangular.ts";

/** `P a = L U`. */
interface Factors {
  /** L below the diagonal (its own is 1), U on and above it: [b, n, n]. */
  readonly lu: Tensor;
  /** Row of a that stands at each place: int32 [b, n]. */
  readonly order: Tensor;
  /** 1 or -1 for an even or odd number of exchanges, in the dtype of a: [b]. */
  readonly sign: Tensor;
}

/** Elimination with the largest pivot of each column, n steps. A column of zeros is left as it is. */
function factorize(a: Tensor): Factors {
  const [batch, n] = concreteShape(a) as [number, number];
  const order = P.broadcastInDim(P.iota([n], 0, "int32"), [batch, n], [1]);
  const sign = P.broadcastInDim(P.constant(1, a.dtype), [batch], []);
  const { carries } = loop(n, { init: [a, order, sign] }, (i, [rest, rows, parity]) => {
    const column = P.take(rest!, i, 2, "clamp");
    const place = P.iota([batch, n], 1, "int32");
    const at = spread(i, place);
    const candidates = P.select(P.greaterEqual(place, at), P.abs(column), constantLike(-1, column));
    const pivot = P.argmax(candidates, 1);
    const pivots = P.broadcastInDim(pivot, [batch, n], [0]);
    // Rows i and pivot change places, by a gather of rows.
    const source = P.select(P.equal(place, at), pivots, P.select(P.equal(place, pivots), at, place));
    const moved = P.takeAlongAxis(rest!, P.broadcastInDim(source, [batch, n, n], [0, 1]), 1, "clamp");
    const nextRows = P.takeAlongAxis(rows!, source, 1, "clamp");
    const isSame = P.equal(pivot, spread(i, pivot));
    const nextParity = P.select(isSame, parity!, P.negate(parity!));
    const row = P.take(moved, i, 1, "clamp");
    const divisor = P.broadcastInDim(P.take(row, i, 1, "clamp"), [batch, n], [0]);
    const zero = constantLike(0, column);
    const isBelow = P.greater(place, at);
    const eliminates = P.and(isBelow, P.notEqual(divisor, zero));
    const factor = P.select(
      eliminates,
      P.divide(P.take(moved, i, 2, "clamp"), P.select(eliminates, divisor, constantLike(1, divisor))),
      zero,
    );
    const right = P.select(isBelow, row, zero);
    const reduced = P.subtract(moved, outerProducts(factor, right));
    const shape = [batch, n, n];
    const inColumn = P.and(
      P.equal(P.iota(shape, 2, "int32"), spread(i, P.iota(shape, 2, "int32"))),
      P.broadcastInDim(isBelow, shape, [0, 1]),
    );
    return { carries: [P.select(inColumn, P.broadcastInDim(factor, shape, [0, 1]), reduced), nextRows, nextParity] };
  });
  return { lu: carries[0]!, order: carries[1]!, sign: carries[2]! };
}

/** Rows of `b` [b, n, k] in the order of the pivots, or (`back`) put back from it. */
function reordered(b: Tensor, order: Tensor, back = false): Tensor {
  const shape = concreteShape(b);
  const rows = back ? P.sort(order, 1).positions : order;
  return P.takeAlongAxis(b, P.broadcastInDim(rows, shape, [0, 1]), 1, "clamp");
}

/** L with ones on its diagonal. */
function unitLower(lu: Tensor): Tensor {
  const [batch, n] = concreteShape(lu) as [number, number];
  return P.add(lowerPart(lu, 1), identities(batch, n, n, lu.dtype));
}

/** `a^-1 b`, or (`transpose`) `a^-T b`, from the factors of a: values alone, without gradients. */
function solveWith({ lu, order }: Factors, b: Tensor, transpose: boolean): Tensor {
  const lower = unitLower(lu);
  if (transpose) return reordered(solveTriangularBatch(lower, solveTriangularBatch(lu, b, false, true), true, true), order, true);
  return solveTriangularBatch(lu, solveTriangularBatch(lower, reordered(b, order), true), false);
}

/** `a^-1 b` (`transpose`: `a^-T b`) of [b, n, n] and [b, n, k]. The gradient: `gb = a^-T g`, `ga = -gb x^T`, with the same factors. */
export function solveBatch(a: Tensor, b: Tensor, factors: Factors = factorize(a), transpose = false): Tensor {
  const out: Tensor = P.withGradient(solveWith(factors, b, transpose), [a, b], (cotangent) => {
    const gb = solveBatch(a, cotangent, factors, !transpose);
    return [P.negate(transpose ? product(out, gb, false, true) : product(gb, out, false, true)), gb];
  });
  return out;
}

/** The inverse of each matrix. */
export function inverseBatch(a: Tensor): Tensor {
  const [batch, n] = concreteShape(a) as [number, number];
  return solveBatch(a, identities(batch, n, n, a.dtype));
}

/** The solution of `a x = b`. A singular matrix gives Infinity or NaN. Shapes: a [.., n, n], b [.., n] or [.., n, k] -> b's. */
export const solve: (a: TensorLike, b: TensorLike) => Tensor = defineOp("solve", (a: TensorLike, b: TensorLike) => {
  const [left, right] = promote([asTensor(a), asTensor(b)], true) as [Tensor, Tensor];
  const { matrices } = batchOf(left, true);
  const { sides, restore } = rightSides(left, right);
  return restore(solveBatch(matrices, sides));
});

/** The inverses of square matrices. A singular matrix gives Infinity or NaN. Shapes: [.., n, n] -> the same. */
export const inv: (x: TensorLike) => Tensor = defineOp("inv", (x: TensorLike) => {
  return alsoOfFloat16(x, (t) => {
    const { matrices, lead } = batchOf(t, true);
    return unbatched(inverseBatch(matrices), lead);
  });
});

/** Determinants of square matrices. The gradient is `det(x) x^-T`. Shapes: [.., n, n] -> [..]. */
export const det: (x: TensorLike) => Tensor = defineOp("det", (x: TensorLike) => {
  const { matrices, lead } = batchOf(x, true);
  const { lu, sign } = factorize(matrices);
  const out: Tensor = P.withGradient(P.multiply(sign, P.reduceProd(diagonals(lu), [1])), [matrices], (cotangent) => {
    const scale = P.multiply(cotangent, out);
    return [P.multiply(transposed(inverseBatch(matrices)), P.broadcastInDim(scale, concreteShape(matrices), [0]))];
  });
  return unbatched(out, lead);
});

/** Sign (-1, 0, 1) and logarithm of the size of determinants. The gradient of the logarithm is `x^-T`. Shapes: [.., n, n] -> [..], [..]. */
export const slogdet: (x: TensorLike) => [Tensor, Tensor] = defineOp("slogdet", (x: TensorLike): [Tensor, Tensor] => {
  const { matrices, lead } = batchOf(x, true);
  const { lu, sign } = factorize(matrices);
  const pivots = diagonals(lu);
  const log = P.withGradient(P.reduceSum(P.log(P.abs(pivots)), [1]), [matrices], (cotangent) => [
    P.multiply(transposed(inverseBatch(matrices)), P.broadcastInDim(cotangent, concreteShape(matrices), [0])),
  ]);
  const direction = P.stopGradient(P.multiply(sign, P.reduceProd(P.sign(pivots), [1])));
  return [unbatched(direction, lead), unbatched(log, lead)];
});

/**
 * LU factors `[lu, pivots]` of square matrices: L (ones on its diagonal) below the diagonal, U on and above it; row i of x
 * is row `pivots[i]` of `L U`, as in Keras on TensorFlow. The gradient: `P^T L^-T (tri(L^T gL) + tri(gU U^T)) U^-T`.
 * Shapes: [.., n, n] -> [.., n, n], int32 [.., n].
 */
export const luFactor: (x: TensorLike) => [Tensor, Tensor] = defineOp("luFactor", (x: TensorLike): [Tensor, Tensor] => {
  const { matrices, lead } = batchOf(x, true);
  const { lu, order } = factorize(matrices);
  const [out] = withGradients([lu], [matrices], ([cotangent]) => {
    const lower = unitLower(lu);
    const upper = upperPart(lu);
    const fromLower = lowerPart(product(lower, lowerPart(cotangent!, 1), true), 1);
    const fromUpper = upperPart(product(upperPart(cotangent!), upper, false, true));
    const left = solveTriangularBatch(lower, P.add(fromLower, fromUpper), true, true);
    const whole = transposed(solveTriangularBatch(upper, transposed(left), false));
    return [reordered(whole, order, true)];
  });
  return [unbatched(out!, lead), unbatched(P.sort(order, 1).positions, lead)];
});

/** Integer powers of square matrices by repeated squaring; negative ones of the inverse. Shapes: [.., n, n] -> the same. */
export const matrixPower: (x: TensorLike, n: number) => Tensor = defineOp("matrixPower", (x: TensorLike, n: number) => {
  const { matrices, lead } = batchOf(x, true);
  const [batch, size] = concreteShape(matrices) as [number, number];
  let factor = n < 0 ? inverseBatch(matrices) : matrices;
  let result: Tensor | null = null;
  for (let rest = Math.abs(Math.trunc(n)); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === null ? factor : product(result, factor);
    if (rest > 1) factor = product(factor, factor);
  }
  return unbatched(result ?? identities(batch, size, size, matrices.dtype), lead);
});
