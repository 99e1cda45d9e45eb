/** A function of two variables as levels, with paths on it. */
import { ValueError } from "../errors.ts";
import { checkOptions } from "../serialization/index.ts";
import { axesOf, type ChartOptions, chartOptionNames, colorAt } from "./axes.ts";
import { short, svgDocument } from "./svg.ts";

/** A way over the surface. */
export interface SurfacePath {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** Options of `surfaceChart`. */
export interface SurfaceChartOptions extends ChartOptions {
  /** Height at a point. */
  readonly height3d: (x: number, y: number) => number;
  readonly xRange: readonly [low: number, high: number];
  readonly yRange: readonly [low: number, high: number];
  readonly paths: readonly SurfacePath[];
  /** Heights of the level lines. Default: 14, closer to each other near the bottom. */
  readonly levels?: readonly number[];
}

/** Cells of the grid along each axis. */
const cells = 72;

/** Level lines of a surface and paths over it, with a legend, as an SVG text. Each path ends in a ring. */
export function surfaceChart(options: SurfaceChartOptions): string {
  const where = "surfaceChart";
  checkOptions(where, options, [...chartOptionNames, "height3d", "paths", "levels"]);
  const { height3d, xRange, yRange, paths } = options;
  const heights = Array.from({ length: cells + 1 }, (_, row) =>
    Array.from({ length: cells + 1 }, (_, column) =>
      height3d(xRange[0] + (column / cells) * (xRange[1] - xRange[0]), yRange[0] + (row / cells) * (yRange[1] - yRange[0])),
    ),
  );
  const all = heights.flat();
  if (!all.every(Number.isFinite))
    throw new ValueError({ where, problem: "the surface has places without a height", expected: "finite numbers" });
  const low = Math.min(...all);
  const high = Math.max(...all);
  const levels = options.levels ?? Array.from({ length: 14 }, (_, i) => low + (high - low) * ((i + 0.5) / 14) ** 3);
  const axes = axesOf(
    { width: 620, height: 480, ...options },
    { x: xRange, y: yRange },
    paths.map(({ name }, i) => ({ name, color: colorAt(i), mark: "line" as const })),
    false,
  );
  const { left, top, right, bottom } = axes.area;
  const lines = levels.map((level, i) => {
    const shade = Math.round(205 - (i / levels.length) * 70);
    return `<path d="${levelLine(heights, level, (column, row) => `${short(left + (column / cells) * (right - left))} ${short(bottom - (row / cells) * (bottom - top))}`)}" fill="none" stroke="rgb(${shade},${shade},${shade})"/>`;
  });
  const ways = paths.map(({ x, y }, i) => {
    const points = Array.from(x, (value, at) => `${short(axes.x.place(value))} ${short(axes.y.place(y[at]!))}`);
    const ring = points.at(-1)!.replace(" ", '" cy="');
    return `<path d="M${points.join("L")}" fill="none" stroke="${colorAt(i)}" stroke-width="2" stroke-linejoin="round"/><circle cx="${ring}" r="4.5" fill="none" stroke="${colorAt(i)}" stroke-width="2"/>`;
  });
  return svgDocument(axes.width, axes.height, options.title ?? "surface", [
    ...axes.back,
    `<clipPath id="area"><rect x="${short(left)}" y="${short(top)}" width="${short(right - left)}" height="${short(bottom - top)}"/></clipPath>`,
    '<g clip-path="url(#area)">',
    ...lines,
    ...ways,
    "</g>",
    ...axes.front,
  ]);
}

/** Marching squares: the pieces of the line where the height is `level`. Lorensen and Cline's idea in two dimensions. */
function levelLine(heights: readonly (readonly number[])[], level: number, place: (column: number, row: number) => string): string {
  const path: string[] = [];
  for (let row = 0; row < heights.length - 1; row++) {
    for (let column = 0; column < heights[row]!.length - 1; column++) {
      const corners = [
        { column, row, height: heights[row]![column]! },
        { column: column + 1, row, height: heights[row]![column + 1]! },
        { column: column + 1, row: row + 1, height: heights[row + 1]![column + 1]! },
        { column, row: row + 1, height: heights[row + 1]![column]! },
      ];
      const crossings = corners.flatMap((a, i) => {
        const b = corners[(i + 1) % 4]!;
        if (a.height < level === b.height < level) return [];
        const share = (level - a.height) / (b.height - a.height);
        return [place(a.column + share * (b.column - a.column), a.row + share * (b.row - a.row))];
      });
      for (let i = 0; i + 1 < crossings.length; i += 2) path.push(`M${crossings[i]!}L${crossings[i + 1]!}`);
    }
  }
  return path.join("");
}
