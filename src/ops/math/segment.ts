/** Reductions over segments: rows that carry the same number. */
import { dtypes, isByte, isFloat, largestFinite } from "../../dtype/index.ts";
import { ShapeError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { knownValues } from "../known-values.ts";
import { broadcast, castTo, constantLike } from "../promote.ts";

/** Options of segment reductions. */
export interface SegmentOptions {
  /** Number of segments; rows of other numbers are left out. Default null: one more than the largest number, which must be known. */
  numSegments?: number | null;
  /** Whether the numbers ascend: nothing depends on it. */
  sorted?: boolean;
}
/** `f(data, segmentIds, numSegments, sorted)`, or with one options object. */
export type SegmentOp = (
  data: TensorLike,
  segmentIds: TensorLike,
  numSegments?: number | null | SegmentOptions,
  sorted?: boolean,
) => Tensor;
type Rest = [(number | null | SegmentOptions)?, boolean?];

interface Segments {
  /** [n, ..]. */
  readonly rows: Tensor;
  /** Segment of each row, int32 [n]; that of rows that are left out is `count`. */
  readonly ids: Tensor;
  readonly count: number;
}

function segmentsOf(data: TensorLike, segmentIds: TensorLike, rest: Rest): Segments {
  const { numSegments = null } = options<SegmentOptions>(["numSegments", "sorted"], rest);
  const given = asTensor(data);
  const rows = isByte(given.dtype) ? P.convert(given, "int32") : given;
  const index = asTensor(segmentIds);
  if (isFloat(index.dtype) || index.rank !== 1 || rows.rank < 1 || rows.shape[0] !== index.shape[0]) {
    throw new ShapeError({
      where: currentScope(),
      problem: "every row of the data needs the number of its segment",
      expected: `an integer vector of ${rows.rank === 0 ? 1 : rows.shape[0]!} numbers`,
      received: `${index.toString()} for data of shape ${formatShape(rows.shape)}`,
    });
  }
  let count = numSegments;
  if (count === null) {
    count = 0;
    for (const id of knownValues(index, "the number of segments", "give numSegments")) count = Math.max(count, id + 1);
  }
  const ids = castTo(index, "int32");
  const isInside = P.and(P.greaterEqual(ids, constantLike(0, ids)), P.less(ids, constantLike(count, ids)));
  return { rows, ids: P.select(isInside, ids, constantLike(count, ids)), count };
}

/** Without the last row, where what is left out was gathered. */
function withoutLast(x: Tensor, count: number): Tensor {
  const shape = concreteShape(x);
  const starts = shape.map(() => 0);
  return P.slice(x, starts, [count, ...shape.slice(1)]);
}

function filled(count: number, rows: Tensor, value: number): Tensor {
  return broadcast(P.constant(value, rows.dtype), [count + 1, ...concreteShape(rows).slice(1)]);
}

/** Sums of the rows of each segment; 0 for an empty one. Shapes: data [n, ..], segmentIds int [n] -> [segments, ..]. */
export const segmentSum: SegmentOp = defineOp("segmentSum", (data: TensorLike, segmentIds: TensorLike, ...rest: Rest) => {
  const { rows, ids, count } = segmentsOf(data, segmentIds, rest);
  return withoutLast(P.takeScatterAdd(filled(count, rows, 0), ids, rows, 0, "clamp"), count);
});

/**
 * A reduction by sorting: rows in order of their segment, combined by doubling (Blelloch 1990, segmented scans), so that the
 * last row of each segment holds the result. log2(n) steps of elementwise work.
 */
function reduced(segments: Segments, neutral: number, combine: (x: Tensor, y: Tensor) => Tensor): Tensor {
  const { rows, ids, count } = segments;
  const n = rows.dim(0);
  if (n === 0) return withoutLast(filled(count, rows, neutral), count);
  const { values: sorted, positions } = P.sort(ids, 0);
  const shape = concreteShape(rows);
  let result = P.take(rows, positions, 0, "clamp");
  for (let distance = 1; distance < n; distance *= 2) {
    const back = P.subtract(P.iota([n], 0, "int32"), broadcast(P.constant(distance, "int32"), [n]));
    const earlier = P.take(result, back, 0, "clamp");
    const before = P.take(sorted, back, 0, "clamp");
    const joins = P.and(P.equal(before, sorted), P.greaterEqual(back, constantLike(0, back)));
    result = P.select(P.broadcastInDim(joins, shape, [0]), combine(result, earlier), result);
  }
  // The last row of segment s stands where the rows of segments up to s end.
  const sizes = P.takeScatterAdd(broadcast(P.constant(0, "int32"), [count + 1]), ids, constantLike(1, ids), 0, "clamp");
  const ends = P.cumulativeSum(sizes, 0);
  const last = P.take(result, P.subtract(ends, constantLike(1, ends)), 0, "clamp");
  const isEmpty = P.broadcastInDim(P.equal(sizes, constantLike(0, sizes)), concreteShape(last), [0]);
  return withoutLast(P.select(isEmpty, constantLike(neutral, last), last), count);
}

function extreme(x: Tensor, sign: 1 | -1): number {
  if (isFloat(x.dtype)) return sign * largestFinite(x.dtype);
  return dtypes[x.dtype].range[sign > 0 ? 1 : 0];
}

/** An extremum; equal rows share the gradient, as in TensorFlow. */
function extremum(name: string, sign: 1 | -1, combine: (x: Tensor, y: Tensor) => Tensor): SegmentOp {
  return defineOp(name, (data: TensorLike, segmentIds: TensorLike, ...rest: Rest) => {
    const segments = segmentsOf(data, segmentIds, rest);
    const { rows, ids, count } = segments;
    const value = reduced(segments, extreme(rows, sign), combine);
    if (!isFloat(rows.dtype)) return value;
    const out: Tensor = P.withGradient(value, [rows], (cotangent) => {
      const extended = (x: Tensor): Tensor => P.concatenate([x, broadcast(P.constant(0, x.dtype), [1, ...concreteShape(x).slice(1)])], 0); // prettier-ignore
      const spread = (x: Tensor): Tensor => P.take(extended(x), ids, 0, "clamp");
      const isInside = P.broadcastInDim(P.less(ids, constantLike(count, ids)), concreteShape(rows), [0]);
      const chosen = P.convert(P.and(P.equal(rows, spread(out)), isInside), rows.dtype);
      const ties = withoutLast(P.takeScatterAdd(filled(count, rows, 0), ids, chosen, 0, "clamp"), count);
      const share = P.divide(cotangent, P.maximum(ties, constantLike(1, ties)));
      return [P.multiply(chosen, spread(share))];
    });
    return out;
  });
}
/** Largest row of each segment, elementwise; the lowest number of the dtype for an empty one. */
export const segmentMax: SegmentOp = extremum("segmentMax", -1, P.maximum);
/** Smallest row of each segment, elementwise; the largest number of the dtype for an empty one. */
export const segmentMin: SegmentOp = extremum("segmentMin", 1, P.minimum);
/** Product of the rows of each segment; 1 for an empty one. */
export const segmentProd: SegmentOp = defineOp("segmentProd", (data: TensorLike, segmentIds: TensorLike, ...rest: Rest) =>
  reduced(segmentsOf(data, segmentIds, rest), 1, P.multiply),
);
