import { ShapeError } from "../errors.ts";
import { applyOne, formatShape, type Primitive, stridesOf, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectAxes, nd, numbers, whereOf } from "./define.ts";
import { eachIndex, positionOf } from "./indices.ts";

/** Axes in another order: output axis i is operand axis `attributes.permutation[i]`. */
export const transposePrimitive: Primitive = definePrimitive({
  name: "transpose",
  infer: (inputs, attributes) => {
    const x = inputs[0]!;
    const permutation = numbers(attributes, "permutation");
    if (permutation.length !== x.shape.length) {
      throw new ShapeError({
        where: whereOf("transpose"),
        problem: "the permutation does not name every axis",
        expected: `${x.shape.length} axes, for ${formatShape(x.shape)}`,
        received: formatShape(permutation),
        advice: "name every axis of the tensor once",
      });
    }
    expectAxes("transpose", permutation, x.shape.length);
    return [{ shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype }];
  },
  gradient: ({ cotangents, attributes }) => {
    const permutation = numbers(attributes, "permutation");
    const inverse = new Array<number>(permutation.length);
    permutation.forEach((axis, i) => (inverse[axis] = i));
    return [transpose(cotangents[0]!, inverse)];
  },
  reference: ([x], attributes, types) => {
    const out = emptyNd(types[0]!);
    const from = stridesOf(x!.shape);
    const strides = numbers(attributes, "permutation").map((axis) => from[axis]!);
    eachIndex(out.shape, (index, position) => (out.data[position] = x!.data[positionOf(index, strides)]!));
    return [out];
  },
  lowering: {
    kind: "view",
    view: (input, output, attributes) => {
      const permutation = numbers(attributes, "permutation");
      return {
        indices: input.shape.map((_, axis) => ({
          constant: 0,
          coefficients: output.shape.map((_, i) => (permutation[i] === axis ? 1 : 0)),
        })),
        guarded: [],
        fill: 0,
      };
    },
  },
  samples: () => [
    { inputs: [nd([1, 2, 3, 4, 5, 6], [2, 3])], attributes: { permutation: [1, 0] } },
    {
      inputs: [
        nd(
          Array.from({ length: 24 }, (_, i) => i / 2),
          [2, 3, 4],
        ),
      ],
      attributes: { permutation: [2, 0, 1] },
    },
    { inputs: [nd([1, 2, 3])], attributes: { permutation: [0] } },
    { inputs: [nd([7], [])], attributes: { permutation: [] } },
    { inputs: [nd([], [0, 3])], attributes: { permutation: [1, 0] } },
    { inputs: [nd([1, 2, 3, 4, 5, 6], [2, 3], "int32")], attributes: { permutation: [1, 0] } },
    { inputs: [nd([1, 0, 0, 1, 1, 1], [2, 3], "bool")], attributes: { permutation: [1, 0] } },
  ],
});

/** x with its axes permuted; x itself where the order stays. Throws ShapeError unless every axis is named once. */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  if (permutation.length === x.rank && permutation.every((axis, i) => axis === i)) return x;
  return applyOne(transposePrimitive, [x], { permutation });
}
