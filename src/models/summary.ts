/** Keras's table of a model: layers, output shapes, parameters. */
import { dtypes } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { isPlainObject, type Shape, sizeOf, Tensor, type Variable } from "../graph/index.ts";
import { Layer } from "../layers/layer.ts";
import { terminalColumns, writeLine } from "../callbacks/terminal.ts";
import { checkOptions } from "../serialization/index.ts";
import type { FunctionalGraph, Operation } from "./functional-graph.ts";
import type { Model } from "./model.ts";
import { drawTable } from "./text-table.ts";

/** Options of `summary`. */
export interface SummaryOptions {
  /** Width of the table. Default: 88 (108 with connections), or what the terminal has. */
  readonly lineLength?: number | null;
  /** Receives the text. Default: standard output. */
  readonly printFn?: ((text: string) => void) | null;
  /** Whether the layers of inner models are shown. Default false. */
  readonly expandNested?: boolean;
  /** Whether a column says what is trainable. Default false. */
  readonly showTrainable?: boolean;
}

/** Prints the summary of a model. */
export function summarize<I, O>(model: Model<I, O>, options: SummaryOptions): void {
  checkOptions(`${model.label}.summary`, options, ["lineLength", "printFn", "expandNested", "showTrainable"]);
  const print = options.printFn ?? writeLine;
  print(summaryText(model, options));
}

/** The summary as text. */
export function summaryText<I, O>(model: Model<I, O>, options: SummaryOptions = {}): string {
  const graph = model.graph;
  const isStack = model.className === "Sequential" || graph === null;
  const linear = isStack || isLinear(graph);
  const operations: readonly Operation[] = isStack ? model.layers : graph.operations;
  const showTrainable = options.showTrainable ?? false;

  let positions = linear ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1];
  const header = ["Layer (type)", "Output Shape", "Param #", ...(linear ? [] : ["Connected to"]), ...(showTrainable ? ["Trainable"] : [])];
  if (showTrainable) positions = [...positions.map((position) => position * 0.9), 1];
  const longest = (linear ? 88 : 108) + (showTrainable ? 12 : 0);
  const lineLength = options.lineLength ?? Math.min(longest, (terminalColumns() ?? 80) - 4);
  let current = 0;
  const widths = positions.map((position) => {
    const width = Math.trunc(position * lineLength) - current;
    current += width;
    return width;
  });
  if (widths.some((width) => width < 4))
    throw new ValueError({
      where: `${model.label}.summary`,
      problem: "the line is too short for the table",
      expected: "at least 40 characters",
      received: String(lineLength),
    });

  const rows: string[][] = [];
  const add = (operation: Operation, level: number, within: FunctionalGraph | null): void => {
    const prefix = level === 0 ? "" : `${"   ".repeat(level)}└ `;
    const row = [`${prefix}${operation.name} (${classText(operation)})`, shapeText(operation, within), paramsText(operation)];
    if (!linear) row.push(level === 0 ? connectionsText(operation, graph) : "-");
    if (showTrainable) row.push(operation instanceof Layer && operation.weights.length > 0 ? (operation.trainable ? "Y" : "N") : "-");
    rows.push(row);
    const inner = options.expandNested === true ? ((operation as { layers?: readonly Layer[] }).layers ?? []) : [];
    for (const layer of inner) add(layer, level + 1, (operation as { graph?: FunctionalGraph | null }).graph ?? null);
  };
  for (const operation of operations) add(operation, 0, graph);

  const aligned = header.map((title) => (title === "Param #" ? "right" : title === "Trainable" ? "center" : "left"));
  const trainable = parameters(model.trainableWeights);
  const fixed = parameters(model.nonTrainableWeights);
  const slots = parameters(
    model.compiled
      ? (model.optimizer as { built?: boolean; variables: readonly Variable[] }).built === false
        ? []
        : model.optimizer.variables
      : [],
  );
  const line = (label: string, ...parts: { count: number; bytes: number }[]): string => {
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    return ` ${label}: ${thousands(count)} (${memory(parts.reduce((sum, part) => sum + part.bytes, 0))})`;
  };
  return [
    `Model: "${model.name}"`,
    ...drawTable(header, aligned, rows, widths, lineLength),
    line("Total params", trainable, fixed, slots),
    line("Trainable params", trainable),
    line("Non-trainable params", fixed),
    ...(slots.count > 0 ? [line("Optimizer params", slots)] : []),
  ].join("\n");
}

/** Whether every layer has one input and follows the one before. */
function isLinear(graph: FunctionalGraph): boolean {
  for (const nodes of graph.nodesByDepth.values()) {
    if (nodes.length > 1 || nodes[0]!.inputs.length > 1) return false;
  }
  return graph.operations.every((operation) => graph.callsOf(operation).length <= 1);
}

function outputsOf(operation: Operation, graph: FunctionalGraph | null): unknown {
  const node = graph?.callsOf(operation).at(-1);
  if (node !== undefined) return node.outputs.length === 1 ? node.outputs[0]!.shape : node.outputs.map(({ shape }) => shape);
  const inner = (operation as { graph?: FunctionalGraph | null }).graph;
  if (inner !== undefined && inner !== null)
    return inner.outputs.length === 1 ? inner.outputs[0]!.shape : inner.outputs.map(({ shape }) => shape);
  if (operation instanceof Layer && operation.built && operation.buildShape !== null) {
    return operation.computeOutputShape(operation.buildShape as Shape);
  }
  return null;
}

function shapeText(operation: Operation, graph: FunctionalGraph | null): string {
  const text = (shapes: unknown): string => {
    if (shapes instanceof Tensor) return text(shapes.shape);
    if (Array.isArray(shapes) && shapes.every((extent: unknown) => extent === null || typeof extent === "number"))
      return `(${(shapes as Shape).map((extent) => extent ?? "None").join(", ")})`;
    if (Array.isArray(shapes)) return `[${shapes.map(text).join(", ")}]`;
    if (isPlainObject(shapes))
      return `{${Object.entries(shapes)
        .map(([key, shape]) => `${key}: ${text(shape)}`)
        .join(", ")}}`;
    return "?";
  };
  return text(outputsOf(operation, graph));
}

/** The name of a class in Keras's own code, which is not always that of its configuration. */
function classText(operation: Operation): string {
  return operation instanceof Layer ? ((operation.constructor as typeof Layer).pythonName ?? operation.className) : operation.className;
}

function paramsText(operation: Operation): string {
  if (!(operation instanceof Layer)) return "0";
  return operation.built ? thousands(parameters(operation.weights).count) : "0 (unbuilt)";
}

function connectionsText(operation: Operation, graph: FunctionalGraph | null): string {
  const sources = (graph?.callsOf(operation) ?? []).flatMap((node) => node.inputs.map((input) => graph!.producerOf(input)));
  return sources.map(({ node, nodeIndex, tensorIndex }) => `${node.operation.name}[${nodeIndex}][${tensorIndex}]`).join(", ") || "-";
}

function parameters(variables: readonly Variable[]): { count: number; bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const { name, shape, dtype } of new Set(variables)) {
    count += sizeOf(shape);
    // Keras counts steps in 64 bits, and shows that.
    bytes += sizeOf(shape) * (name === "iteration" && dtype === "int32" ? 8 : dtypes[dtype].bytes);
  }
  return { count, bytes };
}

function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function memory(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  // Ties go to the even digit, as Python's format does: 1.625 is 1.62.
  const hundredths = size * 100;
  const tie = hundredths - Math.floor(hundredths) === 0.5;
  return `${(tie ? (Math.floor(hundredths / 2 + 0.5) * 2) / 100 : size).toFixed(2)} ${units[unit]!}`;
}
