import type { DType } from "../dtype/index.ts";
import { DTypeError } from "../errors.ts";
import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, nd, whereOf } from "./define.ts";

/** The same 32 bits as another dtype: float32 <-> int32 (`attributes.dtype`). No derivative. */
export const bitcastPrimitive: Primitive = definePrimitive({
  name: "bitcast",
  infer: (inputs, attributes) => {
    const from = inputs[0]!.dtype;
    const to = attributes.dtype as DType;
    if (!((from === "float32" && to === "int32") || (from === "int32" && to === "float32"))) {
      throw new DTypeError({
        where: whereOf("bitcast"),
        problem: "these dtypes do not share their bits",
        expected: "float32 to int32, or int32 to float32",
        received: `${from} to ${to}`,
        advice: "convert values with ops.cast(x, dtype)",
      });
    }
    return [{ shape: inputs[0]!.shape, dtype: to }];
  },
  gradient: null,
  reference: ([x], _attributes, types) => {
    const out = emptyNd(types[0]!);
    new Uint8Array(out.data.buffer).set(new Uint8Array(x!.data.buffer, x!.data.byteOffset, x!.data.byteLength));
    return [out];
  },
  lowering: { kind: "scalar", op: "bitcast" },
  samples: () => [
    { inputs: [nd([1, -2.5, 0, -0, Infinity, 3.25])], attributes: { dtype: "int32" }, differentiable: false },
    { inputs: [nd([0, 1065353216, -1082130432, 2139095040], [4], "int32")], attributes: { dtype: "float32" } },
    { inputs: [nd([1], [])], attributes: { dtype: "int32" }, differentiable: false },
    { inputs: [nd([], [0, 2], "int32")], attributes: { dtype: "float32" } },
  ],
});

/** The bits of x as `dtype`. Shapes: any -> the same. Throws DTypeError for other pairs than float32 and int32. */
export function bitcast(x: Tensor, dtype: "float32" | "int32"): Tensor {
  return applyOne(bitcastPrimitive, [x], { dtype });
}
