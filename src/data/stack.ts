/** Elements put together along a new first axis, and taken apart. */
import { hostArray } from "../dtype/index.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { formatShape, sameShape, sizeOf } from "../graph/index.ts";
import { rowsOf } from "./rows-of.ts";
import type { HostElement, HostLeaf, HostStrings } from "./element.ts";

/** Elements of the same structure as one, with a new first axis. Throws ShapeError or DTypeError where they differ. */
export function stackElements(elements: readonly HostElement[], where = "Dataset.batch"): HostElement {
  const parts = elements.map(({ leaves }) => leaves);
  const leaves = parts[0]!.map((model, position) => {
    const column = parts.map((part) => part[position]);
    for (const leaf of column) checkLike(where, model, leaf);
    return stackLeaves(column as HostLeaf[]);
  });
  return { leaves, structure: elements[0]!.structure };
}

function checkLike(where: string, model: HostLeaf, leaf: HostLeaf | undefined): void {
  if (leaf === undefined || (leaf.shape !== model.shape && !sameShape(leaf.shape, model.shape))) {
    throw new ShapeError({
      where,
      problem: "elements of different shapes cannot be stacked",
      expected: formatShape(model.shape),
      received: leaf === undefined ? "fewer arrays" : formatShape(leaf.shape),
      advice: "bring them to one shape first (map), fill them up (paddedBatch), or take batches of one",
    });
  }
  checkDType(where, model, leaf);
}

/** Throws DTypeError where two arrays differ in dtype. */
export function checkDType(where: string, model: HostLeaf, leaf: HostLeaf): void {
  if (leaf.dtype === model.dtype) return;
  throw new DTypeError({
    where,
    problem: "elements of different dtypes cannot be stacked",
    expected: model.dtype,
    received: leaf.dtype,
  });
}

/** Arrays of one shape and dtype, stacked. */
function stackLeaves(column: readonly HostLeaf[]): HostLeaf {
  const model = column[0]!;
  const shape = [column.length, ...model.shape];
  if (model.dtype === "string") return { values: column.flatMap(({ values }) => values as HostStrings["values"]), shape, dtype: "string" };
  const size = sizeOf(model.shape);
  const values = hostArray(model.dtype, size * column.length);
  column.forEach((leaf, row) => {
    const source = leaf.values as typeof values;
    const at = row * size;
    // Copying a few numbers is faster than the call that copies many.
    if (size <= 16) for (let i = 0; i < size; i++) values[at + i] = source[i]!;
    else values.set(source, at);
  });
  return { values, shape, dtype: model.dtype };
}

/** The rows of an element's arrays. Throws ShapeError where their numbers differ. */
export function unstackElement({ leaves, structure }: HostElement): HostElement[] {
  const count = leaves[0]?.shape[0];
  if (count === undefined || leaves.some(({ shape }) => shape[0] !== count)) {
    throw new ShapeError({
      where: "Dataset.unbatch",
      problem: "the arrays have different numbers of rows",
      expected: "the same first axis in all",
      received: leaves.map(({ shape }) => formatShape(shape)).join(", "),
    });
  }
  return Array.from({ length: count }, (_, row) => ({ structure, leaves: leaves.map((leaf) => rowOf(leaf, row)) }));
}

function rowOf(leaf: HostLeaf, row: number): HostLeaf {
  const shape = leaf.shape.slice(1);
  if (leaf.dtype !== "string") return { values: rowsOf(leaf, row, row + 1).values, shape, dtype: leaf.dtype };
  const size = sizeOf(shape);
  return { values: leaf.values.slice(row * size, (row + 1) * size), shape, dtype: "string" };
}
