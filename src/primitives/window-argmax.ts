/** Where the maximum of each sliding window stands: the first half of max pooling. */
import { applyOne, type Primitive, type Tensor, type WindowGeometry } from "../graph/index.ts";
import { definePrimitive, emptyNd, expectDType, nd } from "./define.ts";
import { filled } from "./filled.ts";
import { eachWindow, expectFilledWindows, geometryAttributes, geometryOf, windowsShape } from "./window-geometry.ts";

const NAME = "windowArgmax";

/** Position (row-major in the window) of the first maximum of each window; padding never wins, the first NaN does. */
export const windowArgmaxPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x], attributes) => {
    expectDType(NAME, x!, "number");
    const geometry = geometryOf(attributes);
    const shape = windowsShape(NAME, x!.shape, geometry);
    expectFilledWindows(NAME, x!, geometry, shape);
    return [{ dtype: "int32", shape }];
  },
  gradient: null,
  reference: ([x], attributes, [type]) => {
    const out = emptyNd(type!);
    eachWindow(x!.shape, type!.shape, geometryOf(attributes), (outAt, places) => {
      let best = -1;
      for (let p = 0; p < places.length; p++) {
        if (places[p]! < 0) continue;
        if (best < 0) best = p;
        const value = x!.data[places[p]!]!;
        const champion = x!.data[places[best]!]!;
        if (value > champion || (Number.isNaN(value) && !Number.isNaN(champion))) best = p;
      }
      out.data[outAt] = best;
    });
    return [out];
  },
  lowering: { kind: "windowArgmax", geometry: geometryOf },
  samples: () => [
    {
      inputs: [filled([2, 4, 6, 3], 1)],
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
      inputs: [filled([1, 5, 6, 2], 3)],
      attributes: geometryAttributes({
        window: [1, 3, 3, 1],
        strides: [1, 2, 1, 1],
        padding: [
          [0, 0],
          [1, 1],
          [0, 2],
          [0, 0],
        ],
      }),
    },
    {
      inputs: [nd([-5, -3, -3, NaN, 2, NaN, -Infinity, -Infinity])],
      attributes: geometryAttributes({ window: [3], strides: [1], padding: [[2, 1]] }),
      differentiable: false,
    },
  ],
});

/**
 * Position of the first maximum in each window, counted row-major inside the window. Padding never wins; the first NaN
 * does. With `windowGather` at the same geometry this is max pooling.
 * Shapes: x [n...] -> int32 [floor((n + padding - window) / strides) + 1 ...]. Throws ShapeError if a window sees padding only.
 */
export function windowArgmax(x: Tensor, geometry: WindowGeometry): Tensor {
  return applyOne(windowArgmaxPrimitive, [x], geometryAttributes(geometry));
}
