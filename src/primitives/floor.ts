import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";

/** Elementwise largest integer not above x. The derivative is zero. */
export const floorPrimitive: Primitive = unaryPrimitive({
  name: "floor",
  takes: "float",
  reference: Math.floor,
  gradient: null,
  points: [-2.5, -1.25, -0.25, 0.5, 1.25, 3.75],
  corners: [0, -0, 2, -3, 16777217, NaN, Infinity, -Infinity],
});

/** `floor(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function floor(x: Tensor): Tensor {
  return applyOne(floorPrimitive, [x]);
}
