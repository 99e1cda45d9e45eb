/** Tables of numbers as coloured squares: attention, confusion. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";
import { rangeOf } from "./axes.ts";
import { short, svgDocument, textAt, textWidth } from "./svg.ts";

/** Options of `heatMap`. */
export interface HeatMapOptions {
  /** One row of numbers for every name of `rows`, a number for every name of `columns`. NaN is drawn grey. */
  readonly values: readonly ArrayLike<number>[];
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly title?: string;
  readonly rowLabel?: string;
  readonly columnLabel?: string;
  /** Values that are white and darkest. Default: 0 (or the smallest, if that is below) and the largest. */
  readonly range?: readonly [low: number, high: number];
  /** Side of a square. Default 24. */
  readonly cell?: number;
}

const optionNames = ["values", "rows", "columns", "title", "rowLabel", "columnLabel", "range", "cell"];

/** White, light blue, blue, nearly black: dark enough to be told apart without colours. */
const ramp: readonly (readonly [number, number, number])[] = [
  [255, 255, 255],
  [158, 202, 225],
  [0, 114, 178],
  [0, 32, 77],
];

function colorOf(share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (ramp.length - 1);
  const index = Math.min(ramp.length - 2, Math.floor(at));
  const [from, to] = [ramp[index]!, ramp[index + 1]!];
  const part = from.map((channel, i) => Math.round(channel + (at - index) * (to[i]! - channel)));
  return `#${part.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * A table of numbers as an SVG text: a square for every number, darker where it is larger, the names of rows on the left
 * and of columns above; each square tells its value when pointed at. Throws ValueError where names and numbers do not match.
 *
 * @example
 * const svg = heatMap({ rows: ["cat", "dog"], columns: ["cat", "dog"], values: [[9, 1], [2, 8]], rowLabel: "true" });
 */
export function heatMap(options: HeatMapOptions): string {
  const where = "heatMap";
  checkOptions(where, options, optionNames);
  const { values, rows, columns, title, rowLabel, columnLabel, cell = 24 } = options;
  const odd = values.find((row) => row.length !== columns.length);
  if (rows.length === 0 || columns.length === 0 || values.length !== rows.length || odd !== undefined)
    throw new ValueError({
      where,
      problem: "every square has a row and a column with a name",
      expected: `${rows.length} rows of ${columns.length} numbers, at least 1 of each`,
      received: odd === undefined ? `${values.length} rows` : `a row of ${odd.length}`,
    });
  const [least, most] = rangeOf(values.flatMap((row) => Array.from(row)));
  const [low, high] = options.range ?? [Math.min(0, least), most];
  const top =
    (title === undefined ? 10 : 34) + (columnLabel === undefined ? 0 : 20) + Math.max(...columns.map((name) => textWidth(name, 12))) + 8;
  const left = (rowLabel === undefined ? 10 : 30) + Math.max(...rows.map((name) => textWidth(name, 12))) + 8;
  const [right, bottom] = [left + cell * columns.length, top + cell * rows.length];
  const wide = title === undefined ? 0 : textWidth(title, 15) + 20;
  const width = Math.max(right + 14, wide);
  const parts: string[] = [];
  if (title !== undefined) parts.push(textAt(width / 2, 21, title, { size: 15, anchor: "middle", bold: true }));
  if (columnLabel !== undefined)
    parts.push(textAt((left + right) / 2, title === undefined ? 18 : 44, columnLabel, { anchor: "middle", color: "#444" }));
  if (rowLabel !== undefined) parts.push(textAt(18, (top + bottom) / 2, rowLabel, { anchor: "middle", color: "#444", turned: true }));
  columns.forEach((name, i) => parts.push(textAt(left + (i + 0.5) * cell + 4, top - 6, name, { turned: true })));
  rows.forEach((name, i) => parts.push(textAt(left - 6, top + (i + 0.5) * cell + 4, name, { anchor: "end" })));
  values.forEach((row, y) =>
    Array.from(row).forEach((value, x) => {
      const fill = Number.isFinite(value) ? colorOf(high > low ? (value - low) / (high - low) : 0) : "#bbbbbb";
      const place = `x="${short(left + x * cell)}" y="${short(top + y * cell)}" width="${short(cell)}" height="${short(cell)}"`;
      parts.push(`<rect ${place} fill="${fill}"><title>${Number(value.toPrecision(3))}</title></rect>`);
    }),
  );
  const frame = `x="${short(left)}" y="${short(top)}" width="${short(right - left)}" height="${short(bottom - top)}"`;
  parts.push(`<rect ${frame} fill="none" stroke="#888"/>`);
  return svgDocument(width, bottom + 12, title ?? "heat map", parts);
}

/** Options of `attentionChart`. */
export interface AttentionChartOptions extends Pick<HeatMapOptions, "title" | "cell"> {
  /** What was looked at, one name for every column. */
  readonly source: readonly string[];
  /** What looked, one name for every row. */
  readonly target: readonly string[];
  /** A row of shares for every target. */
  readonly weights: readonly ArrayLike<number>[];
}

/**
 * Who looked at what: the targets below each other, the sources beside each other, darker where more was looked, as in
 * D. Bahdanau, K. Cho, Y. Bengio, 2015, figure 3. An SVG text. Throws ValueError where names and weights do not match.
 *
 * @example
 * const svg = attentionChart(await translator.attention("Ein Hund bellt."));
 */
export function attentionChart(options: AttentionChartOptions): string {
  checkOptions("attentionChart", options, ["source", "target", "weights", "title", "cell"]);
  const { source, target, weights, ...rest } = options;
  const names = (texts: readonly string[]): string[] => texts.map((text) => text.trim());
  return heatMap({
    ...rest,
    rows: names(target),
    columns: names(source),
    values: weights,
    rowLabel: "target",
    columnLabel: "source",
    range: [0, 1],
  });
}
