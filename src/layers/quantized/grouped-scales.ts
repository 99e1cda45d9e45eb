/** Whole numbers with a scale and a zero point for each group of neighbours. */
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";

/** `(q - zero) scale`, with the scale and the zero point of the group that `groups` names for each place along `axis`. */
export function dequantizedInGroups(q: Tensor, scale: Tensor, zero: Tensor, groups: Tensor, axis: number): Tensor {
  const which = ops.cast(groups, "int32");
  const [scales, zeros] = [scale, zero].map((values) => ops.take(values, which, { axis })) as [Tensor, Tensor];
  return ops.multiply(ops.subtract(ops.cast(q, "float32"), ops.cast(zeros, "float32")), scales);
}

/** The group of each of `length` places: `[0, 0, ..., 1, 1, ...]`. */
export function groupsOf(length: number, size: number): Tensor {
  return ops.cast(ops.floorDivide(ops.arange(length), size), "float32");
}
