import { applyOne, type NdArray, type Primitive, type Tensor } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectExactDType, expectSameDType, expectSameShape, nd } from "./define.ts";
import { zerosLike } from "./full.ts";

/** Elementwise `condition ? x : y`; the side that is not chosen never contributes, not even a NaN. */
export const selectPrimitive: Primitive = definePrimitive({
  name: "select",
  infer: (inputs) => {
    expectExactDType("select", inputs[0]!, "bool", "the condition");
    expectSameDType("select", inputs.slice(1));
    expectSameShape("select", inputs);
    return [inputs[1]!];
  },
  gradient: ({ inputs, cotangents, needed }) => {
    const cotangent = cotangents[0]!;
    const zero = zerosLike(cotangent);
    return [null, needed[1] ? select(inputs[0]!, cotangent, zero) : null, needed[2] ? select(inputs[0]!, zero, cotangent) : null];
  },
  reference: ([condition, x, y], _attributes, types) => {
    const out = emptyNd(types[0]!);
    for (let i = 0; i < out.data.length; i++) out.data[i] = condition!.data[i] !== 0 ? x!.data[i]! : y!.data[i]!;
    return [out];
  },
  lowering: { kind: "scalar", op: "select" },
  samples: () => {
    const condition = (shape: readonly number[]): NdArray => nd([1, 0, 0, 1], shape, "bool");
    return [
      { inputs: [condition([4]), nd([1, 2, 3, 4]), nd([5, 6, 7, 8])] },
      { inputs: [condition([2, 2]), nd([1, 2, 3, 4], [2, 2]), nd([5, 6, 7, 8], [2, 2])] },
      { inputs: [nd([1], [], "bool"), nd([1.5], []), nd([2.5], [])] },
      { inputs: [nd([], [0, 2], "bool"), nd([], [0, 2]), nd([], [0, 2])] },
      { inputs: [condition([4]), nd([1, NaN, Infinity, -0]), nd([NaN, 2, -3, NaN])], differentiable: false },
      { inputs: [condition([4]), nd([1, 2, 3, 4], [4], "int32"), nd([-5, 6, -7, 8], [4], "int32")] },
      { inputs: [condition([4]), nd([1, 1, 0, 0], [4], "bool"), nd([0, 1, 0, 1], [4], "bool")] },
      { inputs: [condition([4]), nd([1, 2, 3, 4], [4], "uint8"), nd([255, 6, 7, 8], [4], "uint8")] },
      { inputs: [condition([4]), nd([-1, 2, -3, 4], [4], "int8"), nd([-128, 6, 7, 127], [4], "int8")] },
    ];
  },
});

/**
 * `condition ? x : y`, elementwise. Shapes: three equal shapes -> the same. Throws ShapeError where the shapes differ,
 * DTypeError where the condition is not bool or x and y differ.
 */
export function select(condition: Tensor, x: Tensor, y: Tensor): Tensor {
  return applyOne(selectPrimitive, [condition, x, y]);
}
