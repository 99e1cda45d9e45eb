/** Bars as an SVG picture. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";
import { type ChartOptions, chartOptionNames, colorAt, rangeOf } from "./axes.ts";
import { linearScale } from "./scale.ts";
import { short, svgDocument, textAt, textWidth } from "./svg.ts";

/** Options of `barChart`. */
export interface BarChartOptions extends Pick<ChartOptions, "title" | "xLabel" | "width"> {
  readonly names: readonly string[];
  readonly values: ArrayLike<number>;
}

/** Horizontal bars, one below the other, each with its name and value, as an SVG text. */
export function barChart(options: BarChartOptions): string {
  const where = "barChart";
  checkOptions(where, options, [...chartOptionNames, "names", "values"]);
  const { names, values, title, xLabel, width = 640 } = options;
  if (names.length !== values.length || names.length === 0)
    throw new ValueError({
      where,
      problem: "every bar has a name and a value",
      expected: `${names.length} values, at least 1`,
      received: String(values.length),
    });
  const top = title === undefined ? 10 : 36;
  const step = 22;
  const bottom = top + step * names.length;
  const left = 12 + Math.max(...names.map((name) => textWidth(name, 12)));
  const [low, high] = rangeOf([0, ...Array.from(values)]);
  const scale = linearScale(low, high, left, width - 70, 5);
  const parts = scale.ticks.flatMap(({ value, label }) => [
    `<line x1="${short(scale.place(value))}" y1="${top}" x2="${short(scale.place(value))}" y2="${bottom}" stroke="#e6e6e6"/>`,
    textAt(scale.place(value), bottom + 16, label, { size: 11, anchor: "middle", color: "#444" }),
  ]);
  if (title !== undefined) parts.push(textAt(width / 2, 21, title, { size: 15, anchor: "middle", bold: true }));
  names.forEach((name, i) => {
    const [from, to] = [scale.place(Math.min(0, values[i]!)), scale.place(Math.max(0, values[i]!))];
    const y = top + i * step;
    parts.push(
      textAt(left - 6, y + 15, name, { anchor: "end" }),
      `<rect x="${short(from)}" y="${y + 3}" width="${short(Math.max(0.5, to - from))}" height="${step - 6}" fill="${colorAt(0)}"/>`,
      textAt(to + 5, y + 15, String(Number(values[i]!.toPrecision(3))), { size: 11, color: "#444" }),
    );
  });
  if (xLabel !== undefined) parts.push(textAt((left + width - 70) / 2, bottom + 36, xLabel, { anchor: "middle" }));
  return svgDocument(width, bottom + (xLabel === undefined ? 26 : 46), title ?? "bars", parts);
}
