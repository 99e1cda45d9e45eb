/** Values put to a place in each sliding window: the gradient of max pooling. */
import { applyOne, type ConcreteShape, type Primitive, type Tensor, type WindowGeometry } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectDType, expectExactDType, expectShape, nd, numbers } from "./define.ts";
import { expectOperandShape } from "./expect-operand-shape.ts";
import { filled } from "./filled.ts";
import { eachWindow, geometryAttributes, geometryOf, windowsShape } from "./window-geometry.ts";
import { windowGather } from "./window-gather.ts";

const NAME = "windowScatter";

/** `out[element positions[o] of window o] += values[o]`; values whose position lies in the padding are dropped. */
export const windowScatterPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([values, positions], attributes) => {
    const shape = numbers(attributes, "shape");
    expectShape(NAME, shape);
    const windows = windowsShape(NAME, shape, geometryOf(attributes));
    expectDType(NAME, values!, "number", "the array of values");
    expectExactDType(NAME, positions!, "int32", "the array of positions");
    expectOperandShape(NAME, "the array of values", values!.shape, windows);
    expectOperandShape(NAME, "the array of positions", positions!.shape, windows);
    return [{ dtype: values!.dtype, shape }];
  },
  gradient: ({ inputs, attributes, cotangents }) => [windowGather(cotangents[0]!, inputs[1]!, geometryOf(attributes)), null],
  reference: ([values, positions], attributes, [type]) => {
    const out = emptyNd(type!);
    const sums = new Float64Array(out.data.length);
    eachWindow(type!.shape, values!.shape, geometryOf(attributes), (outAt, places) => {
      const at = places[positions!.data[outAt]!] ?? -1;
      if (at >= 0) sums[at]! += values!.data[outAt]!;
    });
    out.data.set(sums);
    return [out];
  },
  lowering: { kind: "windowScatter", geometry: geometryOf },
  samples: () => [
    {
      inputs: [filled([1, 2, 2, 2], 1), nd([0, 1, 2, 3, 3, 2, 1, 0], [1, 2, 2, 2], "int32")],
      attributes: {
        ...geometryAttributes({
          window: [1, 2, 2, 1],
          strides: [1, 2, 2, 1],
          padding: [
            [0, 0],
            [0, 0],
            [0, 0],
            [0, 0],
          ],
        }),
        shape: [1, 4, 5, 2],
      },
    },
    {
      inputs: [filled([6], 2), nd([2, 2, 1, 0, 1, 1], [6], "int32")],
      attributes: { ...geometryAttributes({ window: [3], strides: [1], padding: [[1, 1]] }), shape: [6] },
    },
  ],
});

/**
 * Adds each value to the element of its window that `positions` names, in zeros of `shape`: the transpose of `windowGather`.
 * Shapes: values and positions (int32) of the windows' shape -> `shape`. Throws ShapeError or DTypeError where they do not fit.
 */
export function windowScatter(values: Tensor, positions: Tensor, geometry: WindowGeometry, shape: ConcreteShape): Tensor {
  return applyOne(windowScatterPrimitive, [values, positions], { ...geometryAttributes(geometry), shape });
}
