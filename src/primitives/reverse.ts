import { applyOne, type Primitive, stridesOf, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectAxes, nd, numbers } from "./define.ts";
import { eachIndex, positionOf } from "./indices.ts";

/** Elements in opposite order along `attributes.axes`. */
export const reversePrimitive: Primitive = definePrimitive({
  name: "reverse",
  infer: (inputs, attributes) => {
    expectAxes("reverse", numbers(attributes, "axes"), inputs[0]!.shape.length);
    return [inputs[0]!];
  },
  gradient: ({ cotangents, attributes }) => [reverse(cotangents[0]!, numbers(attributes, "axes"))],
  reference: ([x], attributes, types) => {
    const out = emptyNd(types[0]!);
    const strides = stridesOf(out.shape);
    const axes = numbers(attributes, "axes");
    const flipped = out.shape.map((extent, axis) => (axes.includes(axis) ? extent - 1 : 0));
    eachIndex(out.shape, (index, position) => {
      const source = index.map((at, axis) => (axes.includes(axis) ? flipped[axis]! - at : at));
      out.data[position] = x!.data[positionOf(source, strides)]!;
    });
    return [out];
  },
  lowering: {
    kind: "view",
    view: (input, _output, attributes) => {
      const axes = numbers(attributes, "axes");
      return {
        indices: input.shape.map((extent, axis) => ({
          constant: axes.includes(axis) ? extent - 1 : 0,
          coefficients: input.shape.map((_, i) => (i === axis ? (axes.includes(axis) ? -1 : 1) : 0)),
        })),
        guarded: [],
        fill: 0,
      };
    },
  },
  samples: () => [
    { inputs: [nd([1, 2, 3])], attributes: { axes: [0] } },
    { inputs: [nd([1, 2, 3, 4, 5, 6], [2, 3])], attributes: { axes: [1] } },
    { inputs: [nd([1, 2, 3, 4, 5, 6], [2, 3])], attributes: { axes: [0, 1] } },
    { inputs: [nd([7], [])], attributes: { axes: [] } },
    { inputs: [nd([], [0, 3])], attributes: { axes: [0] } },
    { inputs: [nd([1, 2, 3], [3], "int32")], attributes: { axes: [0] } },
    { inputs: [nd([1, 0, 0], [3], "bool")], attributes: { axes: [0] } },
  ],
});

/** x reversed along `axes`; x itself where there are none. Throws ShapeError where an axis does not exist. */
export function reverse(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : applyOne(reversePrimitive, [x], { axes });
}
