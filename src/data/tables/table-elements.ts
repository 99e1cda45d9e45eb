/** Rows of tables as elements of data sets. */
import { hostArray } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import { sizeOf } from "../../graph/index.ts";
import type { HostElement, HostLeaf, Structure } from "../element.ts";
import { columnIndex } from "./csv.ts";

/** How the columns of a row become an element. */
export interface RowLayout {
  /** The column to learn: elements are then `[features, label]`. Default: none, elements are the features. */
  readonly labelName?: string | null;
  /** "columns": features in an object by name (default); "matrix": all numbers of a row in one float32 array. */
  readonly features?: "columns" | "matrix";
}

/** All rows as one element, whose first axis counts them. Throws ValueError. */
export function tableElement(
  where: string,
  columns: ReadonlyMap<string, HostLeaf>,
  { labelName = null, features = "columns" }: RowLayout,
): HostElement {
  if (features !== "columns" && features !== "matrix")
    throw new ValueError({ where, problem: "features has no such choice", expected: '"columns", "matrix"', received: String(features) });
  const names = [...columns.keys()];
  if (labelName !== null) columnIndex(where, names, labelName);
  const inputs = names.filter((name) => name !== labelName);
  if (inputs.length === 0)
    throw new ValueError({ where, problem: "there is no column to learn from", expected: "at least one", received: names.join(", ") });
  const leaves = features === "matrix" ? [matrixOf(where, columns, inputs)] : inputs.map((name) => columns.get(name)!);
  const structure: Structure = features === "matrix" ? "leaf" : Object.fromEntries(inputs.map((name) => [name, "leaf" as const]));
  if (labelName === null) return { leaves, structure };
  return { leaves: [...leaves, columns.get(labelName)!], structure: [structure, "leaf"] };
}

/** Columns of numbers side by side. Shapes: [rows] and [rows, ...] -> [rows, all]. */
function matrixOf(where: string, columns: ReadonlyMap<string, HostLeaf>, names: readonly string[]): HostLeaf {
  const parts = names.map((name) => {
    const leaf = columns.get(name)!;
    if (leaf.dtype !== "string") return { leaf, width: sizeOf(leaf.shape.slice(1)) };
    throw new ValueError({
      where,
      problem: `column "${name}" holds texts, which have no place in a matrix`,
      expected: "numbers",
      received: `"${leaf.values[0] ?? ""}", ...`,
      advice: 'leave it out (columns), or take features: "columns" and a StringLookup layer',
    });
  });
  const rows = parts[0]!.leaf.shape[0]!;
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const values = hostArray("float32", rows * width);
  let at = 0;
  for (const part of parts) {
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < part.width; i++) values[row * width + at + i] = part.leaf.values[row * part.width + i]!;
    at += part.width;
  }
  return { values, shape: [rows, width], dtype: "float32" };
}
