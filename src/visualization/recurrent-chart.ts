/** Recurrent layers rolled up, with the loop, and unrolled over their steps. */
import { ValueError } from "../errors.ts";
import { formatShape, type Shape } from "../graph/index.ts";
import type { Layer } from "../layers/index.ts";
import { BidirectionalLayer, RecurrentLayer } from "../layers/index.ts";
import type { MergeMode } from "../layers/bidirectional.ts";
import { checkCell, type RecurrentCell } from "../layers/rnn-cell.ts";
import { platform } from "../platform/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { type CellBox, type CellGraph, cellGraph } from "./cell-graph.ts";
import { curve } from "./curve.ts";
import { layeredLayout, type Point } from "./layered-layout.ts";
import { short, svgDocument, textAt, textWidth } from "./svg.ts";

/** Options of `recurrentChart`. */
export interface RecurrentChartOptions {
  /** What is drawn: the cell with its loop, the steps one after the other, or both (default). */
  readonly view?: "rolled" | "unrolled" | "both";
  /** Steps of the unrolled picture; of many the first and the last are shown. Default: those that the layer was built for, else 4. */
  readonly steps?: number;
  /** `[batch, steps, ...]`, or of a cell `[batch, ...]`, where the layer is not built yet. */
  readonly inputShape?: Shape;
  readonly title?: string;
  /** File that the picture is written to (Node). Default null: none. */
  readonly toFile?: string | null;
}

const palette: Readonly<Record<CellBox["kind"], string>> = {
  input: "#dbe9f6",
  output: "#e3f1dc",
  weights: "#f6dede",
  gate: "#f3f0d0",
  point: "#f9e8d2",
  other: "#efefef",
};
const line = 'fill="none" stroke="#556" stroke-width="1.3"';
const arrowHead = 'marker-end="url(#arrow)"';
const stateColor = "#0072B2";
const marker =
  '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.8 L7.5 4 L0 7.2 z" fill="#556"/></marker>' +
  `<marker id="state" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.8 L7.5 4 L0 7.2 z" fill="${stateColor}"/></marker></defs>`;

/** A part of the picture. */
interface Part {
  readonly width: number;
  readonly height: number;
  /** Drawn with its left upper corner at a point. */
  readonly draw: (left: number, top: number) => string[];
}

/** One direction of a layer. */
interface Direction {
  readonly cell: RecurrentCell;
  readonly backwards: boolean;
}

/** What is drawn of a layer. */
interface Recurrence {
  readonly name: string;
  readonly directions: readonly Direction[];
  readonly stepShape: Shape;
  readonly steps: number;
  readonly stepsKnown: boolean;
  readonly sequences: boolean;
  readonly states: boolean;
  /** How the outputs of the directions become one. */
  readonly merge: MergeMode;
}

/**
 * An SVG picture of a recurrent layer or cell: rolled up, with everything that the cell computes in one step (read from its
 * own graph, so that options show: another activation, no bias, `resetAfter`) and the loop of its states; and unrolled, one
 * copy per step, with the shapes of inputs, states and outputs. Throws ValueError for what is not recurrent or of unknown
 * input.
 *
 * @example
 * const svg = recurrentChart(layers.LSTM({ units: 32, returnSequences: true }), { inputShape: [null, 5, 8] });
 */
export function recurrentChart(layer: Layer, options: RecurrentChartOptions = {}): string {
  const where = "recurrentChart";
  checkOptions(where, options, ["view", "steps", "inputShape", "title", "toFile"]);
  const { view = "both", toFile = null } = options;
  if (!["rolled", "unrolled", "both"].includes(view))
    throw new ValueError({
      where,
      problem: "there is no such view",
      expected: '"rolled", "unrolled" or "both"',
      received: JSON.stringify(view),
    });
  const recurrence = recurrenceOf(where, layer, options);
  const graphs = recurrence.directions.map(({ cell }) => cellGraph(cell, recurrence.stepShape));
  const parts: Part[] = [];
  if (view !== "unrolled") parts.push(rolled(recurrence, graphs[0]!));
  if (view !== "rolled") parts.push(unrolled(recurrence, graphs));
  const margin = 18;
  const title = options.title ?? recurrence.name;
  const width = Math.max(textWidth(title, 15) + 20, ...parts.map((part) => part.width)) + 2 * margin;
  let top = 42;
  const drawn: string[] = [marker, textAt(width / 2, 24, title, { size: 15, anchor: "middle", bold: true })];
  for (const part of parts) {
    drawn.push(...part.draw((width - part.width) / 2, top));
    top += part.height + 26;
  }
  const svg = svgDocument(width, top - 26 + margin, title, drawn);
  if (toFile !== null) platform.writeFile(toFile, svg);
  return svg;
}

function recurrenceOf(where: string, layer: Layer, options: RecurrentChartOptions): Recurrence {
  const shape = options.inputShape ?? (layer.buildShape as Shape | null);
  const isLayer = layer instanceof RecurrentLayer || layer instanceof BidirectionalLayer;
  if (shape === null || shape === undefined || shape.slice(isLayer ? 2 : 1).some((extent) => extent === null))
    throw new ValueError({
      where,
      problem: "the shape of the inputs is not known",
      expected: isLayer ? "inputShape: [batch, steps, ...], or a layer that is built" : "inputShape: [batch, ...], or a cell that is built",
      received: shape === null || shape === undefined ? layer.label : formatShape(shape),
    });
  if (!layer.built) layer.build(shape);
  const told = isLayer ? shape[1] : undefined;
  const steps = options.steps ?? told ?? 4;
  if (!(Number.isInteger(steps) && steps >= 1))
    throw new ValueError({ where, problem: "there are no such steps", expected: "1 or more", received: String(steps) });
  const stepsKnown = typeof (options.steps ?? told) === "number";
  if (layer instanceof BidirectionalLayer) {
    const directions = [layer.forwardLayer, layer.backwardLayer].map((part): Direction => {
      const own = part as unknown as { cell: RecurrentCell; goBackwards: boolean };
      return { cell: own.cell, backwards: own.goBackwards };
    });
    const { returnSequences, returnState } = layer.forwardLayer;
    const name = `Bidirectional ${layer.forwardLayer.className} (${layer.mergeMode ?? "a list"})`;
    return {
      name,
      directions,
      stepShape: stepOf(shape),
      steps,
      stepsKnown,
      sequences: returnSequences,
      states: returnState,
      merge: layer.mergeMode,
    };
  }
  if (layer instanceof RecurrentLayer) {
    const { cell, goBackwards: backwards, returnSequences: sequences, returnState: states } = layer;
    return {
      name: layer.className,
      directions: [{ cell, backwards }],
      stepShape: stepOf(shape),
      steps,
      stepsKnown,
      sequences,
      states,
      merge: "sum",
    };
  }
  const cell: unknown = layer;
  checkCell(where, cell);
  return {
    name: layer.className,
    directions: [{ cell, backwards: false }],
    stepShape: shape,
    steps,
    stepsKnown,
    sequences: true,
    states: false,
    merge: "sum",
  };
}

function stepOf(shape: Shape): Shape {
  return [shape[0] ?? null, ...shape.slice(2)];
}

/** The cell, its boxes from left to right, and the loop around it. */
function rolled({ directions, name }: Recurrence, graph: CellGraph): Part {
  const { boxes, lines, order, sizes, states, stateShapes } = graph;
  const placed = layeredLayout(
    sizes.map(({ width, height }) => ({ width: height, height: width })),
    [...lines, ...order],
  );
  const layout = { ...placed, lines: placed.lines.slice(0, lines.length) };
  // The places of lines may stand further out than any box.
  const highest = Math.min(...layout.boxes.map(({ x }) => x), ...layout.lines.flatMap((points) => points.map(({ x }) => x)));
  const lowest = Math.max(
    ...layout.boxes.map(({ x }, i) => x + sizes[i]!.height),
    ...layout.lines.flatMap((points) => points.map(({ x }) => x)),
  );
  const [width, height] = [layout.height, lowest - highest];
  // Room above the cell for one loop per state, and beside it for the arrows that come and go.
  const [side, above] = [58, 26 + 18 * states.length];
  const caption = `one step of ${directions[0]!.cell.className}${directions.length > 1 ? `; ${name} has two, one from the first step on, one from the last` : ""}; blue: the states that the next step begins with`;
  const total = Math.max(width + 2 * side, textWidth(caption, 11));
  const draw = (left: number, top: number): string[] => {
    const [x0, y0] = [left + (total - width) / 2, top + above];
    const place = ({ x, y }: Point): Point => ({ x: x0 + y, y: y0 + x - highest });
    const corner = (i: number): Point => place(layout.boxes[i]!);
    const find = (kind: CellBox["kind"], label: string): number => boxes.findIndex((box) => box.kind === kind && box.label === label);
    const parts = [
      `<rect x="${short(x0 - 14)}" y="${short(y0 - 14)}" width="${short(width + 28)}" height="${short(height + 28)}" rx="14" fill="#fafafa" stroke="#99a"/>`,
      ...layout.lines.map((points) => `<path d="${curve(points.map(place), true)}" ${line} ${arrowHead}/>`),
      ...boxes.map((box, i) => drawnBox(box, corner(i), sizes[i]!)),
    ];
    states.forEach((state, i) => {
      const [to, from] = [find("input", state), find("output", `${state}′`)];
      const [a, b] = [corner(from), corner(to)];
      const [startX, startY] = [a.x + sizes[from]!.width, a.y + sizes[from]!.height / 2];
      const [endX, endY] = [b.x, b.y + sizes[to]!.height / 2];
      const [right, leftSide, up] = [x0 + width + 20 + 12 * i, x0 - 20 - 12 * i, y0 - 22 - 18 * i];
      parts.push(
        `<path d="M${short(startX)} ${short(startY)}H${short(right)}V${short(up)}H${short(leftSide)}V${short(endY)}H${short(endX)}" fill="none" stroke="${stateColor}" stroke-width="1.6" stroke-linejoin="round" marker-end="url(#state)"/>`,
        textAt(x0 + width / 2, up - 4, `${state} ${formatShape(stateShapes[i]!)}`, { size: 11, anchor: "middle", color: stateColor }),
      );
    });
    parts.push(textAt(left + total / 2, y0 + height + 32, caption, { size: 11, anchor: "middle", color: "#444" }));
    return parts;
  };
  return { width: total, height: above + height + 40, draw };
}

function drawnBox(
  { kind, label, note }: CellBox,
  { x, y }: Point,
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const round = kind === "point" && width === height;
  const shape = round
    ? `<circle cx="${short(x + width / 2)}" cy="${short(y + height / 2)}" r="${short(width / 2)}" fill="${palette[kind]}" stroke="#667"/>`
    : `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" rx="${kind === "input" || kind === "output" ? 12 : 5}" fill="${palette[kind]}" stroke="#667"/>`;
  const middle = y + (note === "" ? height / 2 + 4.5 : 16);
  const below = note === "" ? "" : textAt(x + width / 2, y + 31, note, { size: 10, anchor: "middle", color: "#555" });
  return `${shape}${textAt(x + width / 2, middle, label, { size: 13, anchor: "middle" })}${below}`;
}

/** Sizes of the unrolled picture. */
interface Columns {
  readonly width: number;
  readonly gap: number;
  readonly height: number;
}

/** One copy of the cell per step; of more than six steps the first three and the last two. */
function unrolled(recurrence: Recurrence, graphs: readonly CellGraph[]): Part {
  const { directions, steps, stepsKnown, sequences, states: withStates, stepShape, merge } = recurrence;
  const shown = steps <= 6 ? Array.from({ length: steps }, (_, t) => t) : [0, 1, 2, -1, steps - 2, steps - 1];
  const longest = (texts: readonly string[], size: number): number => Math.max(...texts.map((text) => textWidth(text, size)));
  const column: Columns = {
    width: Math.max(
      96,
      longest(
        directions.map(({ cell }) => nameOf(cell)),
        12,
      ) + 24,
    ),
    gap: Math.max(
      58,
      longest(
        graphs.map(({ states }) => states.join(", ")),
        11,
      ) + 28,
    ),
    height: 40,
  };
  const stride = column.width + column.gap;
  const rows = directions.length;
  const rowHeight = column.height + 40;
  const [leftRoom, rightRoom] = [70, 96];
  const width = leftRoom + shown.length * stride - column.gap + rightRoom;
  const bottom = 46 + rows * rowHeight;
  const inner = stepShape.slice(1).join(", ");
  const noun = `x [batch, ${stepsKnown ? steps : "steps"}, ${inner}]`;
  const lead = sequences ? `batch, ${stepsKnown ? steps : "steps"}` : "batch";
  const widths = graphs.map(({ outputShape }) => outputShape);
  const joined =
    merge === "concat"
      ? [[...widths[0]!.slice(0, -1), widths.reduce((sum, own) => sum + (own.at(-1) ?? 0), 0)]]
      : merge === null
        ? widths
        : [widths[0]!];
  const caption = `${noun} → ${sequences ? "all outputs" : "the last output"}, ${joined.map((own) => `[${lead}, ${own.join(", ")}]`).join(" and ")}${withStates ? ", and the last states" : ""}; the same weights at every step`;
  const draw = (left: number, top: number): string[] => {
    // Lines first: those of one direction go behind the boxes of the other.
    const parts: string[] = [];
    const boxes: string[] = [];
    const at = (slot: number): number => left + leftRoom + slot * stride;
    const rowTop = (row: number): number => top + 46 + row * rowHeight;
    shown.forEach((step, slot) => {
      const middle = at(slot) + column.width / 2;
      if (step < 0) {
        directions.forEach((_, row) =>
          parts.push(textAt(middle, rowTop(row) + column.height / 2 + 5, "…", { size: 18, anchor: "middle" })),
        );
        return;
      }
      parts.push(textAt(middle, top + bottom + 34, `x${subscript(step + 1)}`, { size: 14, anchor: "middle" }));
      directions.forEach(({ cell, backwards }, row) => {
        const y = rowTop(row);
        const isLast = step === (backwards ? 0 : steps - 1);
        const [enter, leave] = row === 0 || rows === 1 ? [middle, middle] : [middle + 22, middle + 22];
        // The input goes past lower rows.
        const inputX = rows > 1 && row === 0 ? middle - 22 : enter;
        const lower =
          rows > 1 && row === 0
            ? `M${short(inputX)} ${short(top + bottom + 18)}V${short(y + column.height + 2)}`
            : `M${short(enter)} ${short(top + bottom + 18)}V${short(y + column.height + 2)}`;
        parts.push(`<path d="${lower}" ${line} ${arrowHead}${rows > 1 && row === 0 ? ' stroke-dasharray="4 3"' : ""}/>`);
        boxes.push(
          `<rect x="${short(at(slot))}" y="${short(y)}" width="${column.width}" height="${column.height}" rx="8" fill="${row === 0 ? "#e3f1dc" : "#efe0f1"}" stroke="#667"/>`,
          textAt(middle, y + column.height / 2 + 4, nameOf(cell), { size: 12, anchor: "middle" }),
        );
        if (sequences || isLast) {
          const x = rows > 1 ? leave : middle;
          parts.push(`<path d="M${short(x)} ${short(y - 1)}V${short(top + 24)}" ${line} ${arrowHead}/>`);
        }
      });
      const given = sequences || directions.some(({ backwards }) => step === (backwards ? 0 : steps - 1));
      if (given) parts.push(textAt(middle, top + 16, `y${subscript(step + 1)}`, { size: 14, anchor: "middle" }));
    });
    directions.forEach(({ backwards }, row) =>
      parts.push(...stateArrows(graphs[row]!, backwards, shown.length, rowTop(row) + column.height / 2, at, column.width, withStates)),
    );
    parts.push(...boxes);
    parts.push(textAt(left + width / 2, top + bottom + 58, caption, { size: 11, anchor: "middle", color: "#444" }));
    return parts;
  };
  return {
    width: Math.max(width, textWidth(caption, 11)),
    height: bottom + 64,
    draw: (left, top) => draw(left + Math.max(0, (textWidth(caption, 11) - width) / 2), top),
  };
}

/** From step to step, and into the first. */
function stateArrows(
  graph: CellGraph,
  backwards: boolean,
  slots: number,
  y: number,
  at: (slot: number) => number,
  width: number,
  withStates: boolean,
): string[] {
  const names = graph.states.join(", ");
  const parts: string[] = [];
  const arrow = (from: number, to: number): string =>
    `<path d="M${short(from)} ${short(y)}H${short(to)}" fill="none" stroke="${stateColor}" stroke-width="1.6" marker-end="url(#state)"/>`;
  const label = (x: number, text: string): string => textAt(x, y - 6, text, { size: 11, anchor: "middle", color: stateColor });
  for (let slot = 0; slot + 1 < slots; slot++) {
    const [from, to] = [at(slot) + width, at(slot + 1)];
    parts.push(backwards ? arrow(to - 1, from + 3) : arrow(from + 1, to - 3), label((from + to) / 2, names));
  }
  const [outerLeft, outerRight] = [at(0), at(slots - 1) + width];
  parts.push(backwards ? arrow(outerRight + 44, outerRight + 3) : arrow(outerLeft - 44, outerLeft - 3));
  parts.push(label(backwards ? outerRight + 30 : outerLeft - 30, "0"));
  if (withStates) {
    parts.push(backwards ? arrow(outerLeft - 1, outerLeft - 44) : arrow(outerRight + 1, outerRight + 44));
    parts.push(label(backwards ? outerLeft - 30 : outerRight + 30, names));
  }
  return parts;
}

/** "LSTM"; of stacked cells all. */
function nameOf(cell: RecurrentCell): string {
  const { cells = [cell] } = cell as { cells?: readonly RecurrentCell[] };
  return cells.map(({ className }) => className.replace(/Cell$/, "")).join(" + ");
}

function subscript(value: number): string {
  return String(value).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]!);
}
