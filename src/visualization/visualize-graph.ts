/** A computational graph with the value and the gradient of every node, step by step. */
import { gradients } from "../autodiff/index.ts";
import { isFloat, type TypedArray } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { concreteShape, formatShape, type Node, Tensor, Variable } from "../graph/index.ts";
import { platform } from "../platform/index.ts";
import { checkOptions } from "../serialization/index.ts";
import { curve } from "./curve.ts";
import { type Box, layeredLayout, type Line, type Point } from "./layered-layout.ts";
import { escaped, short, svgDocument, textAt } from "./svg.ts";

/** Options of `visualizeGraph`. */
export interface VisualizeGraphOptions {
  /** Names of tensors and variables of the graph: `{ x, w }`. Others are called by their operation. */
  readonly names?: Readonly<Record<string, Tensor | Variable>>;
  /** Default true. */
  readonly gradients?: boolean;
  /** How many of the steps have been made: later values are left out of the picture. Default: all. */
  readonly steps?: number;
  readonly title?: string;
  /** File that the picture is written to (Node). Default null: none. */
  readonly toFile?: string | null;
}

/** One step of the computation. */
export interface GraphStep {
  /** Values are computed forwards from the inputs, gradients backwards from y. */
  readonly direction: "forward" | "backward";
  /** What the node is called in the picture. */
  readonly name: string;
  /** The operation, of the nodes that go into it; `input` for what is given. */
  readonly expression: string;
  readonly shape: readonly number[];
  /** The value, or `d y / d node` (of the sum of y where y is no scalar). */
  readonly values: TypedArray;
}

/** What `visualizeGraph` gives. */
export interface GraphPicture {
  readonly svg: string;
  readonly steps: readonly GraphStep[];
  /** A line per step. */
  readonly text: string;
}

const optionNames = ["names", "gradients", "steps", "title", "toFile"];
/** Nodes that can still be looked at. */
const mostNodes = 400;
const palette = { input: "#dbe9f6", constant: "#eeeeee", operation: "#f9e8d2", output: "#e3f1dc" } as const;
const charWidth = 6.7;

/**
 * Draws the graph that `y` is computed by: a box per tensor with its operation, value and gradient, numbered in the order
 * in which they are computed: forwards from the inputs, then backwards from y. Gradients are those of the sum of y.
 * Throws ValueError for graphs of more than 400 nodes.
 *
 * @example
 * const [x, w] = [tensor(2), tensor(-3)];
 * const { text } = await visualizeGraph(ops.sigmoid(ops.multiply(x, w)), { names: { x, w }, toFile: "graph.svg" });
 */
export async function visualizeGraph(y: Tensor | Variable, options: VisualizeGraphOptions = {}): Promise<GraphPicture> {
  const where = "visualizeGraph";
  checkOptions(where, options, optionNames);
  const output = y instanceof Variable ? y.read() : y;
  concreteShape(output);
  const tensors = tensorsBelow(where, output);
  const names = namesOf(tensors, output, options.names ?? {});
  // The graph of the gradients is built before anything is read.
  const withGradient = options.gradients !== false && isFloat(output.dtype) ? tensors.filter(({ dtype }) => isFloat(dtype)) : [];
  const slopes = withGradient.length === 0 ? [] : gradients([output], withGradient);
  const steps: GraphStep[] = [];
  const forward = new Map<Tensor, GraphStep>();
  for (const tensor of tensors) {
    const step: GraphStep = {
      direction: "forward",
      name: names.get(tensor)!,
      expression: expressionOf(tensor, names, tensors),
      shape: concreteShape(tensor),
      values: await tensor.data(),
    };
    steps.push(step);
    forward.set(tensor, step);
  }
  const backward = new Map<Tensor, GraphStep>();
  for (const tensor of [...withGradient].reverse()) {
    const step: GraphStep = {
      direction: "backward",
      name: names.get(tensor)!,
      expression: `d ${names.get(output)!} / d ${names.get(tensor)!}`,
      shape: concreteShape(tensor),
      values: await slopes[withGradient.indexOf(tensor)]!.data(),
    };
    steps.push(step);
    backward.set(tensor, step);
  }
  const shown = new Set(steps.slice(0, options.steps ?? steps.length));
  const number = new Map(steps.map((step, i) => [step, i + 1]));
  const rowsOf = (tensor: Tensor): string[] =>
    (
      [
        ["value", forward.get(tensor)],
        ["grad", backward.get(tensor)],
      ] as const
    ).flatMap(([label, step]) =>
      step === undefined ? [] : [`${label.padEnd(6)}${shown.has(step) ? `${valueText(step)}  (${number.get(step)!})` : "..."}`],
    );
  const svg = draw(tensors, output, names, rowsOf, options.title);
  if (options.toFile !== null && options.toFile !== undefined) platform.writeFile(options.toFile, svg);
  const text = steps
    .map((step, i) => `${String(i + 1).padStart(3)}  ${step.direction.padEnd(8)}  ${lineOf(step)} = ${valueText(step)}`)
    .join("\n");
  return { svg, steps, text };
}

function lineOf({ direction, name, expression }: GraphStep): string {
  return direction === "backward" || expression === "input"
    ? direction === "backward"
      ? expression
      : name
    : name === expression
      ? name
      : `${name} = ${expression}`;
}

/** Whatever `y` is computed from, and y last: everything after what it needs. */
function tensorsBelow(where: string, output: Tensor): Tensor[] {
  const known = new Map<Node, Map<number, Tensor>>();
  const ordered: Tensor[] = [];
  const visit = (tensor: Tensor): Tensor => {
    const outputs = known.get(tensor.node) ?? new Map<number, Tensor>();
    known.set(tensor.node, outputs);
    const seen = outputs.get(tensor.index);
    if (seen !== undefined) return seen;
    outputs.set(tensor.index, tensor);
    tensor.node.inputs.forEach(visit);
    ordered.push(tensor);
    if (ordered.length > mostNodes)
      throw new ValueError({
        where,
        problem: "the graph is too large to be looked at",
        expected: `at most ${mostNodes} nodes`,
        received: "more",
        advice: "draw a part of it, or a model by plotModel",
      });
    return tensor;
  };
  visit(output);
  return ordered;
}

/** Other handles of the same output of a node share the name. */
function sameOutput(a: Tensor, b: Tensor): boolean {
  return a.node === b.node && a.index === b.index;
}

function namesOf(tensors: readonly Tensor[], output: Tensor, given: Readonly<Record<string, Tensor | Variable>>): Map<Tensor, string> {
  const names = new Map<Tensor, string>();
  for (const [name, value] of Object.entries(given)) {
    const tensor = value instanceof Variable ? value.read() : value;
    const found = tensors.find((candidate) => sameOutput(candidate, tensor));
    if (found !== undefined) names.set(found, name);
  }
  const counts = new Map<string, number>();
  for (const tensor of tensors) {
    if (names.has(tensor)) continue;
    const operation = tensor.node.primitive.name;
    const count = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, count);
    names.set(tensor, operation === "constant" ? valueOfConstant(tensor) : count === 1 ? operation : `${operation} ${count}`);
  }
  if (!Object.values(given).some((value) => value instanceof Tensor && sameOutput(value, output))) names.set(output, "y");
  return names;
}

function valueOfConstant(tensor: Tensor): string {
  const value = tensor.node.attributes.value;
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : "constant";
}

function expressionOf(tensor: Tensor, names: ReadonlyMap<Tensor, string>, tensors: readonly Tensor[]): string {
  if (tensor.node.inputs.length === 0) return "input";
  const inputs = tensor.node.inputs.map((input) => names.get(tensors.find((candidate) => sameOutput(candidate, input))!)!);
  return `${tensor.node.primitive.name}(${inputs.join(", ")})`;
}

/** Few numbers are written, of many the extent and the range. */
function valueText({ shape, values }: GraphStep): string {
  const numbers = Array.from(values, (value) => String(Number(value.toPrecision(4))));
  if (shape.length === 0) return numbers[0]!;
  if (values.length <= 6) return `[${numbers.join(" ")}]`;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${formatShape(shape)} ${Number(low.toPrecision(3))} .. ${Number(high.toPrecision(3))}`;
}

function draw(
  tensors: readonly Tensor[],
  output: Tensor,
  names: ReadonlyMap<Tensor, string>,
  rowsOf: (tensor: Tensor) => string[],
  title: string | undefined,
): string {
  const heads = tensors.map((tensor) => {
    const { name } = tensor.node.primitive;
    const own = names.get(tensor)!;
    return tensor.node.inputs.length === 0 || own === name || own.startsWith(`${name} `) ? own : `${own} = ${name}`;
  });
  const rows = tensors.map(rowsOf);
  const sizes = tensors.map((_, i): Box => {
    const widths = [heads[i]!.length * 8, ...rows[i]!.map((row) => row.length * charWidth)];
    return { width: Math.ceil(Math.max(60, ...widths)) + 20, height: 28 + rows[i]!.length * 16 };
  });
  const position = (tensor: Tensor): number => tensors.findIndex((candidate) => sameOutput(candidate, tensor));
  const lines = tensors.flatMap((tensor, to): Line[] => [...new Set(tensor.node.inputs.map(position))].map((from) => ({ from, to })));
  const layout = layeredLayout(sizes, lines);
  const margin = 16;
  const top = title === undefined ? margin : 44;
  const moved = ({ x, y }: Point): Point => ({ x: x + margin, y: y + top });
  const parts = [
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.8 L7.5 4 L0 7.2 z" fill="#556"/></marker></defs>',
    ...layout.lines.map(
      (points) => `<path d="${curve(points.map(moved), false)}" fill="none" stroke="#556" stroke-width="1.2" marker-end="url(#arrow)"/>`,
    ),
    ...tensors.map((tensor, i) => {
      const { x, y } = moved(layout.boxes[i]!);
      const { width, height } = sizes[i]!;
      const isGiven = tensor.node.inputs.length === 0;
      const kind = tensor === output ? "output" : !isGiven ? "operation" : tensor.node.primitive.name === "constant" ? "constant" : "input";
      const text = rows[i]!.map(
        (row, line) =>
          `<text x="${short(x + 10)}" y="${short(y + 36 + 16 * line)}" font-size="11" fill="${row.startsWith("grad") ? "#A04000" : "#223"}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" xml:space="preserve">${escaped(row)}</text>`,
      );
      return `<g><rect x="${short(x)}" y="${short(y)}" width="${width}" height="${height}" rx="6" fill="${palette[kind]}" stroke="#667"/>${textAt(x + width / 2, y + 18, heads[i]!, { size: 13, anchor: "middle", bold: true })}${text.join("")}</g>`;
    }),
  ];
  const width = Math.max(layout.width, title === undefined ? 0 : title.length * 8.5) + 2 * margin;
  if (title !== undefined) parts.push(textAt(width / 2, 26, title, { size: 15, anchor: "middle", bold: true }));
  return svgDocument(width, layout.height + top + margin, title ?? "computational graph", parts);
}
