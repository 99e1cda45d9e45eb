/** Curves as an SVG picture. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";
import { axesOf, type ChartOptions, chartOptionNames, colorAt, rangeOf } from "./axes.ts";
import { short, svgDocument } from "./svg.ts";

/** One curve. */
export interface Series {
  readonly name: string;
  readonly y: ArrayLike<number>;
  /** Default: 1, 2, 3, ... */
  readonly x?: ArrayLike<number>;
  /** Default false. */
  readonly dashed?: boolean;
  /** Whether single values are marked. Default: where there are at most 30. */
  readonly points?: boolean;
  /** Default: the next colour. */
  readonly color?: string;
}

/** Options of `lineChart`. */
export interface LineChartOptions extends ChartOptions {
  readonly series: readonly Series[];
}

/** Points drawn per curve at most: more are not seen. */
const mostPoints = 1000;

/**
 * Curves with labelled axes and a legend, in colours that colour-blind people tell apart, as an SVG text. Values that are
 * not finite (or not positive on a logarithmic axis) leave a gap.
 *
 * @example
 * writeFileSync("loss.svg", lineChart({ title: "Loss", xLabel: "epoch", yScale: "log", series: [{ name: "training", y: history.loss }] }));
 */
export function lineChart(options: LineChartOptions): string {
  const where = "lineChart";
  checkOptions(where, options, [...chartOptionNames, "series"]);
  const { series, xScale, yScale } = options;
  if (series.length === 0) throw new ValueError({ where, problem: "there is nothing to draw", expected: "at least one series" });
  const xs = series.map(({ x, y }) => Array.from(x ?? Array.from({ length: y.length }, (_, i) => i + 1)));
  series.forEach(({ name, y }, i) => {
    if (y.length !== xs[i]!.length)
      throw new ValueError({
        where,
        problem: `x and y of "${name}" have different lengths`,
        expected: `${xs[i]!.length} values`,
        received: String(y.length),
      });
  });
  const axes = axesOf(
    options,
    {
      x: rangeOf(xs.flat(), xScale === "log"),
      y: padded(
        rangeOf(
          series.flatMap(({ y }) => Array.from(y)),
          yScale === "log",
        ),
        yScale,
      ),
    },
    series.map(({ name, color, dashed }, i) => ({
      name,
      color: color ?? colorAt(i),
      mark: dashed === true ? ("dashed" as const) : ("line" as const),
    })),
  );
  const isShown = (x: number, y: number): boolean =>
    Number.isFinite(x) && Number.isFinite(y) && (xScale !== "log" || x > 0) && (yScale !== "log" || y > 0);
  const { left, top, right, bottom } = axes.area;
  const curves = series.map(({ y, color, dashed, points }, i) => {
    const stroke = color ?? colorAt(i);
    const stride = Math.max(1, Math.ceil(y.length / mostPoints));
    const path: string[] = [];
    const marks: string[] = [];
    let isDrawing = false;
    for (let at = 0; at < y.length; at += stride) {
      const [xValue, yValue] = [xs[i]![at]!, y[at]!];
      if (!isShown(xValue, yValue)) {
        isDrawing = false;
        continue;
      }
      const place = `${short(axes.x.place(xValue))} ${short(axes.y.place(yValue))}`;
      path.push(`${isDrawing ? "L" : "M"}${place}`);
      isDrawing = true;
      if (points ?? y.length <= 30) marks.push(`<circle cx="${place.replace(" ", '" cy="')}" r="2.6" fill="${stroke}"/>`);
    }
    const dash = dashed === true ? ' stroke-dasharray="6 4"' : "";
    return `<path d="${path.join("")}" fill="none" stroke="${stroke}" stroke-width="2" stroke-linejoin="round"${dash}/>${marks.join("")}`;
  });
  return svgDocument(axes.width, axes.height, options.title ?? "chart", [
    ...axes.back,
    `<clipPath id="area"><rect x="${short(left)}" y="${short(top - 3)}" width="${short(right - left + 3)}" height="${short(bottom - top + 6)}"/></clipPath>`,
    `<g clip-path="url(#area)">`,
    ...curves,
    "</g>",
    ...axes.front,
  ]);
}

/** A little room above and below. */
function padded([low, high]: readonly [number, number], scale: "linear" | "log" | undefined): [number, number] {
  if (scale === "log") return [low / 1.1, high * 1.1];
  const room = (high - low) * 0.04 || Math.abs(high) * 0.04 || 0.5;
  // Zero stays the edge of what starts there.
  return [low === 0 ? 0 : low - room, high + room];
}
