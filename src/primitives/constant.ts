import { type DType, dtypes, isFloat, roundedTo } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, whereOf } from "./define.ts";

/** A number of rank 0. Attributes: `value`, `dtype`. Integers must be values of their dtype; bool takes 0 and 1. */
export const constantPrimitive: Primitive = definePrimitive({
  name: "constant",
  infer: (_inputs, attributes) => {
    const dtype = attributes.dtype as DType;
    const value = attributes.value as number;
    const range = dtypes[dtype].range;
    if (!isFloat(dtype) && !(Number.isInteger(value) && value >= range[0] && value <= range[1])) {
      throw new ValueError({
        where: whereOf("constant"),
        problem: `the value is no ${dtype}`,
        expected: `an integer from ${range[0]} to ${range[1]}`,
        received: String(value),
        advice: "use a dtype that holds the value, or convert a float constant",
      });
    }
    return [{ shape: [], dtype }];
  },
  gradient: null,
  reference: (_inputs, attributes, types) => {
    const out = emptyNd(types[0]!);
    out.data[0] = roundedTo(types[0]!.dtype, attributes.value as number);
    return [out];
  },
  lowering: { kind: "constant" },
  samples: () => [
    { inputs: [], attributes: { value: 1.5, dtype: "float32" } },
    { inputs: [], attributes: { value: NaN, dtype: "float32" } },
    { inputs: [], attributes: { value: -Infinity, dtype: "float32" } },
    { inputs: [], attributes: { value: -2147483648, dtype: "int32" } },
    { inputs: [], attributes: { value: 255, dtype: "uint8" } },
    { inputs: [], attributes: { value: -128, dtype: "int8" } },
    { inputs: [], attributes: { value: 1, dtype: "bool" } },
  ],
});

/** The rank-0 tensor `value`. Throws ValueError where an integer dtype does not hold it. */
export function constant(value: number, dtype: DType): Tensor {
  return applyOne(constantPrimitive, [], { value, dtype });
}
