/** Comma-separated values (RFC 4180). */
import { ValueError } from "../../errors.ts";
import { type FileSource, readSource } from "../../saving/source.ts";
import { checkOptions } from "../../serialization/index.ts";
import type { HostLeaf } from "../element.ts";
import { type ColumnDType, inferDType, tensorsOfColumns, type TableColumns, textColumn } from "./columns.ts";

/** Options of `readCsv`. */
export interface CsvOptions {
  /** Names of the columns to read, in this order. Default: all of the file's. */
  readonly columns?: readonly string[] | null;
  /** Whether the first line names the columns. Default true; without one they are called "0", "1", ... */
  readonly header?: boolean;
  /** What stands between cells. Default ",". */
  readonly delimiter?: string;
  /** Dtypes by column: of numbers, "bool" or "string". Default: bool, int32 or float32 where every cell fits, else string. */
  readonly dtypes?: Readonly<Record<string, ColumnDType>>;
  /** Texts that stand for a missing value, beside the empty one: NaN in numbers, "" in texts. Default "NA", "N/A", "null", "NaN". */
  readonly naValues?: readonly string[];
}

/** Names of `CsvOptions`, for `checkOptions`. */
export const csvOptionNames: readonly string[] = ["columns", "header", "delimiter", "dtypes", "naValues"];

/**
 * The columns of a CSV file (a path or its bytes) as tensors of shape `[rows]`. Throws ValueError for broken quotes, lines
 * of another length, and cells that do not fit, with their line.
 *
 * @example
 * const { petal_length, target } = await data.readCsv("iris.csv"); // float32 [150], int32 [150]
 */
export async function readCsv(source: FileSource, options: CsvOptions = {}): Promise<TableColumns> {
  return tensorsOfColumns(await csvColumns("data.readCsv", source, options));
}

/** The same as host arrays. */
export async function csvColumns(where: string, source: FileSource, options: CsvOptions): Promise<Map<string, HostLeaf>> {
  checkOptions(where, options, csvOptionNames);
  const { header = true, delimiter = ",", dtypes = {}, naValues = ["NA", "N/A", "null", "NaN"] } = options;
  const bytes = await readSource(where, source);
  const file = typeof source === "string" ? source : "the file";
  const { parse } = await import("csv-parse/browser/esm/sync");
  let records: { readonly record: string[]; readonly info: { readonly lines: number } }[];
  try {
    const text = new TextDecoder().decode(bytes);
    const parsed: unknown = parse(text, { bom: true, delimiter, info: true, skip_empty_lines: true, relax_column_count: true });
    records = parsed as typeof records;
  } catch (error) {
    throw new ValueError({
      where,
      problem: `${file} is no CSV file`,
      expected: `cells between "${delimiter}", quotes in pairs`,
      received: error instanceof Error ? error.message : String(error),
    });
  }
  const first = records[0]?.record;
  if (first === undefined)
    throw new ValueError({ where, problem: `${file} is empty`, expected: "at least one line", received: `${bytes.length} bytes` });
  const names = header ? first : first.map((_, index) => String(index));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new ValueError({
      where,
      problem: `two columns of ${file} are called "${twice}"`,
      expected: "a name of its own for each",
      received: names.join(", "),
    });
  const rows = header ? records.slice(1) : records;
  const odd = rows.find(({ record }) => record.length !== names.length);
  if (odd !== undefined)
    throw new ValueError({
      where,
      problem: `line ${odd.info.lines} of ${file} has another number of cells`,
      expected: `${names.length} (${names.join(", ")})`,
      received: String(odd.record.length),
    });
  for (const name of Object.keys(dtypes)) columnIndex(where, names, name);
  const missing = new Set(["", ...naValues]);
  const columns = new Map<string, HostLeaf>();
  for (const name of options.columns ?? names) {
    const index = columnIndex(where, names, name);
    const cells = rows.map(({ record }) => record[index]!.trim());
    const known = cells.map((cell) => (missing.has(cell) ? null : cell));
    const dtype = dtypes[name] ?? inferDType(known);
    columns.set(
      name,
      textColumn(where, name, known, dtype, (row) => `line ${rows[row]!.info.lines} of ${file}`),
    );
  }
  return columns;
}

/** Place of a column. Throws ValueError that lists what there is. */
export function columnIndex(where: string, names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (index >= 0) return index;
  throw new ValueError({ where, problem: `there is no column "${name}"`, expected: names.join(", "), received: name });
}
