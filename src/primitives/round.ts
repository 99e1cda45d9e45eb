import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return x; // NaN and infinities
}

/** Elementwise nearest integer, halves to even (IEEE 754 roundTiesToEven). The derivative is zero. */
export const roundPrimitive: Primitive = unaryPrimitive({
  name: "round",
  takes: "float",
  reference: roundHalfEven,
  gradient: null,
  points: [-2.75, -1.25, -0.25, 0.75, 1.25, 3.75],
  corners: [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0, -0, 8388609, NaN, Infinity, -Infinity],
});

/** `round(x)`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has a float dtype. */
export function round(x: Tensor): Tensor {
  return applyOne(roundPrimitive, [x]);
}
