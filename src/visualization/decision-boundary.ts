/** What a classifier of two features says where, as an SVG picture. */
import { ShapeError } from "../errors.ts";
import { dataTensor, type Tensor } from "../graph/index.ts";
import type { TensorLike } from "../ops/as-tensor.ts";
import { checkOptions } from "../serialization/index.ts";
import { readColumn, readMatrix, readNumbers } from "../data/samples.ts";
import { axesOf, type ChartOptions, chartOptionNames, colorAt, rangeOf } from "./axes.ts";
import { short, svgDocument } from "./svg.ts";

/** Options of `decisionBoundary`. */
export interface DecisionBoundaryOptions extends ChartOptions {
  /** Labels of points. Shapes: x [n, 2] -> [n]. */
  readonly predict: (x: Tensor) => Promise<TensorLike>;
  /** Samples. Shapes: [n, 2]. */
  readonly x: TensorLike;
  /** Their labels. Shapes: [n]. */
  readonly y: TensorLike;
  /** What labels are called. Default: their numbers. */
  readonly names?: Readonly<Record<number, string>>;
  /** Points asked for along each axis. Default 160. */
  readonly resolution?: number;
}

/**
 * The plane in the colours of the classes that `predict` gives there, and the samples on it, as an SVG text.
 *
 * @example
 * const svg = await decisionBoundary({ predict: (points) => svc.predict(points), x, y, title: "SVC" });
 */
export async function decisionBoundary(options: DecisionBoundaryOptions): Promise<string> {
  const where = "decisionBoundary";
  checkOptions(where, options, [...chartOptionNames, "predict", "x", "y", "names", "resolution"]);
  const { predict, names = {}, resolution = 160 } = options;
  const { rows, columns, values } = await readMatrix(where, options.x);
  if (columns !== 2)
    throw new ShapeError({
      where,
      problem: "the plane has two features",
      expected: "x of shape [n, 2]",
      received: `[${rows}, ${columns}]`,
      advice: "choose two columns, and a classifier that was fitted to them",
    });
  const labels = await readColumn(where, "y", options.y, rows);
  const room = ([low, high]: readonly [number, number]): [number, number] => [low - 0.06 * (high - low), high + 0.06 * (high - low)];
  const xRange = options.xRange ?? room(rangeOf(values.filter((_, i) => i % 2 === 0)));
  const yRange = options.yRange ?? room(rangeOf(values.filter((_, i) => i % 2 === 1)));
  const points = new Float32Array(2 * resolution * resolution);
  for (let row = 0; row < resolution; row++) {
    for (let column = 0; column < resolution; column++) {
      const at = 2 * (row * resolution + column);
      points[at] = xRange[0] + ((column + 0.5) / resolution) * (xRange[1] - xRange[0]);
      points[at + 1] = yRange[1] - ((row + 0.5) / resolution) * (yRange[1] - yRange[0]);
    }
  }
  const { values: said } = await readNumbers(where, await predict(dataTensor(points, [resolution * resolution, 2], "float32")));
  if (said.length !== resolution * resolution)
    throw new ShapeError({
      where,
      problem: "predict gives something else than one label per point",
      expected: `[${resolution * resolution}]`,
      received: `${said.length} values`,
      advice: "for a model that gives probabilities: ops.argmax(await model.predict(points), -1)",
    });
  const classes = [...new Set([...labels, ...said])].sort((a, b) => a - b);
  const colorOf = new Map(classes.map((label, i) => [label, colorAt(i)]));
  const axes = axesOf(
    { width: 460, height: 440, ...options, xRange, yRange },
    { x: xRange, y: yRange },
    classes.map((label) => ({ name: names[label] ?? String(label), color: colorOf.get(label)!, mark: "point" as const })),
    false,
  );
  const { left, top, right, bottom } = axes.area;
  const [cellWidth, cellHeight] = [(right - left) / resolution, (bottom - top) / resolution];
  // Cells of one class in a row are one rectangle; a hair of overlap hides the seams.
  const regions = classes.map((label) => {
    const path: string[] = [];
    for (let row = 0; row < resolution; row++) {
      for (let column = 0; column < resolution; column++) {
        if (said[row * resolution + column] !== label) continue;
        const start = column;
        while (column + 1 < resolution && said[row * resolution + column + 1] === label) column++;
        const width = (column - start + 1) * cellWidth;
        path.push(
          `M${short(left + start * cellWidth)} ${short(top + row * cellHeight)}h${short(width)}v${short(cellHeight + 0.3)}h${short(-width)}z`,
        );
      }
    }
    return `<path d="${path.join("")}" fill="${colorOf.get(label)!}" fill-opacity="0.22"/>`;
  });
  const marks = Array.from(labels, (label, i) => {
    const [x, y] = [axes.x.place(values[2 * i]!), axes.y.place(values[2 * i + 1]!)];
    return `<circle cx="${short(x)}" cy="${short(y)}" r="3.2" fill="${colorOf.get(label)!}" stroke="#fff" stroke-width="0.8"/>`;
  });
  return svgDocument(axes.width, axes.height, options.title ?? "decision boundary", [...regions, ...axes.back, ...marks, ...axes.front]);
}
