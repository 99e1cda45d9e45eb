/** Elements of different lengths stacked into batches. */
import { hostArray } from "../../dtype/index.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { formatShape, type Shape, sizeOf } from "../../graph/index.ts";
import type { HostElement, HostLeaf } from "../element.ts";
import { checkDType } from "../stack.ts";

/** How elements of different shapes are brought to one. */
export interface PaddingOptions {
  /**
   * Shapes after filling up, one for every array of an element in order (or one for all of them); null stands for the
   * longest extent of the batch. Default: null everywhere.
   */
  readonly paddedShapes?: Shape | readonly Shape[] | null;
  /** What is filled in, for every array in order or one for all: numbers, or texts for arrays of texts. Default 0, false, "". */
  readonly paddingValues?: number | string | readonly (number | string)[] | null;
}

/** Puts elements together along a new first axis, each array filled up at the end of its axes. Throws ShapeError. */
export function padStack(where: string, options: PaddingOptions): (elements: readonly HostElement[]) => HostElement {
  const { paddedShapes = null, paddingValues = null } = options;
  const shapeAt = (position: number): Shape | null => {
    if (paddedShapes === null) return null;
    const perArray = paddedShapes.some((part) => Array.isArray(part));
    return perArray ? ((paddedShapes as readonly Shape[])[position] ?? null) : (paddedShapes as Shape);
  };
  const valueAt = (position: number): number | string | undefined =>
    Array.isArray(paddingValues)
      ? (paddingValues as readonly (number | string)[])[position]
      : ((paddingValues as number | string | null) ?? undefined);
  return (elements) => {
    const parts = elements.map(({ leaves }) => leaves);
    const leaves = parts[0]!.map((model, position) => {
      const column = parts.map((part) => part[position] ?? model);
      const shape = paddedShape(where, column, shapeAt(position));
      return padColumn(where, column, shape, valueAt(position));
    });
    return { leaves, structure: elements[0]!.structure };
  };
}

function paddedShape(where: string, column: readonly HostLeaf[], wanted: Shape | null): number[] {
  const rank = column[0]!.shape.length;
  const odd = column.find(({ shape }) => shape.length !== rank);
  if (odd !== undefined || (wanted !== null && wanted.length !== rank)) {
    throw new ShapeError({
      where,
      problem: "arrays of different ranks cannot be padded to one shape",
      expected: wanted === null ? `rank ${rank}` : formatShape(wanted),
      received: formatShape((odd ?? column[0]!).shape),
    });
  }
  return Array.from({ length: rank }, (_, axis) => {
    const longest = column.reduce((most, { shape }) => Math.max(most, shape[axis]!), 0);
    const extent = wanted?.[axis] ?? longest;
    if (extent >= longest) return extent;
    throw new ShapeError({
      where,
      problem: "an array is longer than its padded shape",
      expected: `at most ${extent} along axis ${axis}`,
      received: String(longest),
      advice: "cut it first (map), or write null for the longest of each batch",
    });
  });
}

function padColumn(where: string, column: readonly HostLeaf[], shape: readonly number[], fill: number | string | undefined): HostLeaf {
  const model = column[0]!;
  for (const leaf of column) checkDType(where, model, leaf);
  const isText = model.dtype === "string";
  if (fill !== undefined && (typeof fill === "string") !== isText) {
    throw new ValueError({
      where,
      problem: `the padding value does not fit arrays of dtype ${model.dtype}`,
      expected: isText ? "a text" : "a number",
      received: JSON.stringify(fill),
    });
  }
  const size = sizeOf(shape);
  const stacked = [column.length, ...shape];
  if (isText) {
    const values = new Array<string>(size * column.length).fill((fill as string | undefined) ?? "");
    column.forEach((leaf, row) => placeAll(leaf, shape, row * size, (to, from) => (values[to] = leaf.values[from] as string)));
    return { values, shape: stacked, dtype: "string" };
  }
  const values = hostArray(model.dtype, size * column.length);
  if (fill !== undefined) values.fill(fill as number);
  column.forEach((leaf, row) => placeAll(leaf, shape, row * size, (to, from) => (values[to] = leaf.values[from] as number)));
  return { values, shape: stacked, dtype: model.dtype };
}

/** Calls `place` with every place of an array within a larger one that begins at `start`, and its place in the array itself. */
function placeAll(leaf: HostLeaf, shape: readonly number[], start: number, place: (to: number, from: number) => void): void {
  let from = 0;
  const visit = (axis: number, at: number): void => {
    if (axis === shape.length) return place(start + at, from++);
    for (let i = 0; i < leaf.shape[axis]!; i++) visit(axis + 1, at * shape[axis]! + i);
  };
  visit(0, 0);
}
