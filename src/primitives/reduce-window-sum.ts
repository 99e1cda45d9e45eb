/** Sums over sliding windows: average pooling, and its gradient. */
import { isFloat } from "../dtype/index.ts";
import { applyOne, type ConcreteShape, concreteShape, type Primitive, type Tensor, type WindowGeometry } from "../graph/index.ts";
import { broadcastInDim } from "./broadcast-in-dim.ts";
import { constant } from "./constant.ts";
import { dilated, windowCount } from "./conv-geometry.ts";
import { definePrimitive, emptyNd, expectDType } from "./define.ts";
import { filled } from "./filled.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";
import { eachWindow, geometryAttributes, geometryOf, windowsShape } from "./window-geometry.ts";

const NAME = "reduceWindowSum";

/** Whether windows stand side by side from the first element on, so that each element belongs to at most one. */
function isTiling(shape: ConcreteShape, { window, strides, padding }: WindowGeometry): boolean {
  return shape.every((extent, axis) => {
    const [low, high] = padding[axis]!;
    const count = windowCount(extent + low + high, window[axis]!, strides[axis]!);
    return window[axis] === strides[axis] && low === 0 && count * window[axis]! <= extent;
  });
}

/** Each cotangent repeated over the elements of its window; elements beyond the last window get zero. */
function spread(cotangent: Tensor, shape: ConcreteShape, { window }: WindowGeometry): Tensor {
  const windows = concreteShape(cotangent);
  const interleaved = windows.flatMap((count, axis) => (window[axis] === 1 ? [count] : [count, window[axis]!]));
  const axes: number[] = [];
  let next = 0;
  for (const extent of window) {
    axes.push(next);
    next += extent === 1 ? 1 : 2;
  }
  const covered = windows.map((count, axis) => count * window[axis]!);
  const repeated = reshape(broadcastInDim(cotangent, interleaved, axes), covered);
  const high = shape.map((extent, axis) => extent - covered[axis]!);
  if (high.every((count) => count === 0)) return repeated;
  const zeros = high.map(() => 0);
  return pad(repeated, constant(0, cotangent.dtype), zeros, high, zeros);
}

/** Sum over each window; padding counts as zero (StableHLO `reduce_window` with add). */
export const reduceWindowSumPrimitive: Primitive = definePrimitive({
  name: NAME,
  infer: ([x], attributes) => {
    expectDType(NAME, x!, "number");
    return [{ dtype: x!.dtype, shape: windowsShape(NAME, x!.shape, geometryOf(attributes)) }];
  },
  gradient: ({ inputs, attributes, cotangents }) => {
    const shape = concreteShape(inputs[0]!);
    const geometry = geometryOf(attributes);
    const cotangent = cotangents[0]!;
    if (isTiling(shape, geometry)) return [spread(cotangent, shape, geometry)];
    // Element i belongs to the windows at o * stride - low <= i < o * stride - low + window: with `stride - 1` holes
    // between cotangents, these are the places of one window that moves by 1.
    const { window, strides, padding } = geometry;
    const low = window.map((extent, axis) => extent - 1 - padding[axis]![0]);
    const high = window.map(
      (extent, axis) => shape[axis]! + extent - 1 - dilated(concreteShape(cotangent)[axis]!, strides[axis]!) - low[axis]!,
    );
    const holes = strides.map((stride) => stride - 1);
    const padded = pad(cotangent, constant(0, cotangent.dtype), low, high, holes);
    return [reduceWindowSum(padded, { window, strides: window.map(() => 1), padding: window.map(() => [0, 0] as const) })];
  },
  reference: ([x], attributes, [type]) => {
    const out = emptyNd(type!);
    const exact = isFloat(type!.dtype);
    eachWindow(x!.shape, type!.shape, geometryOf(attributes), (outAt, places) => {
      let sum = 0;
      for (const at of places) if (at >= 0) sum = exact ? sum + x!.data[at]! : (sum + x!.data[at]!) | 0;
      out.data[outAt] = sum;
    });
    return [out];
  },
  lowering: { kind: "windowSum", geometry: geometryOf },
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
      inputs: [filled([1, 5, 7, 2], 2)],
      attributes: geometryAttributes({
        window: [1, 2, 3, 1],
        strides: [1, 2, 3, 1],
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
    { inputs: [filled([7], 4)], attributes: geometryAttributes({ window: [2], strides: [3], padding: [[-1, 1]] }) },
    {
      inputs: [filled([2, 1], 5)],
      attributes: geometryAttributes({
        window: [3, 1],
        strides: [1, 1],
        padding: [
          [0, 0],
          [0, 0],
        ],
      }),
    },
  ],
});

/**
 * Sum of each window: `out[o] = sum over w of x[o * strides + w - padding[0]]`, zero outside. Integers wrap.
 * Shapes: x [n...] -> [floor((n + padding - window) / strides) + 1 ...]. Throws ValueError for a bad geometry, DTypeError for bool.
 */
export function reduceWindowSum(x: Tensor, geometry: WindowGeometry): Tensor {
  return applyOne(reduceWindowSumPrimitive, [x], geometryAttributes(geometry));
}
