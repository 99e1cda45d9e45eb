import type { DType } from "../dtype/index.ts";
import { applyOne, type ConcreteShape, type Primitive, sizeOf, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectAxes, expectDType, expectShape, numbers } from "./define.ts";

/** Position along an axis: `y[i] = i[axis]`. Attributes: `shape`, `axis`, `dtype` (a number dtype). */
export const iotaPrimitive: Primitive = definePrimitive({
  name: "iota",
  infer: (_inputs, attributes) => {
    const type = { shape: numbers(attributes, "shape"), dtype: attributes.dtype as DType };
    expectShape("iota", type.shape);
    expectAxes("iota", [attributes.axis as number], type.shape.length);
    expectDType("iota", type, "number", "the result");
    return [type];
  },
  gradient: null,
  reference: (_inputs, attributes, types) => {
    const out = emptyNd(types[0]!);
    const { shape } = out;
    const axis = attributes.axis as number;
    const inner = sizeOf(shape.slice(axis + 1));
    for (let i = 0; i < out.data.length; i++) out.data[i] = Math.floor(i / inner) % shape[axis]!;
    return [out];
  },
  lowering: { kind: "iota" },
  samples: () => [
    { inputs: [], attributes: { shape: [5], axis: 0, dtype: "int32" } },
    { inputs: [], attributes: { shape: [2, 3], axis: 0, dtype: "float32" } },
    { inputs: [], attributes: { shape: [2, 3, 2], axis: 1, dtype: "int32" } },
    { inputs: [], attributes: { shape: [2, 300], axis: 1, dtype: "uint8" } },
    { inputs: [], attributes: { shape: [0, 3], axis: 1, dtype: "float32" } },
  ],
});

/** Positions along `axis` of an array of `shape`. Throws ShapeError where the axis does not exist, DTypeError for bool. */
export function iota(shape: ConcreteShape, axis: number, dtype: DType): Tensor {
  return applyOne(iotaPrimitive, [], { shape, axis, dtype });
}
