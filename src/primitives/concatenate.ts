import { ShapeError } from "../errors.ts";
import { applyOne, concreteShape, formatShape, type Primitive, sizeOf, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectAxes, expectSameDType, nd, whereOf } from "./define.ts";
import { slice } from "./slice.ts";

/** The operands one after another along `attributes.axis`; all other extents are equal. */
export const concatenatePrimitive: Primitive = definePrimitive({
  name: "concatenate",
  infer: (inputs, attributes) => {
    const axis = attributes.axis as number;
    const first = inputs[0];
    const fits =
      first !== undefined &&
      inputs.every(
        (type) => type.shape.length === first.shape.length && type.shape.every((extent, i) => i === axis || extent === first.shape[i]),
      );
    if (first === undefined || !fits) {
      throw new ShapeError({
        where: whereOf("concatenate"),
        problem: "the operands do not fit together",
        expected: `at least one operand, and shapes that are equal but for axis ${axis}`,
        received: inputs.map((type) => formatShape(type.shape)).join(" and ") || "no operand",
        advice: "make the other extents equal first",
      });
    }
    expectSameDType("concatenate", inputs);
    expectAxes("concatenate", [axis], first.shape.length);
    const total = inputs.reduce((sum, type) => sum + type.shape[axis]!, 0);
    return [{ shape: first.shape.map((extent, i) => (i === axis ? total : extent)), dtype: first.dtype }];
  },
  gradient: ({ inputs, attributes, cotangents, needed }) => {
    const axis = attributes.axis as number;
    let from = 0;
    return inputs.map((input, i) => {
      const shape = concreteShape(input);
      const starts = shape.map((_, at) => (at === axis ? from : 0));
      const limits = shape.map((extent, at) => (at === axis ? from + extent : extent));
      from += shape[axis]!;
      return needed[i] ? slice(cotangents[0]!, starts, limits) : null;
    });
  },
  reference: (inputs, attributes, types) => {
    const out = emptyNd(types[0]!);
    const axis = attributes.axis as number;
    const inner = sizeOf(out.shape.slice(axis + 1));
    const outer = sizeOf(out.shape.slice(0, axis));
    let to = 0;
    for (let row = 0; row < outer; row++) {
      for (const input of inputs) {
        const length = input.shape[axis]! * inner;
        out.data.set(input.data.subarray(row * length, (row + 1) * length), to);
        to += length;
      }
    }
    return [out];
  },
  lowering: { kind: "concatenate" },
  samples: () => [
    { inputs: [nd([1, 2, 3]), nd([4, 5])], attributes: { axis: 0 } },
    { inputs: [nd([1, 2, 3, 4], [2, 2]), nd([5, 6], [2, 1]), nd([7, 8, 9, 10], [2, 2])], attributes: { axis: 1 } },
    { inputs: [nd([1, 2], [1, 2]), nd([], [0, 2])], attributes: { axis: 0 } },
    { inputs: [nd([], [0, 2]), nd([], [0, 3])], attributes: { axis: 1 } },
    { inputs: [nd([1, 2, 3])], attributes: { axis: 0 } },
    { inputs: [nd([1, 2], [2], "int32"), nd([3], [1], "int32")], attributes: { axis: 0 } },
    { inputs: [nd([1, 0], [2], "bool"), nd([1], [1], "bool")], attributes: { axis: 0 } },
  ],
});

/** The tensors of `xs` joined along `axis`. Throws ShapeError or DTypeError where they do not fit. */
export function concatenate(xs: readonly Tensor[], axis: number): Tensor {
  return applyOne(concatenatePrimitive, xs, { axis });
}
