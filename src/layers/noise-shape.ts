/** Shapes of dropout masks. */
import { ShapeError, ValueError } from "../errors.ts";
import { formatShape, type Tensor } from "../graph/index.ts";
import { describe } from "./layer-options.ts";

/** Throws ValueError unless `value` is null or a list of positive extents and nulls. */
export function noiseShapeOption(where: string, value: unknown): void {
  if (value === null) return;
  if (Array.isArray(value) && value.every((extent) => extent === null || (Number.isInteger(extent) && extent > 0))) return;
  throw new ValueError({
    where,
    problem: "noiseShape is a list of positive whole numbers; null for the extent of the input",
    expected: "for example [null, 1, null]",
    received: describe(value),
  });
}

/** The shape of the mask for `x`. Throws ShapeError where it does not broadcast against x. */
export function noiseShapeFor(where: string, noiseShape: readonly (number | null)[] | null, x: Tensor): number[] {
  const shape = x.shape as number[];
  if (noiseShape === null) return [...shape];
  const lead = shape.length - noiseShape.length;
  const resolved = noiseShape.map((extent, axis) => extent ?? shape[axis] ?? 1);
  if (lead >= 0 && resolved.every((extent, axis) => extent === 1 || extent === shape[axis + lead])) return resolved;
  throw new ShapeError({
    where,
    problem: "noiseShape does not fit the input",
    expected: `extents of ${formatShape(shape)}, or 1`,
    received: formatShape(noiseShape),
  });
}
