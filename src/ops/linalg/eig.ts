/**
 * Eigenvalues and eigenvectors of general matrices: a reduction to Hessenberg form by reflections, Francis's QR iteration
 * with Wilkinson's shifts in complex arithmetic, one matrix after another deflating at its own pace, and substitution
 * (Golub and Van Loan, Matrix Computations, 7.4 to 7.6).
 */
import { concreteShape, parameterTensor, Subgraph, type Tensor, typeOf } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import type { TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { constantLike } from "../promote.ts";
import { batchOf, diagonalMatrices, diagonals, identities, loop, outerProducts, spread, unbatched } from "./batched.ts";
import { adjoint, both, type C, chosen, complexOf, complexProduct, conjugated, embedded, fromEmbedded, minus, over, plus, root, scaled, squared, times } from "./complex-matrices.ts"; // prettier-ignore
import { solveBatch } from "./lu.ts";

/** Iterations per row after which the search stops in any case. */
const mostPerRow = 40;

/** Hessenberg form `H = Q^T a Q` and Q. */
function hessenberg(a: Tensor): { h: Tensor; q: Tensor } {
  const [batch, n] = concreteShape(a) as [number, number];
  const eye = identities(batch, n, n, a.dtype);
  if (n < 3) return { h: a, q: eye };
  const { carries } = loop(n - 2, { init: [a, eye] }, (i, [h, q]) => {
    const place = P.iota([batch, n], 1, "int32");
    const at = spread(i, place);
    const next = P.add(at, constantLike(1, at));
    const column = P.take(h!, i, 2, "clamp");
    const zero = constantLike(0, column);
    const below = P.select(P.greater(place, at), column, zero);
    const head = P.reduceSum(P.select(P.equal(place, next), below, zero), [1]);
    const size = P.sqrt(P.reduceSum(P.multiply(below, below), [1]));
    const image = P.select(P.less(head, constantLike(0, head)), size, P.negate(size));
    const corner = P.select(P.equal(place, next), P.broadcastInDim(image, [batch, n], [0]), zero);
    const v = P.subtract(below, corner);
    const norm = P.reduceSum(P.multiply(v, v), [1]);
    const none = constantLike(0, norm);
    const isDone = P.equal(norm, none);
    const factor = P.select(isDone, none, P.divide(constantLike(2, norm), P.select(isDone, constantLike(1, norm), norm)));
    const weighted = P.multiply(v, P.broadcastInDim(factor, [batch, n], [0]));
    const dims = { lhsBatch: [0], rhsBatch: [0], rhsContract: [1] };
    const fromLeft = (x: Tensor): Tensor => P.subtract(x, outerProducts(weighted, P.dotGeneral(v, x, { ...dims, lhsContract: [1] })));
    const fromRight = (x: Tensor): Tensor => P.subtract(x, outerProducts(P.dotGeneral(x, v, { ...dims, lhsContract: [2] }), weighted));
    return { carries: [fromRight(fromLeft(h!)), fromRight(q!)] };
  });
  return { h: carries[0]!, q: carries[1]! };
}

/** Element `at` (int32 [b]) of rows [b, n]. */
function elementAt(x: Tensor, at: Tensor): Tensor {
  const batch = x.dim(0);
  return P.reshape(P.takeAlongAxis(x, P.reshape(at, [batch, 1]), 1, "clamp"), [batch]);
}

/** The diagonal `offset` below the main one as [b, n]: element k is x[k, k - offset], 0 where there is none. */
function below(x: Tensor, offset: number): Tensor {
  const shape = concreteShape(x);
  const gap = P.subtract(P.iota(shape, 1, "int32"), P.iota(shape, 2, "int32"));
  return P.reduceSum(P.select(P.equal(gap, constantLike(offset, gap)), x, constantLike(0, x)), [2]);
}

/** `x[b, i, :]` of one row, as [b, n]. */
function rowOf(x: C, i: Tensor): C {
  return both((part) => P.take(part, i, 1, "clamp"), x);
}
function columnOf(x: C, i: Tensor): C {
  return both((part) => P.take(part, i, 2, "clamp"), x);
}
/** `x` with rows (axis 1) or columns (axis 2) i and i + 1 replaced. */
function replaced(x: C, i: Tensor, axis: 1 | 2, first: C, second: C): C {
  const shape = concreteShape(x[0]);
  const place = P.iota(shape, axis, "int32");
  const at = spread(i, place);
  const wide = (row: C): C => both((part) => P.broadcastInDim(part, shape, [0, 3 - axis]), row);
  const isNext = P.equal(place, P.add(at, constantLike(1, at)));
  return chosen(P.equal(place, at), wide(first), chosen(isNext, wide(second), x));
}

/** One QR step of every matrix on its window [low, high], and the same rotations on the vectors. */
function step(h: C, q: C, low: Tensor, high: Tensor, shift: C): { h: C; q: C } {
  const [batch, n] = concreteShape(h[0]) as [number, number];
  const eye = identities(batch, n, n, h[0].dtype);
  const shiftMatrix = both((part) => P.multiply(eye, P.broadcastInDim(part, [batch, n, n], [0])), shift);
  const start = minus(h, shiftMatrix);
  const wide = (x: Tensor): Tensor => P.broadcastInDim(x, [batch, n], [0]);
  // From the left: rotation k makes element (k + 1, k) zero. Outside of the window it is the identity.
  const left = loop(n - 1, { init: start, constants: [low, high] }, (i, [re, im], _slices, [from, to]) => {
    const m: C = [re!, im!];
    const k = P.broadcastInDim(i, [batch], []);
    const next = P.add(i, P.constant(1, "int32"));
    const [upper, lower] = [rowOf(m, i), rowOf(m, next)];
    const x: C = both((part) => P.take(part, i, 1, "clamp"), upper);
    const y: C = both((part) => P.take(part, i, 1, "clamp"), lower);
    const size = P.sqrt(P.add(squared(x), squared(y)));
    const zero = constantLike(0, size);
    const isActive = P.and(P.and(P.greaterEqual(k, from!), P.less(k, to!)), P.greater(size, zero));
    const inverse = P.divide(constantLike(1, size), P.select(isActive, size, constantLike(1, size)));
    const one: C = [constantLike(1, size), zero];
    const c = chosen(isActive, scaled(conjugated(x), inverse), one);
    const s = chosen(isActive, scaled(conjugated(y), inverse), [zero, zero]);
    const [cw, sw] = [both(wide, c), both(wide, s)];
    const first = plus(times(cw, upper), times(sw, lower));
    const second = minus(times(conjugated(cw), lower), times(conjugated(sw), upper));
    return { carries: [...replaced(m, i, 1, first, second)], outputs: [...c, ...s] };
  });
  const turned: C = [left.carries[0]!, left.carries[1]!];
  // From the right: the adjoints of the same rotations.
  const right = loop(n - 1, { init: [...turned, ...q], xs: left.outputs }, (i, [a, b, u, v], [cr, ci, sr, si]) => {
    const next = P.add(i, P.constant(1, "int32"));
    const [c, s] = [both(wide, [cr!, ci!]), both(wide, [sr!, si!])];
    const apply = (m: C): C => {
      const [x, y] = [columnOf(m, i), columnOf(m, next)];
      const first = plus(times(x, conjugated(c)), times(y, conjugated(s)));
      const second = minus(times(y, c), times(x, s));
      return replaced(m, i, 2, first, second);
    };
    return { carries: [...apply([a!, b!]), ...apply([u!, v!])] };
  });
  const [a, b, u, v] = right.carries as [Tensor, Tensor, Tensor, Tensor];
  return { h: plus([a, b], shiftMatrix), q: [u, v] };
}

/** Schur form `a = Q T Q^H` with upper triangular T. */
function schur(a: Tensor): { t: C; q: C } {
  const [batch, n] = concreteShape(a) as [number, number];
  const { h, q } = hessenberg(a);
  const [t0, q0] = [complexOf(h), complexOf(q)];
  if (n === 1) return { t: t0, q: q0 };
  const epsilon = a.dtype === "float64" ? 2 ** -52 : 2 ** -23;
  const last = P.broadcastInDim(P.constant(n - 1, "int32"), [batch], []);
  const init = [P.constant(0, "int32"), last, ...t0, ...q0];
  const fresh = (): Tensor[] =>
    init.map((x) => {
      const { shape, dtype } = typeOf(x);
      return parameterTensor(shape, dtype);
    });
  const asked = fresh();
  const goesOn = P.and(
    P.less(asked[0]!, P.constant(mostPerRow * n, "int32")),
    P.reduceAny(P.greater(asked[1]!, constantLike(0, asked[1]!)), [0]),
  );
  const given = fresh();
  const [count, high, re, im, qr, qi] = given as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  // Elements below the diagonal that are roundings of their neighbours are zero.
  const shape = [batch, n, n];
  const sub = P.sqrt(squared([below(re, 1), below(im, 1)]));
  const main = P.sqrt(squared([diagonals(re), diagonals(im)]));
  const before = P.concatenate([P.slice(main, [0, 0], [batch, 1]), P.slice(main, [0, 0], [batch, n - 1])], 1);
  const place = P.iota([batch, n], 1, "int32");
  const zero = constantLike(0, sub);
  const isSmall = P.lessEqual(sub, P.multiply(constantLike(epsilon, sub), P.add(main, before)));
  const gap = P.subtract(P.iota(shape, 1, "int32"), P.iota(shape, 2, "int32"));
  const isGone = P.and(P.equal(gap, constantLike(1, gap)), P.broadcastInDim(isSmall, shape, [0, 1]));
  const clean = both((part) => P.select(isGone, constantLike(0, part), part), [re, im]);
  // The window ends at the last row that hangs together with the one above it, and begins where the next break is.
  const hangs = P.and(P.not(isSmall), P.greater(place, constantLike(0, place)));
  const upTo = P.lessEqual(place, P.broadcastInDim(high, [batch, n], [0]));
  const end = P.reduceMax(P.select(P.and(hangs, upTo), place, constantLike(0, place)), [1]);
  const endWide = P.broadcastInDim(end, [batch, n], [0]);
  const breaks = P.and(P.not(hangs), P.lessEqual(place, endWide));
  const low = P.reduceMax(P.select(breaks, place, constantLike(0, place)), [1]);
  // Wilkinson: the eigenvalue of the last 2 x 2 block that is nearer to its corner.
  const previous = P.maximum(P.subtract(end, constantLike(1, end)), constantLike(0, end));
  const pick = (part: Tensor, row: Tensor, column: Tensor): Tensor => {
    const index = P.add(P.multiply(row, constantLike(n, row)), column);
    return elementAt(P.reshape(part, [batch, n * n]), index);
  };
  const entry = (row: Tensor, column: Tensor): C => [pick(clean[0], row, column), pick(clean[1], row, column)];
  const [w, x, y, z] = [entry(previous, previous), entry(previous, end), entry(end, previous), entry(end, end)];
  const half = constantLike(0.5, w[0]);
  const difference = scaled(minus(w, z), half);
  const radical = root(plus(times(difference, difference), times(x, y)));
  const [near, far] = [plus(difference, radical), minus(difference, radical)];
  const shiftNear = plus(z, chosen(P.less(squared(near), squared(far)), near, far));
  // Every tenth iteration another shift breaks cycles.
  const isOdd = P.equal(P.remainder(count, P.constant(10, "int32")), P.constant(9, "int32"));
  const kick = P.multiply(elementAt(P.select(P.equal(place, endWide), sub, zero), end), constantLike(1.5, half));
  const shift = chosen(P.broadcastInDim(isOdd, [batch], []), plus(z, [kick, constantLike(0, kick)]), shiftNear);
  const moved = step(clean, [qr, qi], low, end, shift);
  const body = new Subgraph(given, [P.add(count, P.constant(1, "int32")), end, ...moved.h, ...moved.q]);
  const [, , tr, ti, ur, ui] = P.whileLoop(new Subgraph(asked, [goesOn]), body, init) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  return { t: [tr, ti], q: [ur, ui] };
}

/** Eigenvectors of an upper triangular matrix, one per column: `x_kk = 1`, by substitution from below. */
function triangularVectors(t: C): C {
  const [batch, n] = concreteShape(t[0]) as [number, number];
  const values = both(diagonals, t);
  const shape = [batch, n];
  const size = P.reduceMax(P.sqrt(squared(values)), [1]);
  const epsilon = t[0].dtype === "float64" ? 2 ** -52 : 2 ** -23;
  // Equal eigenvalues are kept apart by a rounding, as LAPACK does.
  const smallest = P.maximum(P.multiply(size, constantLike(epsilon, size)), constantLike(1e-30, size));
  const zeros = P.broadcastInDim(P.constant(0, t[0].dtype), [batch, n, n], []);
  const { carries } = loop(n, { init: [zeros, zeros], constants: [...t, ...values, smallest], reverse: true }, (i, [re, im], _s, fixed) => {
    const [tr, ti, vr, vi, least] = fixed as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const x: C = [re!, im!];
    const row = rowOf([tr, ti], i);
    const along = (a: Tensor, b: Tensor): Tensor =>
      P.dotGeneral(a, b, { lhsBatch: [0], rhsBatch: [0], lhsContract: [1], rhsContract: [1] });
    const sum: C = [P.subtract(along(row[0], x[0]), along(row[1], x[1])), P.add(along(row[0], x[1]), along(row[1], x[0]))];
    const own = both((part) => P.broadcastInDim(P.take(part, i, 1, "clamp"), shape, [0]), [vr, vi]);
    const gap = minus(own, [vr, vi]);
    const bound = P.broadcastInDim(least, shape, [0]);
    const isEqual = P.less(squared(gap), P.multiply(bound, bound));
    const safe = chosen(isEqual, [bound, constantLike(0, bound)], gap);
    const column = P.iota(shape, 1, "int32");
    const at = spread(i, column);
    const [one, none] = [constantLike(1, bound), constantLike(0, bound)];
    const solved = both((part) => P.negate(part), over(sum, safe));
    const next = chosen(P.equal(column, at), [one, none], chosen(P.greater(column, at), solved, [none, none]));
    const place = P.iota([batch, n, n], 1, "int32");
    const isRow = P.equal(place, spread(i, place));
    return {
      carries: [
        ...chosen(
          isRow,
          both((part) => P.broadcastInDim(part, [batch, n, n], [0, 2]), next),
          x,
        ),
      ],
    };
  });
  return [carries[0]!, carries[1]!];
}

/** Columns of length 1 whose largest element is real. */
function normalized(v: C): C {
  const [batch, n] = concreteShape(v[0]) as [number, number];
  const shape = [batch, n, n];
  const sizes = squared(v);
  const length = P.sqrt(P.reduceSum(sizes, [1]));
  const index = P.broadcastInDim(P.reshape(P.argmax(sizes, 1), [batch, 1, n]), [batch, 1, n], [0, 1, 2]);
  const largest = both((part) => P.reshape(P.takeAlongAxis(part, index, 1, "clamp"), [batch, n]), v);
  const size = P.sqrt(squared(largest));
  const zero = constantLike(0, size);
  const scale = P.multiply(size, length);
  const safe = P.select(P.equal(scale, zero), constantLike(1, scale), scale);
  const phase = scaled(conjugated(largest), P.divide(constantLike(1, safe), safe));
  return times(v, both((part) => P.broadcastInDim(part, shape, [0, 2]), phase)); // prettier-ignore
}

/**
 * Cotangent of a from those of the eigenvalues and vectors (Boeddeker et al. 2017, arXiv:1701.00392):
 * `V^-H (diag(gw) + (V^H gV - V^H V diag(Re(V^H gV))) / conj(E)) V^H` with `E_ij = w_j - w_i`; its real part. That the
 * largest element of a vector stays real turns the vector, which takes `sum(Im(conj(v) gV)) / v_largest` off that element.
 */
function cotangent(w: C, v: C, gw: C, gv: C): Tensor {
  const [batch, n] = concreteShape(v[0]) as [number, number];
  const shape = [batch, n, n];
  const adjointV = adjoint(v);
  const turn = P.reduceSum(P.subtract(P.multiply(gv[1], v[0]), P.multiply(gv[0], v[1])), [1]);
  const place = P.iota(shape, 1, "int32");
  const isLargest = P.equal(place, P.broadcastInDim(P.argmax(squared(v), 1), shape, [0, 2]));
  const share = P.divide(P.broadcastInDim(turn, shape, [0, 2]), P.select(isLargest, v[0], constantLike(1, v[0])));
  const fixed: C = [gv[0], P.select(isLargest, P.subtract(gv[1], share), gv[1])];
  const inner = complexProduct(adjointV, fixed);
  const gram = complexProduct(adjointV, v);
  const drift = scaled(gram, P.broadcastInDim(diagonals(inner[0]), shape, [0, 2]));
  const gap = minus(
    both((part) => P.broadcastInDim(part, shape, [0, 2]), w),
    both((part) => P.broadcastInDim(part, shape, [0, 1]), w),
  );
  const middle = plus(both(diagonalMatrices, gw), over(minus(inner, drift), conjugated(gap)));
  const right = complexProduct(middle, adjointV);
  const solved = solveBatch(embedded(adjointV), P.concatenate([right[0], right[1]], 1));
  return fromEmbedded(solved, n, n)[0];
}

/**
 * Eigenvalues and eigenvectors (columns of length 1, the largest element real) of square matrices, as complex pairs
 * `[real, imaginary]`; in no particular order. Where eigenvalues are equal no gradient flows between their vectors.
 * Shapes: [.., n, n] -> pair of [.., n], pair of [.., n, n].
 */
export const eig: (x: TensorLike) => [[Tensor, Tensor], [Tensor, Tensor]] = defineOp(
  "eig",
  (x: TensorLike): [[Tensor, Tensor], [Tensor, Tensor]] => {
    const { matrices, lead } = batchOf(x, true);
    const { t, q } = schur(matrices);
    const w = both(diagonals, t);
    const v = normalized(complexProduct(q, triangularVectors(t)));
    const results = [...w, ...v] as const;
    const shared = results.map((result, i) =>
      P.withGradient(result, [matrices], (g) => {
        const given = results.map((other, j) => (i === j ? g : constantLike(0, other))) as [Tensor, Tensor, Tensor, Tensor];
        return [cotangent(w, v, [given[0], given[1]], [given[2], given[3]])];
      }),
    ) as [Tensor, Tensor, Tensor, Tensor];
    const [wr, wi, vr, vi] = shared.map((result) => unbatched(result, lead)) as [Tensor, Tensor, Tensor, Tensor];
    return [
      [wr, wi],
      [vr, vi],
    ];
  },
);
