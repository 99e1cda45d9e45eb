import { ShapeError } from "../errors.ts";
import { applyOne, formatShape, type Primitive, sizeOf, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectAxes, expectDType, nd, whereOf } from "./define.ts";

/** Position (int32) of the largest element along `attributes.axis`; the first of equals, the first NaN if there is one. */
export const argmaxPrimitive: Primitive = definePrimitive({
  name: "argmax",
  infer: (inputs, attributes) => {
    const x = inputs[0]!;
    const axis = attributes.axis as number;
    expectDType("argmax", x, "number");
    expectAxes("argmax", [axis], x.shape.length);
    if (x.shape[axis] === 0) {
      throw new ShapeError({
        where: whereOf("argmax"),
        problem: `axis ${axis} has no elements to choose from`,
        expected: "an extent of at least 1",
        received: formatShape(x.shape),
        advice: "leave empty inputs out",
      });
    }
    return [{ shape: x.shape.filter((_, at) => at !== axis), dtype: "int32" }];
  },
  gradient: null,
  reference: ([x], attributes, types) => {
    const out = emptyNd(types[0]!);
    const axis = attributes.axis as number;
    const { shape, data } = x!;
    const extent = shape[axis]!;
    const inner = sizeOf(shape.slice(axis + 1));
    for (let i = 0; i < out.data.length; i++) {
      const origin = Math.floor(i / inner) * extent * inner + (i % inner);
      let best = 0;
      for (let at = 1; at < extent; at++) {
        const kept = data[origin + best * inner]!;
        const candidate = data[origin + at * inner]!;
        if (candidate > kept || (Number.isNaN(candidate) && !Number.isNaN(kept))) best = at;
      }
      out.data[i] = best;
    }
    return [out];
  },
  lowering: { kind: "reduce", reducer: "argmax" },
  samples: () => [
    { inputs: [nd([3, -1, 7, 2, 7, -1])], attributes: { axis: 0 } },
    { inputs: [nd([1, 5, 2, 4, 4, 0], [2, 3])], attributes: { axis: 0 } },
    { inputs: [nd([1, 5, 2, 4, 4, 0], [2, 3])], attributes: { axis: 1 } },
    {
      inputs: [
        nd(
          Array.from({ length: 24 }, (_, i) => (i * 7) % 5),
          [2, 3, 4],
        ),
      ],
      attributes: { axis: 1 },
    },
    { inputs: [nd([1, NaN, 9, NaN, 2, Infinity, -Infinity, 0, Infinity, -0, 0, -0], [4, 3])], attributes: { axis: 1 } },
    { inputs: [nd([], [0, 3])], attributes: { axis: 1 } },
    { inputs: [nd([3, -2147483648, 2147483647, 3], [4], "int32")], attributes: { axis: 0 } },
    { inputs: [nd([3, 255, 0, 255], [2, 2], "uint8")], attributes: { axis: 1 } },
    { inputs: [nd([-128, 127, -128, -3], [2, 2], "int8")], attributes: { axis: 1 } },
  ],
});

/** Position of the largest element along `axis`, which leaves the shape. Throws ShapeError for an empty axis, DTypeError for bool. */
export function argmax(x: Tensor, axis: number): Tensor {
  return applyOne(argmaxPrimitive, [x], { axis });
}
