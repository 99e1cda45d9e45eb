/** The frame of a chart: title, axes, grid, legend. */
import { linearScale, logScale, type Scale } from "./scale.ts";
import { colors, short, textAt, textWidth } from "./svg.ts";

/** What all charts take. */
export interface ChartOptions {
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Default 640. */
  readonly width?: number;
  /** Default 400. */
  readonly height?: number;
  /** Default "linear". */
  readonly xScale?: "linear" | "log";
  /** Default "linear". */
  readonly yScale?: "linear" | "log";
  /** Range of the axis. Default: that of the data. */
  readonly xRange?: readonly [low: number, high: number];
  readonly yRange?: readonly [low: number, high: number];
}

/** Names of the options of all charts. */
export const chartOptionNames: readonly string[] = ["title", "xLabel", "yLabel", "width", "height", "xScale", "yScale", "xRange", "yRange"];

/** An entry of the legend. */
export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly mark: "line" | "dashed" | "point" | "area";
}

/** The frame of a chart. */
export interface Axes {
  readonly width: number;
  readonly height: number;
  readonly x: Scale;
  readonly y: Scale;
  /** The rectangle that data is drawn in. */
  readonly area: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
  /** Grid and labels, to be drawn first. */
  readonly back: readonly string[];
  /** Border and legend, to be drawn last. */
  readonly front: readonly string[];
}

/** Lays out the frame for data within these ranges. The legend stands below the title, in rows. */
export function axesOf(
  options: ChartOptions,
  ranges: { readonly x: readonly [number, number]; readonly y: readonly [number, number] },
  legend: readonly LegendEntry[],
  grid: boolean = true,
): Axes {
  const { width = 640, height = 400, title, xLabel, yLabel, xScale = "linear", yScale = "linear" } = options;
  const rows = legendRows(legend, width - 40);
  const legendHeight = rows.length * 18;
  const titleHeight = title === undefined ? 8 : 30;
  const [xLow, xHigh] = options.xRange ?? ranges.x;
  const [yLow, yHigh] = options.yRange ?? ranges.y;
  const top = titleHeight + legendHeight + 6;
  const bottom = height - (xLabel === undefined ? 28 : 46);
  const y = yScale === "log" ? logScale(yLow, yHigh, bottom, top) : linearScale(yLow, yHigh, bottom, top, (bottom - top) / 45);
  const labelWidth = Math.max(...y.ticks.map(({ label }) => textWidth(label, 11)), 10);
  const left = 14 + labelWidth + (yLabel === undefined ? 0 : 20);
  const right = width - 18;
  const x = xScale === "log" ? logScale(xLow, xHigh, left, right) : linearScale(xLow, xHigh, left, right, (right - left) / 80);
  const back: string[] = [];
  if (title !== undefined) back.push(textAt(width / 2, 21, title, { size: 15, anchor: "middle", bold: true }));
  for (const { value, label } of y.ticks) {
    const at = y.place(value);
    if (grid) back.push(`<line x1="${short(left)}" y1="${short(at)}" x2="${short(right)}" y2="${short(at)}" stroke="#e6e6e6"/>`);
    back.push(textAt(left - 6, at + 4, label, { size: 11, anchor: "end", color: "#444" }));
  }
  for (const { value, label } of x.ticks) {
    const at = x.place(value);
    if (grid) back.push(`<line x1="${short(at)}" y1="${short(top)}" x2="${short(at)}" y2="${short(bottom)}" stroke="#f0f0f0"/>`);
    back.push(textAt(at, bottom + 16, label, { size: 11, anchor: "middle", color: "#444" }));
  }
  if (xLabel !== undefined) back.push(textAt((left + right) / 2, height - 12, xLabel, { anchor: "middle" }));
  if (yLabel !== undefined) back.push(textAt(16, (top + bottom) / 2, yLabel, { anchor: "middle", turned: true }));
  const front = [
    `<path d="M${short(left)} ${short(top)}V${short(bottom)}H${short(right)}" fill="none" stroke="#888"/>`,
    ...rows.flatMap((row, line) => {
      const total = row.reduce((sum, entry) => sum + entryWidth(entry), 0);
      let at = (width - total) / 2;
      return row.map((entry) => {
        const drawn = legendMark(entry, at, titleHeight + line * 18 + 10);
        at += entryWidth(entry);
        return drawn;
      });
    }),
  ];
  return { width, height, x, y, area: { left, top, right, bottom }, back, front };
}

function entryWidth({ name }: LegendEntry): number {
  return 26 + textWidth(name, 12) + 16;
}

function legendRows(legend: readonly LegendEntry[], width: number): LegendEntry[][] {
  const rows: LegendEntry[][] = [];
  let used = Infinity;
  for (const entry of legend) {
    if (used + entryWidth(entry) > width) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)!.push(entry);
    used += entryWidth(entry);
  }
  return rows;
}

function legendMark({ name, color, mark }: LegendEntry, x: number, y: number): string {
  const label = textAt(x + 26, y + 4, name);
  if (mark === "point") return `<circle cx="${short(x + 12)}" cy="${short(y)}" r="4" fill="${color}" stroke="#fff"/>${label}`;
  if (mark === "area") return `<rect x="${short(x + 4)}" y="${short(y - 6)}" width="16" height="12" fill="${color}"/>${label}`;
  const dash = mark === "dashed" ? ' stroke-dasharray="5 3"' : "";
  return `<line x1="${short(x)}" y1="${short(y)}" x2="${short(x + 20)}" y2="${short(y)}" stroke="${color}" stroke-width="2.2"${dash}/>${label}`;
}

/** The n-th colour. */
export function colorAt(index: number): string {
  return colors[index % colors.length]!;
}

/** Smallest and largest of the finite values; [0, 1] where there are none. */
export function rangeOf(values: Iterable<number>, onlyPositive: boolean = false): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (onlyPositive && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [onlyPositive ? 0.1 : 0, 1];
}
