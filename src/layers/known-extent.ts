/** Extents that weights depend on must be known when a layer is built. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../graph/index.ts";

/** Extent of an axis (negative from the end). Throws ShapeError where it is unknown or missing. */
export function knownExtent(where: string, shape: Shape, axis: number): number {
  const extent = shape[axis < 0 ? axis + shape.length : axis];
  if (typeof extent === "number") return extent;
  throw new ShapeError({
    where,
    problem: `the weights depend on axis ${axis} of the input, whose extent is not known`,
    expected: "a number there",
    received: formatShape(shape),
    advice: "give Input a shape with this extent",
  });
}
