/** Further products and sums of products: cross, Kronecker and inner products, correlations, powers of a vector, integrals. */
import { isByte } from "../../dtype/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcast, broadcastTogether, castTo, constantLike, promote, toFloat } from "../promote.ts";
import { sliceAxis } from "./shaping.ts";

/** Options of `cross`. */
export interface CrossOptions {
  /** Axis of the vectors in the first tensor. Default -1. */
  axisa?: number;
  /** Axis of the vectors in the second tensor. Default -1. */
  axisb?: number;
  /** Axis of the vectors in the result. Default -1. */
  axisc?: number;
  /** All three at once. */
  axis?: number | null;
}
/** Vector product of vectors of two or three components; two of two give the third component alone. The other axes broadcast. */
export const cross: (x1: TensorLike, x2: TensorLike, axisa?: number | CrossOptions, axisb?: number, axisc?: number) => Tensor = defineOp(
  "cross",
  (x1: TensorLike, x2: TensorLike, ...rest: [(number | CrossOptions)?, number?, number?]) => {
    const { axisa = -1, axisb = -1, axisc = -1, axis = null } = options<CrossOptions>(["axisa", "axisb", "axisc", "axis"], rest);
    const [a, b] = promote([asTensor(x1), asTensor(x2)]) as [Tensor, Tensor];
    const parts = (x: Tensor, at: number): Tensor[] => {
      const position = normalizeAxis(currentScope(), at, x.rank);
      const extent = x.dim(position);
      if (extent !== 2 && extent !== 3) {
        throw new ShapeError({
          where: currentScope(),
          problem: "a vector has two or three components",
          expected: "an axis of extent 2 or 3",
          received: formatShape(x.shape),
        });
      }
      const shape = concreteShape(x).filter((_, i) => i !== position);
      return Array.from({ length: extent }, (_, i) => P.reshape(sliceAxis(x, position, i, i + 1), shape));
    };
    const [u, v] = [parts(a, axis ?? axisa), parts(b, axis ?? axisb)];
    const all = broadcastTogether([...u, ...v]);
    const [left, right] = [all.slice(0, u.length), all.slice(u.length)];
    const zero = constantLike(0, all[0]!);
    const minor = (i: number, j: number): Tensor =>
      P.subtract(P.multiply(left[i] ?? zero, right[j] ?? zero), P.multiply(left[j] ?? zero, right[i] ?? zero));
    if (u.length === 2 && v.length === 2) return minor(0, 1);
    const out = [minor(1, 2), minor(2, 0), minor(0, 1)];
    const at = normalizeAxis(currentScope(), axis ?? axisc, out[0]!.rank + 1);
    const shape = concreteShape(out[0]!);
    return P.concatenate(out.map((t) => P.reshape(t, [...shape.slice(0, at), 1, ...shape.slice(at)])), at); // prettier-ignore
  },
);

/** Kronecker product: every element of the first times the whole second. Shapes: [m.., ] x [n..] -> [m n..]. */
export const kron: (x1: TensorLike, x2: TensorLike) => Tensor = defineOp("kron", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promote([asTensor(x1), asTensor(x2)]) as [Tensor, Tensor];
  const rank = Math.max(a.rank, b.rank);
  const aligned = (x: Tensor): number[] => [...new Array<number>(rank - x.rank).fill(1), ...concreteShape(x)];
  const [as, bs] = [aligned(a), aligned(b)];
  const wide = as.flatMap((extent, axis) => [extent, bs[axis]!]);
  const left = P.broadcastInDim(P.reshape(a, as), wide, as.map((_, axis) => 2 * axis)); // prettier-ignore
  const right = P.broadcastInDim(P.reshape(b, bs), wide, bs.map((_, axis) => 2 * axis + 1)); // prettier-ignore
  return P.reshape(P.multiply(left, right), as.map((extent, axis) => extent * bs[axis]!)); // prettier-ignore
});

/** Sum of products over the last axes. Shapes: [a.., n] x [b.., n] -> [a.., b..]; a scalar multiplies. */
export const inner: (x1: TensorLike, x2: TensorLike) => Tensor = defineOp("inner", (x1: TensorLike, x2: TensorLike) => {
  const [a, b] = promote([asTensor(x1), asTensor(x2)]) as [Tensor, Tensor];
  if (a.rank === 0 || b.rank === 0) {
    const [left, right] = broadcastTogether([a, b]) as [Tensor, Tensor];
    return P.multiply(left, right);
  }
  return P.dotGeneral(a, b, { lhsBatch: [], rhsBatch: [], lhsContract: [a.rank - 1], rhsContract: [b.rank - 1] });
});

/** How far the vectors of `correlate` may overhang. */
export type CorrelateMode = "valid" | "same" | "full";
/** `out[k] = sum of x1[n + k] x2[n]` of two vectors, where they overlap wholly ("valid"), at all ("full"), or as often as the longer is long ("same"). */
export const correlate: (x1: TensorLike, x2: TensorLike, mode?: CorrelateMode | { mode?: CorrelateMode }) => Tensor = defineOp(
  "correlate",
  (x1: TensorLike, x2: TensorLike, ...rest: [(CorrelateMode | { mode?: CorrelateMode })?]) => {
    const { mode = "valid" } = options<{ mode: CorrelateMode }>(["mode"], rest);
    const [a, b] = promote([x1, x2], true) as [Tensor, Tensor];
    if (a.rank !== 1 || b.rank !== 1 || a.size === 0 || b.size === 0) {
      throw new ShapeError({
        where: currentScope(),
        problem: "needs two vectors with elements",
        received: `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      });
    }
    const [n, m] = [a.size, b.size];
    // The shorter slides over the longer; a longer second one gives the same sums in reverse.
    const swapped = mode !== "full" && m > n;
    const [long, short] = swapped ? [b, a] : [a, b];
    const least = Math.min(n, m);
    const low = mode === "full" ? m - 1 : mode === "same" ? Math.floor(least / 2) : 0;
    const high = mode === "full" ? m - 1 : mode === "same" ? least - 1 - Math.floor(least / 2) : 0;
    if (!["valid", "same", "full"].includes(mode)) {
      throw new ValueError({
        where: currentScope(),
        problem: "there is no such mode",
        expected: '"valid", "same" or "full"',
        received: String(mode),
      });
    }
    const layout = { batch: 0, feature: 2, spatial: [1] };
    const out = P.convGeneral(P.reshape(long, [1, long.size, 1]), P.reshape(short, [short.size, 1, 1]), {
      strides: [1],
      padding: [[low, high]],
      lhsDilation: [1],
      rhsDilation: [1],
      featureGroups: 1,
      batchGroups: 1,
      reverse: [false],
      lhsLayout: layout,
      rhsLayout: { spatial: [0], input: 1, output: 2 },
      outLayout: layout,
    });
    const flat = P.reshape(out, [out.size]);
    return swapped ? P.reverse(flat, [0]) : flat;
  },
);

/** Pearson's correlation coefficients of the rows of a matrix (a vector is one row). Shapes: [variables, observations] -> [variables, variables]. */
export const corrcoef: (x: TensorLike) => Tensor = defineOp("corrcoef", (x: TensorLike) => {
  const given = toFloat(x);
  if (given.rank > 2 || given.rank === 0) {
    throw new ShapeError({ where: currentScope(), problem: "needs a matrix of observations", received: formatShape(given.shape) });
  }
  const t = given.rank === 1 ? P.reshape(given, [1, given.size]) : given;
  const shape = concreteShape(t);
  const total = P.reduceSum(t, [1]);
  const mean = P.divide(total, constantLike(shape[1]!, total));
  const centred = P.subtract(t, P.broadcastInDim(mean, shape, [0]));
  const sums = P.dotGeneral(centred, centred, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] });
  const size = P.sqrt(P.reduceSum(P.multiply(centred, centred), [1]));
  const square = concreteShape(sums);
  const scaled = P.divide(P.divide(sums, P.broadcastInDim(size, square, [0])), P.broadcastInDim(size, square, [1]));
  const one = constantLike(1, scaled);
  const out = P.minimum(P.maximum(scaled, P.negate(one)), one);
  return given.rank === 1 ? P.reshape(out, []) : out;
});

/** Columns of the largest matrix of powers: each is a node of the graph. */
const mostPowers = 1 << 16;

/** Options of `vander`. */
export interface VanderOptions {
  /** Columns. Default null: as many as rows. */
  n?: number | null;
  /** Keras's name of `n`. */
  N?: number | null;
  /** Whether powers grow from left to right. Default false. */
  increasing?: boolean;
}
/** Vandermonde's matrix: powers of a vector. Shapes: [m] -> [m, n]. */
/** Powers of a vector's elements as columns, the highest first: `out[i, j] = x[i]^(n - 1 - j)`. */
export const vander: (x: TensorLike, n?: number | null | VanderOptions, increasing?: boolean) => Tensor = defineOp(
  "vander",
  (x: TensorLike, ...rest: [(number | null | VanderOptions)?, boolean?]) => {
    const given = options<VanderOptions>(["n", "increasing", "N"], rest);
    const t = asTensor(x);
    if (t.rank !== 1) throw new ShapeError({ where: currentScope(), problem: "needs a vector", received: formatShape(t.shape) });
    const columns = given.n ?? given.N ?? t.size;
    if (!Number.isInteger(columns) || columns < 0 || columns > mostPowers) {
      throw new ValueError({
        where: currentScope(),
        problem: "the number of columns is no count",
        expected: `an integer from 0 to ${mostPowers}`,
        received: String(columns),
      });
    }
    const base = isByte(t.dtype) ? castTo(t, "int32") : t;
    const powers: Tensor[] = [];
    for (let k = 0; k < columns; k++) powers.push(k === 0 ? constantLike(1, base) : k === 1 ? base : P.multiply(powers[k - 1]!, base));
    if (given.increasing !== true) powers.reverse();
    if (powers.length === 0) return broadcast(P.constant(0, base.dtype), [t.size, 0]);
    return P.concatenate(powers.map((p) => P.reshape(p, [t.size, 1])), 1); // prettier-ignore
  },
);

/** Options of `trapezoid`. */
export interface TrapezoidOptions {
  /** Where the samples lie. Default null: `dx` apart. */
  x?: TensorLike | null;
  /** Default 1. */
  dx?: number;
  /** Default -1. */
  axis?: number;
}
/** Integral along an axis by the trapezoidal rule. */
export const trapezoid: (y: TensorLike, x?: TensorLike | null | TrapezoidOptions, dx?: number, axis?: number) => Tensor = defineOp(
  "trapezoid",
  (y: TensorLike, ...rest: [(TensorLike | null | TrapezoidOptions)?, number?, number?]) => {
    const { x = null, dx = 1, axis = -1 } = options<TrapezoidOptions>(["x", "dx", "axis"], rest);
    const t = toFloat(y);
    const at = normalizeAxis(currentScope(), axis, t.rank);
    const neighbours = (z: Tensor, along: number, combine: (a: Tensor, b: Tensor) => Tensor): Tensor =>
      combine(sliceAxis(z, along, 1, z.dim(along)), sliceAxis(z, along, 0, z.dim(along) - 1));
    const sums = neighbours(t, at, P.add);
    let steps = constantLike(dx, sums);
    if (x !== null) {
      const places = castTo(toFloat(x), t.dtype);
      const gaps = places.rank === 1 ? neighbours(places, 0, P.subtract) : neighbours(places, at, P.subtract);
      steps = places.rank === 1 ? P.broadcastInDim(gaps, concreteShape(sums), [at]) : broadcast(gaps, concreteShape(sums));
    }
    const total = P.reduceSum(P.multiply(sums, steps), [at]);
    return P.multiply(total, constantLike(0.5, total));
  },
);
