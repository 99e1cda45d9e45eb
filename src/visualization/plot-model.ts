/** Pictures of models: layers as boxes, tensors as lines. */
import { ValueError } from "../errors.ts";
import { type DType } from "../dtype/index.ts";
import { isPlainObject, type Shape, type Tensor } from "../graph/index.ts";
import * as activations from "../activations/index.ts";
import { Layer } from "../layers/layer.ts";
import type { FunctionalGraph, Operation } from "../models/functional-graph.ts";
import type { Model } from "../models/model.ts";
import { platform } from "../platform/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { curve } from "./curve.ts";
import { type Box, layeredLayout, type Line, type Point } from "./layered-layout.ts";
import { escaped, short } from "./svg.ts";

/** Options of `plotModel`. */
export interface PlotModelOptions {
  /** File that the picture is written to (Node). Default null: none. */
  readonly toFile?: string | null;
  /** Default false. */
  readonly showShapes?: boolean;
  /** Default false. */
  readonly showDtype?: boolean;
  /** Default true. */
  readonly showLayerNames?: boolean;
  /** Default false. */
  readonly showLayerActivations?: boolean;
  /** Default false. */
  readonly showTrainable?: boolean;
  /** "TB" (default): from top to bottom; "LR": from left to right. */
  readonly rankdir?: "TB" | "LR";
  /** Whether the layers of inner models are drawn, in a frame. Default false. */
  readonly expandNested?: boolean;
}

const optionNames = [
  "toFile",
  "showShapes",
  "showDtype",
  "showLayerNames",
  "showLayerActivations",
  "showTrainable",
  "rankdir",
  "expandNested",
];

/** A box of the picture. */
interface Node {
  readonly title: string;
  readonly subtitle: string | null;
  readonly rows: readonly string[];
  /** Names of the inner models that it stands in, outermost first. */
  readonly frames: readonly string[];
  readonly color: string;
}

/** Sizes of text, and how wide a letter of it is at most in common monospaced fonts. */
const font = { size: 13, small: 11, width: 8, smallWidth: 6.7 };
/** How many shapes of one layer are listed. */
const mostShapes = 6;
const margin = 16;
const palette = ["#dbe9f6", "#e3f1dc", "#f9e8d2", "#efe0f1", "#f6dede", "#e0eeee", "#f3f0d0", "#e6e6ef"] as const;

/**
 * An SVG picture of a built model: a box per layer, from the inputs to the outputs. Written to `toFile` where that is
 * given. Throws ValueError for a model that is not built or that is no graph.
 *
 * @example
 * await plotModel(model, { toFile: "model.svg", showShapes: true });
 */
export async function plotModel<I, O>(model: Model<I, O>, options: PlotModelOptions = {}): Promise<string> {
  const where = "plotModel";
  checkOptions(where, options, optionNames);
  if (options.rankdir !== undefined && options.rankdir !== "TB" && options.rankdir !== "LR")
    throw new ValueError({
      where,
      problem: "there is no such rankdir",
      expected: '"TB" or "LR"',
      received: JSON.stringify(options.rankdir),
    });
  const svg = draw(collect(model as unknown as Model<unknown, unknown>, options), options.rankdir ?? "TB", model.name);
  if (options.toFile !== null && options.toFile !== undefined) platform.writeFile(options.toFile, svg);
  return svg;
}

/** Boxes and lines of a model. */
interface Picture {
  readonly nodes: Node[];
  readonly lines: Line[];
}

function collect(model: Model<unknown, unknown>, options: PlotModelOptions): Picture {
  const graph = model.graph;
  if (graph === null) {
    throw new ValueError({
      where: "plotModel",
      problem: model.layers.length === 0 ? "the model has no layers" : "the model is no graph of layers, or not built yet",
      expected: "a functional model, or a Sequential of known input shape",
      received: model.label,
      advice: "call model.build(inputShape), or fit it once",
    });
  }
  const picture: Picture = { nodes: [], lines: [] };
  addGraph(picture, graph, [], options, null);
  return picture;
}

/** Draws the calls of a graph. `sources`: boxes that stand for the graph's inputs, for the graph of an inner model. Gives the boxes of its outputs. */
function addGraph(
  picture: Picture,
  graph: FunctionalGraph,
  frames: readonly string[],
  options: PlotModelOptions,
  sources: readonly (readonly number[])[] | null,
): (readonly number[])[] {
  const boxes = new Map<Tensor, readonly number[]>();
  if (sources !== null) graph.inputs.forEach((input, i) => boxes.set(input, sources[i] ?? []));
  // A layer that is called several times is one box.
  const known = new Map<Operation, number>();
  for (const node of graph.nodes) {
    if (node.isInput && sources !== null) continue;
    const { operation } = node;
    const inner = (operation as { graph?: FunctionalGraph | null }).graph ?? null;
    const from = node.inputs.map((input) => boxes.get(input) ?? []);
    if (options.expandNested === true && inner !== null) {
      const outputs = addGraph(picture, inner, [...frames, operation.name], options, from);
      node.outputs.forEach((output, i) => boxes.set(output, outputs[i] ?? []));
      continue;
    }
    let box = known.get(operation);
    if (box === undefined) {
      box = picture.nodes.length;
      picture.nodes.push(nodeOf(operation, node.inputs, node.outputs, frames, options));
      known.set(operation, box);
    }
    for (const source of new Set(from.flat())) if (source !== box) picture.lines.push({ from: source, to: box });
    for (const output of node.outputs) boxes.set(output, [box]);
  }
  return graph.outputs.map((output) => boxes.get(output) ?? []);
}

function nodeOf(
  operation: Operation,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  frames: readonly string[],
  options: PlotModelOptions,
): Node {
  const rows: string[] = [];
  const list = (label: string, tensors: readonly Tensor[]): void => {
    tensors.slice(0, mostShapes).forEach(({ shape }, i) => rows.push(`${(i === 0 ? label : "").padEnd(5)}${shapeText(shape)}`));
    if (tensors.length > mostShapes) rows.push(`     and ${tensors.length - mostShapes} more`);
  };
  if (options.showShapes === true) {
    list("in", inputs);
    list("out", outputs);
  }
  if (options.showDtype === true) rows.push(`dtype  ${[...new Set(outputs.map(({ dtype }): DType => dtype))].join(", ")}`);
  if (operation instanceof Layer) {
    const activation = (operation as unknown as { activation?: unknown }).activation;
    if (options.showLayerActivations === true && typeof activation === "function")
      rows.push(`activation  ${activationName(activation as activations.Activation)}`);
    if (options.showTrainable === true && operation.weights.length > 0) rows.push(operation.trainable ? "trainable" : "not trainable");
  }
  const family = [...operation.className].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  return {
    title: operation.className,
    subtitle: options.showLayerNames === false ? null : operation.name,
    rows,
    frames,
    color: palette[family % palette.length]!,
  };
}

function activationName(activation: activations.Activation): string {
  const json = activations.serialize(activation);
  return typeof json === "string" ? json : isPlainObject(json) ? String(json.config) : "?";
}

function shapeText(shape: Shape): string {
  return `(${shape.map((extent) => extent ?? "None").join(", ")})`;
}

function sizeOf(node: Node): Box {
  const widths = [
    node.title.length * font.width,
    (node.subtitle?.length ?? 0) * font.smallWidth,
    ...node.rows.map((row) => row.length * font.smallWidth),
  ];
  return {
    width: Math.ceil(Math.max(64, ...widths)) + 20,
    height: 26 + (node.subtitle === null ? 0 : 15) + node.rows.length * 16 + (node.rows.length > 0 ? 6 : 0),
  };
}

function draw({ nodes, lines }: Picture, rankdir: "TB" | "LR", name: string): string {
  const sizes = nodes.map(sizeOf);
  const turned = rankdir === "LR";
  const layout = layeredLayout(turned ? sizes.map(({ width, height }) => ({ width: height, height: width })) : sizes, lines);
  const place = ({ x, y }: Point): Point => (turned ? { x: y, y: x } : { x, y });
  const corners = layout.boxes.map(place);
  const [width, height] = turned ? [layout.height, layout.width] : [layout.width, layout.height];
  // Room for the frames of inner models around the outermost boxes.
  const depth = Math.max(0, ...nodes.map(({ frames }) => frames.length));
  const border = margin + depth * 14;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${short(width + 2 * border)}" height="${short(height + 2 * border)}" viewBox="${short(-border)} ${short(-border)} ${short(width + 2 * border)} ${short(height + 2 * border)}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace">`,
    `<title>${escaped(name)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.8 L7.5 4 L0 7.2 z" fill="#556"/></marker></defs>',
    `<rect x="${short(-border)}" y="${short(-border)}" width="100%" height="100%" fill="#fff"/>`,
    ...framesOf(nodes, corners, sizes, depth),
    ...layout.lines.map(
      (points) => `<path d="${curve(points.map(place), turned)}" fill="none" stroke="#556" stroke-width="1.2" marker-end="url(#arrow)"/>`,
    ),
    ...nodes.map((node, i) => boxOf(node, corners[i]!, sizes[i]!)),
    "</svg>",
  ];
  return parts.join("\n");
}

function framesOf(nodes: readonly Node[], corners: readonly Point[], sizes: readonly Box[], depth: number): string[] {
  const frames = new Map<string, { level: number; x0: number; y0: number; x1: number; y1: number; name: string }>();
  nodes.forEach(({ frames: path }, i) => {
    path.forEach((name, level) => {
      const key = path.slice(0, level + 1).join("/");
      const pad = (depth - level) * 12;
      const [{ x, y }, { width, height }] = [corners[i]!, sizes[i]!];
      const known = frames.get(key) ?? { level, x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity, name };
      frames.set(key, {
        ...known,
        x0: Math.min(known.x0, x - pad),
        y0: Math.min(known.y0, y - pad - 4),
        x1: Math.max(known.x1, x + width + pad),
        y1: Math.max(known.y1, y + height + pad),
      });
    });
  });
  return [...frames.values()].map(
    ({ x0, y0, x1, y1, name }) =>
      `<g><rect x="${short(x0)}" y="${short(y0)}" width="${short(x1 - x0)}" height="${short(y1 - y0)}" rx="8" fill="#8090b0" fill-opacity="0.07" stroke="#8090b0" stroke-dasharray="4 3"/><text x="${short(x0 + 6)}" y="${short(y0 + 11)}" font-size="10" fill="#506080">${escaped(name)}</text></g>`,
  );
}

function boxOf(node: Node, { x, y }: Point, { width, height }: Box): string {
  const middle = short(x + width / 2);
  const text = [
    `<text x="${middle}" y="${short(y + 18)}" font-size="${font.size}" font-weight="600" text-anchor="middle" fill="#223">${escaped(node.title)}</text>`,
  ];
  let at = y + 18;
  if (node.subtitle !== null) {
    at += 15;
    text.push(
      `<text x="${middle}" y="${short(at)}" font-size="${font.small}" text-anchor="middle" fill="#556">${escaped(node.subtitle)}</text>`,
    );
  }
  const parts = [`<rect x="${short(x)}" y="${short(y)}" width="${width}" height="${height}" rx="6" fill="${node.color}" stroke="#667"/>`];
  if (node.rows.length > 0) {
    at += 8;
    parts.push(`<line x1="${short(x)}" y1="${short(at)}" x2="${short(x + width)}" y2="${short(at)}" stroke="#667" stroke-opacity="0.4"/>`);
    for (const row of node.rows) {
      at += 16;
      text.push(
        `<text x="${short(x + 10)}" y="${short(at - 2)}" font-size="${font.small}" fill="#334" xml:space="preserve">${escaped(row)}</text>`,
      );
    }
  }
  return `<g>${parts.join("")}${text.join("")}</g>`;
}
