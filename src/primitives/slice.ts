import { ShapeError } from "../errors.ts";
import { applyOne, concreteShape, formatShape, type Primitive, stridesOf, type Tensor } from "../graph/index.ts";
import { constant } from "./constant.ts";
import { definePrimitive, emptyNd, nd, numbers, whereOf } from "./define.ts";
import { eachIndex, positionOf } from "./indices.ts";
import { pad } from "./pad.ts";

/** Every `strides[i]`-th element of [starts[i], limits[i]) along each axis i. Attributes: `starts`, `limits`, `strides`. */
export const slicePrimitive: Primitive = definePrimitive({
  name: "slice",
  infer: (inputs, attributes) => {
    const x = inputs[0]!;
    const starts = numbers(attributes, "starts");
    const limits = numbers(attributes, "limits");
    const strides = numbers(attributes, "strides");
    const fits =
      [starts, limits, strides].every((list) => list.length === x.shape.length && list.every(Number.isInteger)) &&
      x.shape.every((extent, i) => 0 <= starts[i]! && starts[i]! <= limits[i]! && limits[i]! <= extent && strides[i]! >= 1);
    if (!fits) {
      throw new ShapeError({
        where: whereOf("slice"),
        problem: "the slice does not lie inside the tensor",
        expected: `per axis of ${formatShape(x.shape)}: 0 <= start <= limit <= extent and a stride of at least 1`,
        received: `starts ${formatShape(starts)}, limits ${formatShape(limits)}, strides ${formatShape(strides)}`,
        advice: "clip the bounds to the extents first",
      });
    }
    return [{ shape: starts.map((start, i) => Math.ceil((limits[i]! - start) / strides[i]!)), dtype: x.dtype }];
  },
  gradient: ({ inputs, outputs, attributes, cotangents }) => {
    const extents = concreteShape(inputs[0]!);
    const sizes = concreteShape(outputs[0]!);
    const starts = numbers(attributes, "starts");
    const strides = numbers(attributes, "strides");
    const low = starts.map((start, i) => (sizes[i] === 0 ? 0 : start));
    // What the strided elements span, from the first to the last; the rest of the axis is padding behind.
    const high = extents.map((extent, i) => (sizes[i] === 0 ? extent : extent - low[i]! - ((sizes[i]! - 1) * strides[i]! + 1)));
    return [
      pad(
        cotangents[0]!,
        constant(0, cotangents[0]!.dtype),
        low,
        high,
        strides.map((stride) => stride - 1),
      ),
    ];
  },
  reference: ([x], attributes, types) => {
    const out = emptyNd(types[0]!);
    const from = stridesOf(x!.shape);
    const origin = positionOf(numbers(attributes, "starts"), from);
    const strides = numbers(attributes, "strides").map((stride, i) => stride * from[i]!);
    eachIndex(out.shape, (index, position) => (out.data[position] = x!.data[origin + positionOf(index, strides)]!));
    return [out];
  },
  lowering: {
    kind: "view",
    view: (input, _output, attributes) => {
      const starts = numbers(attributes, "starts");
      const strides = numbers(attributes, "strides");
      return {
        indices: input.shape.map((_, axis) => ({
          constant: starts[axis]!,
          coefficients: input.shape.map((_, i) => (i === axis ? strides[axis]! : 0)),
        })),
        guarded: [],
        fill: 0,
      };
    },
  },
  samples: () => [
    { inputs: [nd([1, 2, 3, 4, 5, 6, 7])], attributes: { starts: [1], limits: [6], strides: [2] } },
    { inputs: [nd([1, 2, 3, 4, 5, 6, 7, 8])], attributes: { starts: [0], limits: [8], strides: [3] } },
    { inputs: [nd([1, 2, 3, 4, 5, 6], [2, 3])], attributes: { starts: [1, 0], limits: [2, 2], strides: [1, 1] } },
    { inputs: [nd([1, 2, 3, 4, 5, 6], [2, 3])], attributes: { starts: [0, 2], limits: [2, 2], strides: [1, 1] } },
    { inputs: [nd([7], [])], attributes: { starts: [], limits: [], strides: [] } },
    { inputs: [nd([], [0, 3])], attributes: { starts: [0, 1], limits: [0, 3], strides: [1, 2] } },
    { inputs: [nd([1, 2, 3, 4], [4], "int32")], attributes: { starts: [1], limits: [4], strides: [2] } },
    { inputs: [nd([1, 0, 1, 0], [4], "bool")], attributes: { starts: [1], limits: [4], strides: [2] } },
  ],
});

/** `x[starts : limits : strides]`, per axis. Throws ShapeError where a bound leaves the tensor. */
export function slice(
  x: Tensor,
  starts: readonly number[],
  limits: readonly number[],
  strides: readonly number[] = starts.map(() => 1),
): Tensor {
  return applyOne(slicePrimitive, [x], { starts, limits, strides });
}
