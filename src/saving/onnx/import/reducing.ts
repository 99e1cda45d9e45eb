/** ONNX's reductions, orders and normal forms along axes. */
import type { Tensor } from "../../../graph/index.ts";
import * as ops from "../../../ops/index.ts";
import * as P from "../../../primitives/index.ts";
import { like, type NodeContext, type Operator, shapeOf, spreadTo } from "./operator.ts";

/** A reduction; `keepdims` and axes as every version of ONNX gives them. */
function reduction(reduce: (x: Tensor, axes: readonly number[]) => Tensor): Operator {
  return (context) => {
    const x = context.input(0);
    const given = context.axes(1);
    const none = given === null || given.length === 0;
    if (none && context.int("noop_with_empty_axes", 0) === 1) return [x];
    const axes = none ? shapeOf(x).map((_, axis) => axis) : [...new Set(given.map((axis) => context.axis(axis, x.rank)))];
    const reduced = reduce(x, axes);
    if (context.int("keepdims", 1) === 0) return [reduced];
    return [
      P.reshape(
        reduced,
        shapeOf(x).map((extent, axis) => (axes.includes(axis) ? 1 : extent)),
      ),
    ];
  };
}

function count(x: Tensor, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * shapeOf(x)[axis]!, 1);
}

const mean = (x: Tensor, axes: readonly number[]): Tensor => {
  const sum = P.reduceSum(x, axes);
  return P.divide(sum, like(sum, count(x, axes)));
};

const square = (x: Tensor): Tensor => P.multiply(x, x);

function position(argument: (x: Tensor, axis: number) => Tensor): Operator {
  return (context) => {
    const x = context.input(0);
    const axis = context.axis(context.int("axis", 0), x.rank);
    const extent = shapeOf(x)[axis]!;
    const last = context.int("select_last_index", 0) === 1;
    const found = argument(last ? P.reverse(x, [axis]) : x, axis);
    const placed = last ? P.subtract(like(found, extent - 1), found) : found;
    if (context.int("keepdims", 1) === 0) return [placed];
    return [
      P.reshape(
        placed,
        shapeOf(x).map((e, i) => (i === axis ? 1 : e)),
      ),
    ];
  };
}

/** Until version 13 everything behind the axis counted as one. */
function alongAxis(compute: (x: Tensor, axis: number) => Tensor): Operator {
  return (context) => {
    const x = context.input(0);
    const flat = context.opset < 13;
    const axis = context.axis(context.int("axis", flat ? 1 : -1), x.rank);
    if (!flat) return [compute(x, axis)];
    const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);
    const rows = P.reshape(x, [product(shapeOf(x).slice(0, axis)), product(shapeOf(x).slice(axis))]);
    return [P.reshape(compute(rows, 1), shapeOf(x))];
  };
}

function hardmax(x: Tensor, axis: number): Tensor {
  const best = P.argmax(x, axis);
  const axes = shapeOf(x)
    .map((_, i) => i)
    .filter((i) => i !== axis);
  return P.convert(P.equal(P.broadcastInDim(best, shapeOf(x), axes), P.iota(shapeOf(x), axis, "int32")), x.dtype);
}

function cumSum(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const axis = context.axis(context.constant(1)?.[0] ?? 0, x.rank);
  const backwards = context.int("reverse", 0) === 1;
  const sum = P.cumulativeSum(x, axis, backwards);
  return [context.int("exclusive", 0) === 1 ? P.subtract(sum, x) : sum];
}

function topK(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const k = context.constant(1)?.[0] ?? context.int("k", 1);
  const axis = context.axis(context.int("axis", -1), x.rank);
  const { values, positions } = P.sort(x, axis, context.int("largest", 1) === 1);
  const cut = (t: Tensor): Tensor =>
    P.slice(
      t,
      shapeOf(t).map(() => 0),
      shapeOf(t).map((extent, i) => (i === axis ? k : extent)),
    );
  return [cut(values), cut(positions)];
}

function lpNormalization(context: NodeContext): readonly Tensor[] {
  const x = context.input(0);
  const axis = context.axis(context.int("axis", -1), x.rank);
  const p = context.int("p", 2);
  const sum = P.reduceSum(p === 1 ? P.abs(x) : square(x), [axis]);
  const kept = P.reshape(
    p === 1 ? sum : P.sqrt(sum),
    shapeOf(x).map((extent, i) => (i === axis ? 1 : extent)),
  );
  const norm = spreadTo(kept, shapeOf(x));
  return [P.select(P.equal(norm, like(norm, 0)), like(x, 0), P.divide(x, norm))];
}

/** Reductions and orders by name. */
export const reducingOperators: Readonly<Record<string, Operator>> = {
  ReduceSum: reduction(P.reduceSum),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(P.reduceMax),
  ReduceMin: reduction(P.reduceMin),
  ReduceProd: reduction(P.reduceProd),
  ReduceL1: reduction((x, axes) => P.reduceSum(P.abs(x), axes)),
  ReduceL2: reduction((x, axes) => P.sqrt(P.reduceSum(square(x), axes))),
  ReduceLogSum: reduction((x, axes) => P.log(P.reduceSum(x, axes))),
  ReduceLogSumExp: reduction((x, axes) => ops.logsumexp(x, { axis: [...axes] })),
  ReduceSumSquare: reduction((x, axes) => P.reduceSum(square(x), axes)),
  ArgMax: position(P.argmax),
  ArgMin: position(P.argmin),
  Softmax: alongAxis((x, axis) => ops.softmax(x, axis)),
  LogSoftmax: alongAxis((x, axis) => ops.logSoftmax(x, axis)),
  Hardmax: alongAxis(hardmax),
  CumSum: cumSum,
  TopK: topK,
  LpNormalization: lpNormalization,
};
