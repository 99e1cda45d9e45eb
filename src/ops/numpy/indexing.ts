/** Elements by position: static slices, slices whose start is data, gathers. */
import { isFloat } from "../../dtype/index.ts";
import { DTypeError, IndexError, ShapeError } from "../../errors.ts";
import { broadcastShapes, concreteShape, currentScope, formatShape, normalizeAxis, Tensor } from "../../graph/index.ts";
import { Variable } from "../../graph/variable.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcast, castTo, constantLike } from "../promote.ts";

/** Positions of a slice: numbers known now, or an int32 vector that is data. */
export type Starts = readonly number[] | Tensor | Variable;

function isData(starts: Starts): starts is Tensor | Variable {
  return starts instanceof Tensor || starts instanceof Variable;
}

/** The part of `shape` that begins at `startIndices`. Starts that are data are moved inside, as XLA does; numbers must fit. */
export const slice: (x: TensorLike, startIndices: Starts, shape: readonly number[]) => Tensor = defineOp(
  "slice",
  (x: TensorLike, startIndices: Starts, shape: readonly number[]) => {
    const t = asTensor(x);
    if (isData(startIndices)) return P.dynamicSlice(t, castTo(asTensor(startIndices), "int32"), shape);
    const starts = startIndices.map((start, axis) => (start < 0 ? start + concreteShape(t)[axis]! : start));
    return P.slice(
      t,
      starts,
      starts.map((start, axis) => start + shape[axis]!),
      starts.map(() => 1),
    );
  },
);

/** `x` with `updates` written at `startIndices`. */
export const sliceUpdate: (x: TensorLike, startIndices: Starts, updates: TensorLike) => Tensor = defineOp(
  "sliceUpdate",
  (x: TensorLike, startIndices: Starts, updates: TensorLike) => {
    const t = asTensor(x);
    const starts = isData(startIndices) ? asTensor(startIndices) : asTensor(Int32Array.from(startIndices));
    return P.dynamicUpdateSlice(t, castTo(asTensor(updates), t.dtype), castTo(starts, "int32"));
  },
);

/** Integer positions as int32; negative ones count from the end of an axis of `extent`. */
export function indexTensor(indices: TensorLike, extent: number): Tensor {
  let given = asTensor(indices);
  if (given.dtype === "bool") throw new DTypeError({ where: currentScope(), problem: "indices must be integers", received: given.dtype });
  if (!(indices instanceof Tensor) && !(indices instanceof Variable)) given = castTo(given, "int32");
  if (isFloat(given.dtype)) {
    throw new DTypeError({
      where: currentScope(),
      problem: "indices must be integers",
      received: given.dtype,
      advice: 'convert them: ops.cast(indices, "int32")',
    });
  }
  const index = castTo(given, "int32");
  return P.select(P.less(index, constantLike(0, index)), P.add(index, constantLike(extent, index)), index);
}

/**
 * Elements at `indices` along an axis (default: of the flattened tensor). Negative indices count from the end; others
 * outside the axis are an IndexError when the program runs.
 * Shapes: x [a.., n, b..], indices [i..] -> [a.., i.., b..].
 */
export const take: (x: TensorLike, indices: TensorLike, axis?: number | null | { axis?: number | null }) => Tensor = defineOp(
  "take",
  (x: TensorLike, indices: TensorLike, ...rest: [(number | null | { axis?: number | null })?]) => {
    const { axis = null } = options<{ axis: number | null }>(["axis"], rest);
    const given = asTensor(x);
    const t = axis === null ? P.reshape(given, [given.size]) : given;
    const at = axis === null ? 0 : normalizeAxis(currentScope(), axis, t.rank);
    return P.take(t, indexTensor(indices, t.dim(at)), at, "check");
  },
);

function without(shape: readonly number[], axis: number): number[] {
  return shape.filter((_, position) => position !== axis);
}

/** out[.., i, ..] = x[.., indices[.., i, ..], ..] along an axis (default: of the flattened tensors). */
export const takeAlongAxis: (x: TensorLike, indices: TensorLike, axis?: number | null | { axis?: number | null }) => Tensor = defineOp(
  "takeAlongAxis",
  (x: TensorLike, indices: TensorLike, ...rest: [(number | null | { axis?: number | null })?]) => {
    const { axis = null } = options<{ axis: number | null }>(["axis"], rest);
    const t = asTensor(x);
    const at = axis === null ? 0 : normalizeAxis(currentScope(), axis, t.rank);
    const flat = axis === null ? P.reshape(t, [t.size]) : t;
    const index = indexTensor(indices, flat.dim(at));
    if (axis === null) return P.takeAlongAxis(flat, P.reshape(index, [index.size]), at, "check");
    if (index.rank !== flat.rank) return P.takeAlongAxis(flat, index, at, "check");
    // All axes but this one broadcast against each other, as in NumPy.
    const [from, picked] = [concreteShape(flat), concreteShape(index)];
    const others = broadcastShapes(currentScope(), without(from, at), without(picked, at));
    const along = (extent: number): number[] => [...others.slice(0, at), extent, ...others.slice(at)];
    return P.takeAlongAxis(broadcast(flat, along(from[at]!)), broadcast(index, along(picked[at]!)), at, "check");
  },
);

/** A slice `start:stop:step`; missing ends are the ends of the axis. */
export interface SliceSpec {
  start?: number | null;
  stop?: number | null;
  step?: number | null;
}
/** One part of an index: a position (the axis disappears), a slice, `null` for a whole axis, "newaxis", or "..." for all axes in between. */
export type IndexPart = number | SliceSpec | null | "newaxis" | "...";

/** NumPy's basic indexing: `getItem(x, 1)`, `getItem(x, ["...", { stop: 3 }, -1])`. */
export const getItem: (x: TensorLike, key: IndexPart | readonly IndexPart[]) => Tensor = defineOp(
  "getItem",
  (x: TensorLike, key: IndexPart | readonly IndexPart[]) => {
    const t = asTensor(x);
    const shape = concreteShape(t);
    const parts = Array.isArray(key) ? [...(key as readonly IndexPart[])] : [key as IndexPart];
    const used = parts.filter((part) => part !== "newaxis" && part !== "...").length;
    if (used > t.rank)
      throw new ShapeError({
        where: currentScope(),
        problem: "the index has more axes than the tensor",
        received: `${used} for ${formatShape(shape)}`,
      });
    const fill = new Array<IndexPart>(t.rank - used).fill(null);
    const ellipsis = parts.indexOf("...");
    if (ellipsis >= 0) parts.splice(ellipsis, 1, ...fill);
    else parts.push(...fill);
    const [starts, limits, strides, reversed, kept] = [[] as number[], [] as number[], [] as number[], [] as number[], [] as number[]];
    let axis = 0;
    for (const part of parts) {
      if (part === "newaxis") {
        kept.push(1);
        continue;
      }
      const extent = shape[axis]!;
      if (typeof part === "number") {
        const at = part < 0 ? part + extent : part;
        if (at < 0 || at >= extent) {
          throw new IndexError({
            where: currentScope(),
            problem: `position ${part} is outside axis ${axis}`,
            expected: `an integer from ${-extent} to ${extent - 1}`,
            received: String(part),
          });
        }
        [starts[axis], limits[axis], strides[axis]] = [at, at + 1, 1];
      } else {
        const { start = null, stop = null, step } = (part ?? {}) as SliceSpec;
        const by = step ?? 1;
        const place = (value: number, low: number, high: number): number =>
          Math.min(high, Math.max(low, value < 0 ? value + extent : value));
        if (by > 0) {
          const from = start === null ? 0 : place(start, 0, extent);
          const to = Math.max(from, stop === null ? extent : place(stop, 0, extent));
          [starts[axis], limits[axis], strides[axis]] = [from, to, by];
        } else {
          // From high to low: the same elements upwards, then reversed.
          const from = start === null ? extent - 1 : place(start, -1, extent - 1);
          const to = stop === null ? -1 : place(stop, -1, extent - 1);
          const count = Math.max(0, Math.ceil((from - to) / -by));
          const lowest = from + (count - 1) * by;
          [starts[axis], limits[axis], strides[axis]] = count === 0 ? [0, 0, 1] : [lowest, from + 1, -by];
          reversed.push(axis);
        }
        kept.push(Math.ceil((limits[axis]! - starts[axis]!) / strides[axis]!));
      }
      axis++;
    }
    const cut = P.slice(t, starts, limits, strides);
    return P.reshape(reversed.length > 0 ? P.reverse(cut, reversed) : cut, kept);
  },
);

/** A tensor of `shape`, zero but for `values` added at `indices` (last axis: the position). */
export const scatter: (indices: TensorLike, values: TensorLike, shape: readonly number[]) => Tensor = defineOp(
  "scatter",
  (indices: TensorLike, values: TensorLike, shape: readonly number[]) => {
    const v = asTensor(values);
    const zero = P.broadcastInDim(P.constant(0, v.dtype), shape, []);
    return P.scatterNd(zero, castTo(asTensor(indices), "int32"), v, "add");
  },
);

/** `x` with `updates` written at `indices` (last axis: the position). */
export const scatterUpdate: (x: TensorLike, indices: TensorLike, updates: TensorLike) => Tensor = defineOp(
  "scatterUpdate",
  (x: TensorLike, indices: TensorLike, updates: TensorLike) => {
    const t = asTensor(x);
    return P.scatterNd(t, castTo(asTensor(indices), "int32"), castTo(asTensor(updates), t.dtype), "set");
  },
);
