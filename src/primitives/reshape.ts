import { ShapeError } from "../errors.ts";
import { applyOne, type ConcreteShape, concreteShape, formatShape, type Primitive, sizeOf, type Tensor } from "../graph/index.ts";
import { definePrimitive, expectShape, nd, numbers, whereOf } from "./define.ts";

/** The same elements in row-major order under `attributes.shape`. */
export const reshapePrimitive: Primitive = definePrimitive({
  name: "reshape",
  infer: (inputs, attributes) => {
    const x = inputs[0]!;
    const shape = numbers(attributes, "shape");
    expectShape("reshape", shape);
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError({
        where: whereOf("reshape"),
        problem: "the new shape has another number of elements",
        expected: `${sizeOf(x.shape)} elements, as ${formatShape(x.shape)} has`,
        received: `${formatShape(shape)} with ${sizeOf(shape)} elements`,
        advice: "leave one extent to be found: ops.reshape(x, [..., -1])",
      });
    }
    return [{ shape, dtype: x.dtype }];
  },
  gradient: ({ inputs, cotangents }) => [reshape(cotangents[0]!, concreteShape(inputs[0]!))],
  reference: ([x], _attributes, types) => [{ ...types[0]!, data: x!.data.slice() }],
  lowering: { kind: "reshape" },
  samples: () => [
    { inputs: [nd([1, 2, 3, 4, 5, 6], [2, 3])], attributes: { shape: [3, 2] } },
    { inputs: [nd([1, 2, 3, 4, 5, 6], [6])], attributes: { shape: [1, 2, 1, 3] } },
    { inputs: [nd([7], [1, 1])], attributes: { shape: [] } },
    { inputs: [nd([7], [])], attributes: { shape: [1] } },
    { inputs: [nd([], [0, 3])], attributes: { shape: [5, 0] } },
    { inputs: [nd([1, 2, 3, 4], [4], "int32")], attributes: { shape: [2, 2] } },
    { inputs: [nd([1, 0, 0, 1], [4], "bool")], attributes: { shape: [2, 2] } },
  ],
});

/** x under another shape; x itself where the shape is equal. Throws ShapeError unless the number of elements agrees. */
export function reshape(x: Tensor, shape: ConcreteShape): Tensor {
  const from = concreteShape(x);
  if (from.length === shape.length && from.every((extent, axis) => extent === shape[axis])) return x;
  return applyOne(reshapePrimitive, [x], { shape });
}
