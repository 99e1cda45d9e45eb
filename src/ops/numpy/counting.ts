/** Counting and finding: histograms, distinct elements, elements that are not zero, membership. */
import type { DType } from "../../dtype/index.ts";
import { isFloat } from "../../dtype/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, dataTensor, normalizeAxis, sizeOf, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { knownValues } from "../known-values.ts";
import { broadcast, castTo, constantLike, promote, toFloat } from "../promote.ts";
import { permute, sliceAxis } from "./shaping.ts";

/** Options of `bincount`. */
export interface BincountOptions {
  /** What each occurrence counts. Default null: 1 (int32). */
  weights?: TensorLike | null;
  /** Length of the result, at least. Default 0. */
  minlength?: number;
  /** Only false: there are no sparse tensors. */
  sparse?: boolean;
}
/**
 * How often each integer occurs: `out[.., v]` is the number (or the sum of the weights) of elements that are v. The
 * result has `max(x) + 1` places, so the values of x must be known. Shapes: x int [n] or [batch, n] -> [m] or [batch, m].
 */
export const bincount: (x: TensorLike, weights?: TensorLike | null | BincountOptions, minlength?: number) => Tensor = defineOp(
  "bincount",
  (x: TensorLike, ...rest: [(TensorLike | null | BincountOptions)?, number?]) => {
    const { weights = null, minlength = 0, sparse = false } = options<BincountOptions>(["weights", "minlength", "sparse"], rest);
    if (sparse) throw new ValueError({ where: currentScope(), problem: "there are no sparse tensors", received: "sparse: true" });
    const given = asTensor(x);
    if (isFloat(given.dtype) || given.rank < 1 || given.rank > 2) {
      throw new ShapeError({
        where: currentScope(),
        problem: "bincount counts integers in a vector or in rows of vectors",
        expected: "an integer tensor of shape [n] or [batch, n]",
        received: given.toString(),
      });
    }
    const advice = "where it is computed, use ops.segmentSum(weights, x, numSegments)";
    let [lowest, highest] = [0, -1];
    for (const value of knownValues(given, "the length of the result", advice)) {
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
    if (lowest < 0) throw new ValueError({ where: currentScope(), problem: "a value is negative", received: String(lowest) });
    const length = Math.max(minlength, highest + 1);
    const index = castTo(given, "int32");
    const shape = concreteShape(index);
    const counted = weights === null ? broadcast(P.constant(1, "int32"), shape) : asTensor(weights);
    const zeros = broadcast(P.constant(0, counted.dtype), [...shape.slice(0, -1), length]);
    return P.takeAlongAxisScatterAdd(zeros, index, broadcast(counted, shape), index.rank - 1);
  },
);

/** Options of `histogram`. */
export interface HistogramOptions {
  /** How many bins of equal width. Default 10. */
  bins?: number;
  /** First and last edge. Default null: the smallest and the largest element. */
  range?: readonly [number, number] | null;
}
/**
 * Numbers of elements (int32) in bins of equal width, and the edges of the bins. A bin holds its lower edge, the last one
 * both; elements outside the range are not counted. Shapes: x [..] -> [bins], [bins + 1].
 */
export const histogram: (x: TensorLike, bins?: number | HistogramOptions, range?: readonly [number, number] | null) => [Tensor, Tensor] =
  defineOp("histogram", (x: TensorLike, ...rest: [(number | HistogramOptions)?, (readonly [number, number] | null)?]): [Tensor, Tensor] => {
    const { bins = 10, range = null } = options<HistogramOptions>(["bins", "range"], rest);
    if (!Number.isInteger(bins) || bins < 1) {
      throw new ValueError({ where: currentScope(), problem: "bins is no count", expected: "an integer from 1", received: String(bins) });
    }
    if (range !== null && !(range[0] <= range[1])) {
      throw new ValueError({ where: currentScope(), problem: "the range ends before it begins", received: `[${range.join(", ")}]` });
    }
    const given = toFloat(x);
    const t = P.reshape(given, [given.size]);
    const count = t.size;
    const scalar = (value: number): Tensor => P.constant(value, t.dtype);
    let [low, high] =
      range !== null
        ? [scalar(range[0]), scalar(range[1])]
        : count === 0
          ? [scalar(0), scalar(1)]
          : [P.reduceMin(t, [0]), P.reduceMax(t, [0])];
    const flat = P.equal(low, high);
    const half = P.select(flat, scalar(0.5), scalar(0));
    [low, high] = [P.subtract(low, half), P.add(high, half)];
    const width = P.divide(P.subtract(high, low), scalar(bins));
    const positions = P.iota([bins + 1], 0, t.dtype);
    const isLast = P.equal(positions, constantLike(bins, positions));
    const steps = P.add(broadcast(low, [bins + 1]), P.multiply(positions, broadcast(width, [bins + 1])));
    const edges = P.select(isLast, broadcast(high, [bins + 1]), steps);
    const [from, to] = [broadcast(low, [count]), broadcast(high, [count])];
    const guess = P.convert(P.floor(P.divide(P.subtract(t, from), broadcast(width, [count]))), "int32");
    const c = (value: number): Tensor => constantLike(value, guess);
    const clipped = P.minimum(P.maximum(guess, c(0)), c(bins - 1));
    // Rounding may put an element beside its bin: the edges decide, as they do in NumPy.
    const below = P.less(t, P.take(edges, clipped, 0));
    const above = P.and(P.greaterEqual(t, P.take(edges, P.add(clipped, c(1)), 0)), P.notEqual(clipped, c(bins - 1)));
    const bin = P.add(P.subtract(clipped, P.convert(below, "int32")), P.convert(above, "int32"));
    const inside = P.and(P.greaterEqual(t, from), P.lessEqual(t, to));
    const zeros = broadcast(P.constant(0, "int32"), [bins]);
    return [P.takeScatterAdd(zeros, bin, P.convert(inside, "int32"), 0, "clamp"), edges];
  });

/** Positions of the elements that are not zero, one int32 vector per axis, in row-major order. The values of x must be known. */
export const nonzero: (x: TensorLike) => Tensor[] = defineOp("nonzero", (x: TensorLike) => {
  const t = asTensor(x);
  const values = knownValues(t, "the number of elements that are not zero", "where it is computed, use a mask: ops.where(x, a, b)");
  const shape = concreteShape(t);
  const places = Array.from(values.keys()).filter((place) => values[place] !== 0);
  return shape.map((extent, axis) => {
    const inner = sizeOf(shape.slice(axis + 1));
    return dataTensor(Int32Array.from(places, (place) => Math.floor(place / inner) % extent), [places.length], "int32"); // prettier-ignore
  });
});

/** Options of `isin`. */
export interface IsinOptions {
  /** Accepted for Keras's sake: nothing is gained from it. */
  assumeUnique?: boolean;
  /** Whether to ask for elements that are not among them. Default false. */
  invert?: boolean;
}
/** Whether each element of `x1` is among the elements of `x2`. NaN is in nothing. Shapes: x1 [..], x2 any -> [..]. */
export const isin: (x1: TensorLike, x2: TensorLike, assumeUnique?: boolean | IsinOptions, invert?: boolean) => Tensor = defineOp(
  "isin",
  (x1: TensorLike, x2: TensorLike, ...rest: [(boolean | IsinOptions)?, boolean?]) => {
    const { invert = false } = options<IsinOptions>(["assumeUnique", "invert"], rest);
    const [a, b] = promote([asTensor(x1), asTensor(x2)]) as [Tensor, Tensor];
    const shape = concreteShape(a);
    const wide = [...shape, b.size];
    const pairs = P.equal(
      P.broadcastInDim(a, wide, shape.map((_, axis) => axis)), // prettier-ignore
      P.broadcastInDim(P.reshape(b, [b.size]), wide, [shape.length]),
    );
    const found = P.reduceAny(pairs, [shape.length]);
    return invert ? P.not(found) : found;
  },
);

/** Positions in a flattened array as positions per axis of `shape` (int32); negative ones count from the end. */
export const unravelIndex: (indices: TensorLike, shape: readonly number[]) => Tensor[] = defineOp(
  "unravelIndex",
  (indices: TensorLike, shape: readonly number[]) => {
    const given = castTo(asTensor(indices), "int32");
    const size = sizeOf(shape);
    let rest = P.select(P.less(given, constantLike(0, given)), P.add(given, constantLike(size, given)), given);
    const out: Tensor[] = [];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = constantLike(shape[axis]!, rest);
      out.unshift(P.remainder(rest, extent));
      rest = P.divide(rest, extent);
    }
    return out;
  },
);

/** Options of `unique`. */
export interface UniqueOptions {
  /** Accepted for Keras's sake: the result is always sorted. */
  sorted?: boolean;
  /** Also give the position of the first occurrence of each. */
  returnIndex?: boolean;
  /** Also give, for each element of x, its place in the result. */
  returnInverse?: boolean;
  /** Also give how often each occurs. */
  returnCounts?: boolean;
  /** Slices along this axis are compared; null (default): elements. */
  axis?: number | null;
  /** Length of the result: cut off, or filled. Default null: as many as there are, so the values of x must be known. */
  size?: number | null;
  /** What a result that is too long is filled with. Default 0. */
  fillValue?: number | null;
}
/**
 * The distinct elements in ascending order, and what else is asked for (a list then): `returnIndex`, `returnInverse`,
 * `returnCounts`. With `size` the result has that length, whatever the values.
 */
export const unique: (x: TensorLike, options?: UniqueOptions) => Tensor | Tensor[] = defineOp(
  "unique",
  (x: TensorLike, ...rest: [UniqueOptions?]): Tensor | Tensor[] => {
    const given = options<UniqueOptions>(["sorted", "returnIndex", "returnInverse", "returnCounts", "axis", "size", "fillValue"], rest);
    const t = asTensor(x);
    const axis = given.axis ?? null;
    const at = axis === null ? 0 : normalizeAxis(currentScope(), axis, t.rank);
    const order = [at, ...Array.from({ length: t.rank }, (_, a) => a).filter((a) => a !== at)];
    const moved = axis === null ? P.reshape(t, [t.size, 1]) : permute(t, order);
    const count = moved.dim(0);
    const rows = P.reshape(moved, [count, moved.size / Math.max(1, count)]);
    if (given.size === null || given.size === undefined) knownValues(t, "the number of distinct elements", "give `size`");
    const length = given.size ?? distinctRows(t, at, axis === null);
    const { values, index, inverse, counts } = uniqueRows(rows, length, given.fillValue ?? 0, t.dtype);
    const slice = concreteShape(moved).slice(1);
    const shaped = axis === null ? P.reshape(values, [length]) : restored(P.reshape(values, [length, ...slice]), at);
    const out = [shaped];
    if (given.returnIndex === true) out.push(index);
    if (given.returnInverse === true) out.push(axis === null ? P.reshape(inverse, concreteShape(t)) : inverse);
    if (given.returnCounts === true) out.push(counts);
    return out.length === 1 ? shaped : out;
  },
);

/** Moves axis 0 to `to`. */
function restored(x: Tensor, to: number): Tensor {
  const rest = Array.from({ length: x.rank - 1 }, (_, a) => a + 1);
  return permute(x, [...rest.slice(0, to), 0, ...rest.slice(to)]);
}

/** How many distinct slices along an axis a tensor of known values has. */
function distinctRows(t: Tensor, axis: number, flat: boolean): number {
  const values = knownValues(t, "the number of distinct elements", "give `size`");
  if (flat) return new Set(values).size;
  const shape = concreteShape(t);
  const inner = sizeOf(shape.slice(axis + 1));
  const rows = Array.from({ length: shape[axis]! }, () => [] as number[]);
  values.forEach((value: number, place: number) => rows[Math.floor(place / inner) % shape[axis]!]!.push(value));
  return new Set(rows.map((row) => row.join())).size;
}

/** Distinct rows of a matrix, in lexicographic order. */
function uniqueRows(
  rows: Tensor,
  length: number,
  fill: number,
  dtype: DType,
): { values: Tensor; index: Tensor; inverse: Tensor; counts: Tensor } {
  const [count, width] = concreteShape(rows) as [number, number];
  const keys = rows.dtype === "bool" ? P.convert(rows, "uint8") : rows;
  // Stable sorts by the last column, then the one before, ..: the order of the rows.
  let order = P.iota([count], 0, "int32");
  for (let column = width - 1; column >= 0; column--) {
    const key = P.reshape(sliceAxis(keys, 1, column, column + 1), [count]);
    order = P.take(order, P.sort(P.take(key, order, 0), 0).positions, 0);
  }
  const sorted = P.take(rows, order, 0);
  const same = P.reduceAll(P.equal(sliceAxis(sorted, 0, 1, count), sliceAxis(sorted, 0, 0, Math.max(0, count - 1))), [1]);
  const starts = count === 0 ? P.iota([0], 0, "int32") : P.concatenate([broadcast(P.constant(0, "int32"), [1]), P.convert(P.not(same), "int32")], 0); // prettier-ignore
  const group = P.cumulativeSum(starts, 0);
  const zeros = broadcast(P.constant(0, "int32"), [length + 1]);
  // Groups beyond the length gather in one place more, which is cut off.
  const place = P.minimum(group, constantLike(length, group));
  const ones = constantLike(1, group);
  const counts = sliceAxis(P.takeScatterAdd(zeros, place, ones, 0), 0, 0, length);
  const isFirst = P.or(P.equal(starts, ones), P.equal(P.iota([count], 0, "int32"), constantLike(0, group)));
  const first = sliceAxis(P.takeScatterAdd(zeros, place, P.select(isFirst, order, constantLike(0, order)), 0), 0, 0, length);
  const inverse = P.scatterNd(constantLike(0, group), P.reshape(order, [count, 1]), group, "set");
  const found = P.greater(counts, constantLike(0, counts));
  const taken = P.take(rows, first, 0, "clamp");
  const isFound = P.broadcastInDim(found, [length, width], [0]);
  const values = P.select(isFound, taken, broadcast(P.constant(fill, dtype), [length, width]));
  return { values, index: first, inverse, counts };
}
