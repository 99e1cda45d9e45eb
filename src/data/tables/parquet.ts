/** Apache Parquet files. */
import { ValueError } from "../../errors.ts";
import { type FileSource, FormatError, readSource } from "../../saving/source.ts";
import { checkOptions } from "../../serialization/index.ts";
import type { HostLeaf } from "../element.ts";
import { type Cell, tensorsOfColumns, type TableColumns, valueColumn } from "./columns.ts";
import { columnIndex } from "./csv.ts";

/** Options of `readParquet`. */
export interface ParquetOptions {
  /** Names of the columns to read, in this order. Default: all. */
  readonly columns?: readonly string[] | null;
  /** The first row to read. Default 0. */
  readonly rowStart?: number;
  /** The row to stop before. Default: the end. */
  readonly rowEnd?: number | null;
}

/** Names of `ParquetOptions`, for `checkOptions`. */
export const parquetOptionNames: readonly string[] = ["columns", "rowStart", "rowEnd"];

/**
 * The columns of a Parquet file (a path or its bytes) as tensors `[rows]`: integers int32 (float64 where they are too
 * large), other numbers float32, bool, texts, dates as float64 milliseconds since 1970, lists of one length `[rows, length]`.
 * Missing numbers are NaN. Read by hyparquet. Throws FormatError for broken files, ValueError for columns that are neither.
 *
 * @example
 * const { text, label } = await data.readParquet("train.parquet", { columns: ["text", "label"] });
 */
export async function readParquet(source: FileSource, options: ParquetOptions = {}): Promise<TableColumns> {
  return tensorsOfColumns(await parquetColumns("data.readParquet", source, options));
}

/** The same as host arrays. */
export async function parquetColumns(where: string, source: FileSource, options: ParquetOptions): Promise<Map<string, HostLeaf>> {
  checkOptions(where, options, parquetOptionNames);
  const bytes = await readSource(where, source);
  const { parquetMetadata, parquetReadObjects } = await import("hyparquet");
  const file = new Uint8Array(bytes).buffer;
  const broken = (error: unknown): FormatError =>
    new FormatError({
      where,
      problem: `${typeof source === "string" ? source : "the file"} is no Parquet file, is broken, or is compressed in an unknown way`,
      expected: "Parquet, plain, Snappy, gzip or zstd",
      received: error instanceof Error ? error.message : String(error),
    });
  let names: string[];
  let rows: Record<string, Cell>[];
  try {
    const metadata = parquetMetadata(file);
    names = topLevelColumns(metadata.schema);
    const columns = [...(options.columns ?? names)];
    for (const name of columns) columnIndex(where, names, name);
    const { rowStart = 0, rowEnd = null } = options;
    rows = (await parquetReadObjects({
      file,
      metadata,
      columns,
      rowStart,
      rowEnd: Math.min(rowEnd ?? Infinity, Number(metadata.num_rows)),
    })) as Record<string, Cell>[];
  } catch (error) {
    if (error instanceof ValueError) throw error;
    throw broken(error);
  }
  const wanted = options.columns ?? names;
  return new Map(
    wanted.map((name) => [
      name,
      valueColumn(
        where,
        name,
        rows.map((row) => row[name]),
      ),
    ]),
  );
}

/** Names of the columns: the schema is a tree in preorder, the root first. */
function topLevelColumns(schema: readonly { readonly name: string; readonly num_children?: number }[]): string[] {
  const names: string[] = [];
  let at = 1;
  const skip = (): void => {
    const children = schema[at++]?.num_children ?? 0;
    for (let i = 0; i < children; i++) skip();
  };
  for (let i = 0; i < (schema[0]?.num_children ?? 0) && at < schema.length; i++) {
    names.push(schema[at]!.name);
    skip();
  }
  return names;
}
