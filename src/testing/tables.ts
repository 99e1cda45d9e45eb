/** Tables in the order of their files, for comparison with what others computed from the same files. */
import { breastCancer } from "../datasets/data/breast-cancer.ts";
import { diabetes } from "../datasets/data/diabetes.ts";
import { iris } from "../datasets/data/iris.ts";
import { wine } from "../datasets/data/wine.ts";
import { tableRows } from "../datasets/table.ts";

const packed: Readonly<Record<"breastCancer" | "diabetes" | "iris" | "wine", string>> = { breastCancer, diabetes, iris, wine };

/** Features and targets of one part of a table. */
export interface TablePart {
  readonly x: number[][];
  readonly y: number[];
}

/** The rows for which `isHeldOut` does not hold, and those for which it does. */
export async function splitTable(
  name: keyof typeof packed,
  isHeldOut: (row: number) => boolean,
): Promise<{ readonly train: TablePart; readonly test: TablePart }> {
  const rows = await tableRows(packed[name]);
  const part = (held: boolean): TablePart => {
    const chosen = rows.filter((_, row) => isHeldOut(row) === held);
    return { x: chosen.map((row) => row.slice(0, -1)), y: chosen.map((row) => row.at(-1)!) };
  };
  return { train: part(false), test: part(true) };
}

/** Columns with mean 0 and standard deviation 1 in `train`. */
export function standardized(train: number[][], test: number[][]): [train: number[][], test: number[][]] {
  const means = train[0]!.map((_, j) => train.reduce((sum, row) => sum + row[j]!, 0) / train.length);
  const deviations = means.map((mean, j) => Math.sqrt(train.reduce((sum, row) => sum + (row[j]! - mean) ** 2, 0) / train.length));
  const scale = (rows: number[][]): number[][] => rows.map((row) => row.map((value, j) => (value - means[j]!) / deviations[j]!));
  return [scale(train), scale(test)];
}
