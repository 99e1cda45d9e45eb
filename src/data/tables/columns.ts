/** Columns of tables as tensors. */
import { type DType, hostArray } from "../../dtype/index.ts";
import { ValueError } from "../../errors.ts";
import { dataTensor, StringTensor, type Tensor } from "../../graph/index.ts";
import type { HostLeaf } from "../element.ts";

/** The columns of a table by their names, each `[rows]` (or `[rows, ...]` where a cell holds several numbers). */
export type TableColumns = Readonly<Record<string, Tensor | StringTensor>>;

/** What a column may be read as. */
export type ColumnDType = DType | "string";

/** A cell of a file: a text as it stands there, or a value that the format knows itself; null where there is none. */
export type Cell = string | number | bigint | boolean | Date | null | undefined | readonly Cell[];

const whole = /^[+-]?\d{1,10}$/;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const special = /^(?:[+-]?(?:inf|infinity)|nan)$/i;
const truths: Readonly<Record<string, number>> = { true: 1, false: 0, True: 1, False: 0, TRUE: 1, FALSE: 0 };

/** The dtype that every text of a column fits: bool, int32, float32, else string. Missing cells (null) make integers float32. */
export function inferDType(cells: readonly (string | null)[]): ColumnDType {
  let candidates: DType[] = ["bool", "int32", "float32"];
  let any = false;
  for (const cell of cells) {
    if (cell === null) {
      candidates = candidates.filter((dtype) => dtype === "float32");
      continue;
    }
    any = true;
    candidates = candidates.filter((dtype) => parseCell(cell, dtype) !== undefined);
    if (candidates.length === 0) return "string";
  }
  return any ? candidates[0]! : "string";
}

/** The number that a text stands for in a dtype; undefined where it stands for none. */
function parseCell(cell: string, dtype: DType): number | undefined {
  if (dtype === "bool") return truths[cell];
  const isWhole = whole.test(cell);
  if (dtype === "float32" || dtype === "float64") {
    if (isWhole || decimal.test(cell)) return Number(cell);
    if (!special.test(cell)) return undefined;
    return /nan/i.test(cell) ? NaN : cell.startsWith("-") ? -Infinity : Infinity;
  }
  const value = Number(cell);
  const [least, most] = ranges[dtype] ?? [-(2 ** 31), 2 ** 31 - 1];
  return isWhole && value >= least && value <= most ? value : undefined;
}

const ranges: Partial<Readonly<Record<DType, readonly [number, number]>>> = { uint8: [0, 255] };

/** A column of texts as numbers (missing ones NaN) or texts (missing ones ""). `lineOf(row)` names the place of a cell in errors. */
export function textColumn(
  where: string,
  name: string,
  cells: readonly (string | null)[],
  dtype: ColumnDType,
  lineOf: (row: number) => string,
): HostLeaf {
  const shape = [cells.length];
  if (dtype === "string") return { values: cells.map((cell) => cell ?? ""), shape, dtype };
  const values = hostArray(dtype, cells.length);
  cells.forEach((cell, row) => {
    const isFloat = dtype === "float32" || dtype === "float64";
    const value = cell === null ? (isFloat ? NaN : undefined) : parseCell(cell, dtype);
    if (value === undefined)
      throw new ValueError({
        where,
        problem: `column "${name}" has a cell that is no ${dtype}, ${lineOf(row)}`,
        expected: dtype === "bool" ? "true or false" : `a number of dtype ${dtype}`,
        received: cell === null ? "nothing" : JSON.stringify(cell),
        advice: `mend the file, or read the column as "float32" or "string" (dtypes: { ${JSON.stringify(name)}: "string" })`,
      });
    values[row] = value;
  });
  return { values, shape, dtype };
}

/**
 * A column of values that the file types itself: integers int32 (beyond its range float64), other numbers float32; true
 * and false bool; dates float64 milliseconds since 1970; texts; lists
 * of numbers of one length a further axis. Missing numbers are NaN (and make integers float32), missing texts "".
 */
export function valueColumn(where: string, name: string, cells: readonly Cell[]): HostLeaf {
  const first = cells.find((cell) => cell !== null && cell !== undefined);
  if (first === undefined || typeof first === "string") {
    const values = cells.map((cell) => {
      if (cell === null || cell === undefined) return "";
      if (typeof cell === "string") return cell;
      throw mixed(where, name, first, cell);
    });
    return { values, shape: [cells.length], dtype: "string" };
  }
  if (Array.isArray(first)) return listColumn(where, name, cells);
  return numberColumn(where, name, cells, [cells.length]);
}

function numberColumn(where: string, name: string, cells: readonly Cell[], shape: readonly number[]): HostLeaf {
  const kind = kindOf(cells.find((cell) => cell !== null && cell !== undefined));
  let missing = false;
  let isWhole = true;
  let fits = true;
  const numbers = cells.map((cell) => {
    if (cell === null || cell === undefined) {
      missing = true;
      return NaN;
    }
    if (kindOf(cell) !== kind || kind === null) throw mixed(where, name, cells[0], cell);
    const value = Number(cell);
    isWhole &&= Number.isInteger(value);
    fits &&= Math.abs(value) < 2 ** 31;
    return value;
  });
  const dtype: DType =
    kind === "date"
      ? "float64"
      : kind === "boolean" && !missing
        ? "bool"
        : isWhole && !fits
          ? "float64"
          : isWhole && !missing
            ? "int32"
            : "float32";
  const values = hostArray(dtype, numbers.length);
  for (let i = 0; i < numbers.length; i++) values[i] = numbers[i]!;
  return { values, shape, dtype };
}

function listColumn(where: string, name: string, cells: readonly Cell[]): HostLeaf {
  const length = (cells[0] as readonly Cell[] | null)?.length;
  const odd = cells.find((cell) => !Array.isArray(cell) || cell.length !== length);
  if (odd !== undefined || length === undefined)
    throw new ValueError({
      where,
      problem: `column "${name}" holds lists of different lengths`,
      expected: `${length ?? "some"} numbers in every row`,
      received: Array.isArray(odd) ? `${odd.length}` : "no list",
      advice: "leave the column out (columns), or pad its lists before they are written",
    });
  return numberColumn(where, name, cells.flat(), [cells.length, length]);
}

function kindOf(cell: Cell): "number" | "boolean" | "date" | null {
  if (cell instanceof Date) return "date";
  if (typeof cell === "boolean") return "boolean";
  return typeof cell === "number" || typeof cell === "bigint" ? "number" : null;
}

function mixed(where: string, name: string, first: Cell, cell: Cell): ValueError {
  return new ValueError({
    where,
    problem: `column "${name}" holds values of different kinds, or of one that is no number and no text`,
    expected: "numbers, true and false, dates, texts, or lists of numbers",
    received: `${typeof first} and ${typeof cell}`,
    advice: "leave the column out: name those to read in `columns`",
  });
}

/** Columns as users see them. */
export function tensorsOfColumns(columns: ReadonlyMap<string, HostLeaf>): TableColumns {
  const entries = [...columns].map(([name, leaf]): [string, Tensor | StringTensor] => [
    name,
    leaf.dtype === "string" ? new StringTensor(leaf.values, leaf.shape) : dataTensor(leaf.values, leaf.shape, leaf.dtype),
  ]);
  return Object.fromEntries(entries);
}
