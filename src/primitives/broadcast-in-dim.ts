import { ShapeError } from "../errors.ts";
import {
  applyOne,
  type ConcreteShape,
  concreteShape,
  formatShape,
  type Primitive,
  sameShape,
  stridesOf,
  type Tensor,
} from "../graph/index.ts";
import { definePrimitive, emptyNd, expectAxes, expectShape, nd, numbers, whereOf } from "./define.ts";
import { eachIndex, positionOf } from "./indices.ts";
import { reduceSum } from "./reduce-sum.ts";
import { reshape } from "./reshape.ts";

/**
 * Repeats x along new axes and along axes of extent 1. Attributes: `shape` of the output and, per axis of x, its axis in
 * the output, `axes` (increasing).
 */
export const broadcastInDimPrimitive: Primitive = definePrimitive({
  name: "broadcastInDim",
  infer: (inputs, attributes) => {
    const x = inputs[0]!;
    const shape = numbers(attributes, "shape");
    const axes = numbers(attributes, "axes");
    expectShape("broadcastInDim", shape);
    expectAxes("broadcastInDim", axes, shape.length);
    const fits =
      axes.length === x.shape.length &&
      x.shape.every((extent, i) => (extent === 1 || extent === shape[axes[i]!]) && (i === 0 || axes[i]! > axes[i - 1]!));
    if (!fits) {
      throw new ShapeError({
        where: whereOf("broadcastInDim"),
        problem: "the operand does not broadcast to the shape",
        expected: "one output axis per operand axis, increasing, with an operand extent that is equal or 1",
        received: `${formatShape(x.shape)} to ${formatShape(shape)} at axes ${formatShape(axes)}`,
        advice: "reshape or transpose the operand first",
      });
    }
    return [{ shape, dtype: x.dtype }];
  },
  gradient: ({ inputs, attributes, cotangents }) => {
    const xShape = concreteShape(inputs[0]!);
    const shape = numbers(attributes, "shape");
    const axes = numbers(attributes, "axes");
    const summed = shape
      .map((_, axis) => axis)
      .filter((axis) => {
        const at = axes.indexOf(axis);
        return at < 0 || (xShape[at] === 1 && shape[axis] !== 1);
      });
    return [reshape(reduceSum(cotangents[0]!, summed), xShape)];
  },
  reference: ([x], attributes, types) => {
    const out = emptyNd(types[0]!);
    const from = stridesOf(x!.shape);
    const strides = new Array<number>(out.shape.length).fill(0);
    numbers(attributes, "axes").forEach((axis, i) => (strides[axis] = x!.shape[i] === 1 ? 0 : from[i]!));
    eachIndex(out.shape, (index, position) => (out.data[position] = x!.data[positionOf(index, strides)]!));
    return [out];
  },
  lowering: {
    kind: "view",
    view: (input, output, attributes) => {
      const axes = numbers(attributes, "axes");
      return {
        indices: input.shape.map((extent, i) => ({
          constant: 0,
          coefficients: output.shape.map((_, axis) => (axes[i] === axis && extent !== 1 ? 1 : 0)),
        })),
        guarded: [],
        fill: 0,
      };
    },
  },
  samples: () => [
    { inputs: [nd([2.5], [])], attributes: { shape: [2, 3], axes: [] } },
    { inputs: [nd([1, 2, 3])], attributes: { shape: [2, 3], axes: [1] } },
    { inputs: [nd([1, 2])], attributes: { shape: [2, 3], axes: [0] } },
    { inputs: [nd([1, 2], [2, 1])], attributes: { shape: [2, 2, 3], axes: [0, 2] } },
    { inputs: [nd([1, 2], [1, 2])], attributes: { shape: [1, 2], axes: [0, 1] } },
    { inputs: [nd([1], [1])], attributes: { shape: [0, 3], axes: [0] } },
    { inputs: [nd([1, 2, 3], [3], "int32")], attributes: { shape: [2, 3], axes: [1] } },
    { inputs: [nd([1, 0, 1], [3], "bool")], attributes: { shape: [2, 3], axes: [1] } },
  ],
});

/**
 * x repeated to `shape`, its axis i being axis `axes[i]` of the result; x itself where nothing changes.
 * Throws ShapeError unless each extent of x is equal or 1.
 */
export function broadcastInDim(x: Tensor, shape: ConcreteShape, axes: readonly number[]): Tensor {
  if (sameShape(x.shape, shape) && axes.length === shape.length && axes.every((axis, i) => axis === i)) return x;
  return applyOne(broadcastInDimPrimitive, [x], { shape, axes });
}
