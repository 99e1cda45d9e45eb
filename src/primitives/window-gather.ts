/** One element of each sliding window, by its position: the second half of max pooling. */
import { applyOne, concreteShape, type Primitive, type Tensor, type WindowGeometry } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectExactDType, nd } from "./define.ts";
import { expectOperandShape } from "./expect-operand-shape.ts";
import { filled } from "./filled.ts";
import { eachWindow, geometryAttributes, geometryOf, windowsShape } from "./window-geometry.ts";
import { windowScatter } from "./window-scatter.ts";

const NAME = "windowGather";

/** `out[o] = x[element positions[o] of window o]`; 0 where the position lies in the padding or in no window. */
export const windowGatherPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x, positions], attributes) => {
    const shape = windowsShape(NAME, x!.shape, geometryOf(attributes));
    expectExactDType(NAME, positions!, "int32", "the array of positions");
    expectOperandShape(NAME, "the array of positions", positions!.shape, shape);
    return [{ dtype: x!.dtype, shape }];
  },
  gradient: ({ inputs, attributes, cotangents }) => [
    windowScatter(cotangents[0]!, inputs[1]!, geometryOf(attributes), concreteShape(inputs[0]!)),
    null,
  ],
  reference: ([x, positions], attributes, [type]) => {
    const out = emptyNd(type!);
    eachWindow(x!.shape, type!.shape, geometryOf(attributes), (outAt, places) => {
      const at = places[positions!.data[outAt]!] ?? -1;
      out.data[outAt] = at < 0 ? 0 : x!.data[at]!;
    });
    return [out];
  },
  lowering: { kind: "windowGather", geometry: geometryOf },
  samples: () => [
    {
      inputs: [filled([1, 4, 4, 2], 1), nd([0, 1, 2, 3, 3, 2, 1, 0], [1, 2, 2, 2], "int32")],
      attributes: geometryAttributes({
        window: [1, 2, 2, 1],
        strides: [1, 2, 2, 1],
        padding: [
          [0, 0],
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      }),
    },
    {
      inputs: [filled([6], 2), nd([2, 2, 1, 0, 1, 1], [6], "int32")],
      attributes: geometryAttributes({ window: [3], strides: [1], padding: [[1, 1]] }),
    },
    {
      inputs: [filled([3, 4], 3), nd([4, 0, 5, 8], [2, 2], "int32")],
      attributes: geometryAttributes({
        window: [3, 3],
        strides: [2, 2],
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
    },
  ],
});

/**
 * The element of each window that `positions` names (row-major inside the window); 0 where that lies in the padding.
 * Shapes: x [n...], positions int32 of the windows' shape -> the same. Throws ShapeError or DTypeError where positions do not fit.
 */
export function windowGather(x: Tensor, positions: Tensor, geometry: WindowGeometry): Tensor {
  return applyOne(windowGatherPrimitive, [x, positions], geometryAttributes(geometry));
}
