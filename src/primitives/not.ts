import { applyOne, type Primitive, type Tensor } from "../graph/index.ts";
import { unaryPrimitive } from "./define.ts";

/** Elementwise complement: logical on bool, bitwise on int32. */
export const notPrimitive: Primitive = unaryPrimitive({
  name: "not",
  takes: "logical",
  reference: (x, dtype) => (dtype === "bool" ? (x === 0 ? 1 : 0) : ~x),
  gradient: null,
  points: [],
  integers: [0, 1, -1, 7, -2147483648, 2147483647],
  booleans: [0, 1, 1],
});

/** `not x`, elementwise. Shapes: any -> the same. Throws DTypeError unless x has bool or int32. */
export function not(x: Tensor): Tensor {
  return applyOne(notPrimitive, [x]);
}
