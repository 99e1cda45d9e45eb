/** Order: sorting, positions in sorted order, the largest few. */
import { ShapeError, ValueError } from "../../errors.ts";
import { concreteShape, currentScope, formatShape, normalizeAxis, type Tensor } from "../../graph/index.ts";
import * as P from "../../primitives/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { broadcast, castTo, constantLike, promote, toFloat } from "../promote.ts";
import { sliceAxis } from "./shaping.ts";

/** An operation along one axis (default -1; null: of the flattened tensor). */
export type SortOp = (x: TensorLike, axis?: number | null | { axis?: number | null }) => Tensor;
type AxisRest = [(number | null | { axis?: number | null })?];

/** The operand and the axis to sort along; booleans are sorted as bytes. */
function sortable(x: TensorLike, rest: AxisRest): { t: Tensor; at: number } {
  const { axis = -1 } = options<{ axis: number | null }>(["axis"], rest);
  const given = asTensor(x);
  const flat = axis === null || given.rank === 0 ? P.reshape(given, [given.size]) : given;
  const t = flat.dtype === "bool" ? P.convert(flat, "uint8") : flat;
  return { t, at: axis === null || given.rank === 0 ? 0 : normalizeAxis(currentScope(), axis, t.rank) };
}

/** Elements in ascending order along an axis; NaN comes last. The gradient goes back to where each element was. */
export const sort: SortOp = defineOp("sort", (x: TensorLike, ...rest: AxisRest) => {
  const { t, at } = sortable(x, rest);
  return castTo(P.sort(t, at).values, asTensor(x).dtype);
});

/** Positions (int32) of the elements in ascending order along an axis; equal elements keep their order, NaN comes last. */
export const argsort: SortOp = defineOp("argsort", (x: TensorLike, ...rest: AxisRest) => {
  const { t, at } = sortable(x, rest);
  return P.sort(t, at).positions;
});

/** Positions (int32) that put the element of rank `kth` at place `kth`, smaller ones before it, larger ones after it. */
export const argpartition: (x: TensorLike, kth: number, axis?: number | null | { axis?: number | null }) => Tensor = defineOp(
  "argpartition",
  (x: TensorLike, kth: number, ...rest: AxisRest) => {
    const { t, at } = sortable(x, rest);
    const extent = t.dim(at);
    if (!Number.isInteger(kth) || kth < -extent || kth >= extent) {
      throw new ValueError({
        where: currentScope(),
        problem: "kth is no place of the axis",
        expected: `an integer from ${-extent} to ${extent - 1}`,
        received: String(kth),
      });
    }
    return P.sort(t, at).positions;
  },
);

/** Options of `topK`. */
export interface TopKOptions {
  /** From the largest to the smallest (default true); either way that is the order given. */
  sorted?: boolean;
  /** Equal elements keep their order: they always do. */
  isStable?: boolean;
}
/**
 * The `k` largest elements along the last axis, from the largest, and their positions (int32): the first of equal ones
 * first. Shapes: x [.., n] -> two of [.., k]. Throws ShapeError where the axis is shorter than k.
 */
export const topK: (x: TensorLike, k: number, sorted?: boolean | TopKOptions) => [Tensor, Tensor] = defineOp(
  "topK",
  (x: TensorLike, k: number, ...rest: [(boolean | TopKOptions)?]): [Tensor, Tensor] => {
    options<TopKOptions>(["sorted", "isStable"], rest);
    const t = asTensor(x);
    const extent = t.rank === 0 ? 0 : t.dim(-1);
    if (!Number.isInteger(k) || k < 0 || k > extent) {
      throw new ShapeError({
        where: currentScope(),
        problem: "the last axis does not have so many elements",
        expected: `k from 0 to ${extent}`,
        received: `k = ${k} for ${formatShape(t.shape)}`,
      });
    }
    const axis = t.rank - 1;
    const { values, positions } = P.sort(t.dtype === "bool" ? P.convert(t, "uint8") : t, axis, true);
    return [castTo(sliceAxis(values, axis, 0, k), t.dtype), sliceAxis(positions, axis, 0, k)];
  },
);

/**
 * Whether the prediction of the target class is among the `k` largest of its row; ties count as in. False where the
 * target is no class or its prediction is not finite. Shapes: targets int [batch], predictions [batch, classes] -> [batch].
 */
export const inTopK: (targets: TensorLike, predictions: TensorLike, k: number) => Tensor = defineOp(
  "inTopK",
  (targets: TensorLike, predictions: TensorLike, k: number) => {
    const labels = castTo(asTensor(targets), "int32");
    const p = toFloat(predictions);
    if (p.rank !== labels.rank + 1 || concreteShape(labels).some((extent, axis) => extent !== p.shape[axis])) {
      throw new ShapeError({
        where: currentScope(),
        problem: "targets have the shape of the predictions without their last axis",
        expected: formatShape(p.shape.slice(0, -1)),
        received: formatShape(labels.shape),
      });
    }
    const shape = concreteShape(p);
    const axis = p.rank - 1;
    const column = P.reshape(labels, [...concreteShape(labels), 1]);
    const chosen = P.takeAlongAxis(p, column, axis, "clamp");
    const larger = P.convert(P.greater(p, broadcast(chosen, shape)), "int32");
    const rank = P.reduceSum(larger, [axis]);
    const value = P.reshape(chosen, concreteShape(labels));
    const isClass = P.and(P.greaterEqual(labels, constantLike(0, labels)), P.less(labels, constantLike(shape[axis]!, labels)));
    return P.and(P.and(P.less(rank, constantLike(k, rank)), P.isFinite(value)), isClass);
  },
);

/** Which side of equal elements a value is put. */
export type SearchSide = "left" | "right";

/**
 * Where values would be put into a sorted vector: the number of its elements that are smaller (side "left") or not larger
 * ("right"), int32. NaN counts as the largest. By bisection, about log2(n) gathers.
 * Shapes: sortedSequence [n], values [..] -> [..].
 */
export const searchsorted: (sortedSequence: TensorLike, values: TensorLike, side?: SearchSide | { side?: SearchSide }) => Tensor = defineOp(
  "searchsorted",
  (sortedSequence: TensorLike, values: TensorLike, ...rest: [(SearchSide | { side?: SearchSide })?]) => {
    const { side = "left" } = options<{ side: SearchSide }>(["side"], rest);
    if (side !== "left" && side !== "right") {
      throw new ValueError({
        where: currentScope(),
        problem: "there is no such side",
        expected: '"left" or "right"',
        received: String(side),
      });
    }
    return positionIn(sortedSequence, values, side);
  },
);

function positionIn(sortedSequence: TensorLike, values: TensorLike, side: SearchSide): Tensor {
  const [sequence, v] = promote([asTensor(sortedSequence), asTensor(values)]) as [Tensor, Tensor];
  if (sequence.rank !== 1) {
    throw new ShapeError({
      where: currentScope(),
      problem: "the sorted sequence is no vector",
      expected: "one axis",
      received: formatShape(sequence.shape),
    });
  }
  const extent = sequence.size;
  const shape = concreteShape(v);
  const c = (value: number): Tensor => broadcast(P.constant(value, "int32"), shape);
  if (extent === 0) return c(0);
  const isNan = P.notEqual(v, v);
  const before = (element: Tensor): Tensor =>
    side === "left" ? P.or(P.less(element, v), P.and(isNan, P.equal(element, element))) : P.or(P.lessEqual(element, v), isNan);
  let place = c(0);
  for (let step = 2 ** Math.floor(Math.log2(extent)); step >= 1; step /= 2) {
    const next = P.add(place, c(step));
    const element = P.take(sequence, P.subtract(next, c(1)), 0, "clamp");
    place = P.select(P.and(P.lessEqual(next, c(extent)), before(element)), next, place);
  }
  return place;
}

/** The bin of each element: i where `bins[i - 1] <= x < bins[i]` (bins ascending), int32. */
export const digitize: (x: TensorLike, bins: TensorLike) => Tensor = defineOp("digitize", (x: TensorLike, bins: TensorLike) =>
  positionIn(bins, x, "right"),
);
