/** Elements put together along a new first axis, and taken apart. */
import { hostArray } from "../dtype/index.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { formatShape, type HostValues, sameShape, sizeOf } from "../graph/index.ts";
import { rowsOf, subarray } from "./array-source.ts";
import type { HostElement } from "./element.ts";
import { RowElement, type RowTable } from "./rows.ts";

/** Elements of the same structure as one, with a new first axis. Throws ShapeError or DTypeError where they differ. */
export function stackElements(elements: readonly HostElement[]): HostElement {
  const first = elements[0]!;
  if (first instanceof RowElement) {
    const { table } = first;
    if (elements.every((element) => element instanceof RowElement && element.table === table))
      return stackRows(table, elements as readonly RowElement[]);
  }
  const leaves = first.leaves.map((model, position): HostValues => {
    const size = sizeOf(model.shape);
    const values = hostArray(model.dtype, size * elements.length);
    for (let row = 0; row < elements.length; row++) {
      const leaf = elements[row]!.leaves[position];
      if (leaf === undefined || (leaf.shape !== model.shape && !sameShape(leaf.shape, model.shape))) {
        throw new ShapeError({
          where: "Dataset.batch",
          problem: "elements of different shapes cannot be stacked",
          expected: formatShape(model.shape),
          received: leaf === undefined ? "fewer arrays" : formatShape(leaf.shape),
          advice: "bring them to one shape first (map), or take batches of one",
        });
      }
      if (leaf.dtype !== model.dtype)
        throw new DTypeError({
          where: "Dataset.batch",
          problem: "elements of different dtypes cannot be stacked",
          expected: model.dtype,
          received: leaf.dtype,
        });
      const source = leaf.values;
      const at = row * size;
      // Copying a few numbers is faster than the call that copies many.
      if (size <= 16) for (let i = 0; i < size; i++) values[at + i] = source[i]!;
      else values.set(source, at);
    }
    return { values, shape: [elements.length, ...model.shape], dtype: model.dtype };
  });
  return { leaves, structure: first.structure };
}

/** Rows of one table: nothing to check, and copied from where they are. */
function stackRows({ columns, structure }: RowTable, rows: readonly RowElement[]): HostElement {
  const leaves = columns.map(({ values: source, dtype, shape, size }): HostValues => {
    const values = hostArray(dtype, size * rows.length);
    for (let i = 0; i < rows.length; i++) {
      const from = rows[i]!.row * size;
      if (size <= 16) for (let j = 0; j < size; j++) values[i * size + j] = source[from + j]!;
      else values.set(subarray(source, from, from + size), i * size);
    }
    return { values, shape: [rows.length, ...shape], dtype };
  });
  return { leaves, structure };
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
  return Array.from({ length: count }, (_, row) => ({
    structure,
    leaves: leaves.map((leaf) => {
      const { values, shape, dtype } = rowsOf(leaf, row, row + 1);
      return { values, shape: shape.slice(1), dtype };
    }),
  }));
}
