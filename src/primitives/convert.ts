import { type DType, dtypes, isFloat } from "../dtype/index.ts";
import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, nd } from "./define.ts";

/**
 * Elementwise conversion to `attributes.dtype`. Total: a float to an integer truncates towards zero, saturates, and NaN
 * gives 0; integers to bytes keep the low byte; to bool is `x != 0` (NaN is true); to float32 rounds to nearest even.
 */
export const convertPrimitive: Primitive = definePrimitive({
  name: "convert",
  infer: (inputs, attributes) => [{ shape: inputs[0]!.shape, dtype: attributes.dtype as DType }],
  gradient: ({ inputs, outputs, cotangents }) => [isFloat(outputs[0]!.dtype) ? convert(cotangents[0]!, inputs[0]!.dtype) : null],
  reference: ([x], _attributes, types) => {
    const out = emptyNd(types[0]!);
    const limits = isFloat(x!.dtype) && dtypes[out.dtype].kind === "integer" ? dtypes[out.dtype].range : undefined;
    for (let i = 0; i < out.data.length; i++) {
      const value = x!.data[i]!;
      if (out.dtype === "bool") out.data[i] = value === 0 ? 0 : 1;
      else if (limits === undefined) out.data[i] = value;
      else out.data[i] = Number.isNaN(value) ? 0 : Math.trunc(Math.min(Math.max(value, limits[0]), limits[1]));
    }
    return [out];
  },
  lowering: { kind: "scalar", op: "convert" },
  samples: () => {
    const floats = [1.75, -1.75, 0.5, 200.25, -3.999];
    const odd = [NaN, Infinity, -Infinity, 3e9, -3e9, 256, -1, 0, -0, 2147483520];
    const integers = [0, 1, -1, 255, 256, -300, 16777217, 2147483647, -2147483648];
    const all: DType[] = ["float32", "int32", "int8", "uint8", "bool"];
    return [
      { inputs: [nd(floats)], attributes: { dtype: "float64" } },
      { inputs: [nd([0.1, 1e-3, 12345.678], [3], "float64")], attributes: { dtype: "float32" } },
      ...all.flatMap((dtype) => [
        { inputs: [nd(floats)], attributes: { dtype }, differentiable: isFloat(dtype) },
        { inputs: [nd(odd)], attributes: { dtype }, differentiable: false },
        { inputs: [nd(integers, [9], "int32")], attributes: { dtype } },
        { inputs: [nd([0, 1, 127, 128, 255], [5], "uint8")], attributes: { dtype } },
        { inputs: [nd([-128, -1, 0, 1, 127], [5], "int8")], attributes: { dtype } },
        { inputs: [nd([0, 1], [2], "bool")], attributes: { dtype } },
        { inputs: [nd([2.5], [])], attributes: { dtype }, differentiable: isFloat(dtype) },
        { inputs: [nd([], [2, 0])], attributes: { dtype } },
      ]),
    ];
  },
});

/** x as `dtype`; x itself where it has that dtype. Shapes: any -> the same. */
export function convert(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : applyOne(convertPrimitive, [x], { dtype });
}
