/** Indices that come from data: their mode, and what they mean in the reference. */
import { IndexError, ShapeError, ValueError } from "../errors.ts";
import { type Attributes, formatShape, type TensorType } from "../graph/index.ts";
import { expectExactDType, whereOf } from "./define.ts";

/** What happens to an index outside [0, extent): "check" throws IndexError, "clamp" takes the nearest valid index. */
export type IndexMode = "check" | "clamp";

/** The mode among the attributes of a node. */
export function modeOf(attributes: Attributes): IndexMode {
  return attributes.mode === "clamp" ? "clamp" : "check";
}

/** Throws DTypeError unless indices are int32, ValueError for an unknown mode. */
export function expectIndices(primitive: string, indices: TensorType, attributes: Attributes): void {
  expectExactDType(primitive, indices, "int32", "the array of indices");
  if (attributes.mode !== "check" && attributes.mode !== "clamp") {
    throw new ValueError({
      where: whereOf(primitive),
      problem: "the mode for indices out of range is unknown",
      expected: '"check" or "clamp"',
      received: JSON.stringify(attributes.mode),
      advice: '"check" throws, "clamp" takes the nearest valid index',
    });
  }
}

/** Throws ShapeError where there are indices into an axis without elements: none can be valid. */
export function expectIndexable(primitive: string, x: TensorType, axis: number, indices: TensorType): void {
  if (x.shape[axis] !== 0 || indices.shape.includes(0)) return;
  throw new ShapeError({
    where: whereOf(primitive),
    problem: `axis ${axis} has no elements to select from`,
    expected: "an extent of at least 1",
    received: `${formatShape(x.shape)}, with indices of shape ${formatShape(indices.shape)}`,
    advice: "check the table or the array that is selected from",
  });
}

/** The index as it is used. Throws IndexError in mode "check" where it is not in [0, extent). Negative indices are not counted from the end here. */
export function resolveIndex(primitive: string, index: number, extent: number, mode: IndexMode): number {
  if (index >= 0 && index < extent) return index;
  if (mode === "clamp") return index < 0 ? 0 : extent - 1;
  throw new IndexError({
    where: whereOf(primitive),
    problem: "an index is out of range",
    expected: `integers from 0 to ${extent - 1}`,
    received: String(index),
    advice: "check the data the indices come from (for an Embedding: inputDim must exceed the largest id)",
  });
}
