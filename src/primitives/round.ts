import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (Number.isNaN(rest)) return x; // NaN and infinities
  const nearest = rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
  // IEEE 754: a zero has the sign of what was rounded.
  return nearest === 0 && x < 0 ? -0 : nearest;
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
