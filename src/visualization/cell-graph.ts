/** What one step of a recurrent cell computes, as boxes to draw: read from the cell's own graph. */
import { Layer } from "../layers/index.ts";
import { initialStateOf, type RecurrentCell, type States } from "../layers/rnn-cell.ts";
import { flattenStructure, packStructure } from "../layers/structure.ts";
import { type Node, parameterTensor, type Shape, type Tensor, trace, type Variable } from "../graph/index.ts";
import type { Box, Line } from "./layered-layout.ts";

/** A box of the picture of a cell. */
export interface CellBox {
  /** "input" and "output": what comes and goes; "weights": a product with weights; "gate": a function; "point": an operation element by element. */
  readonly kind: "input" | "output" | "weights" | "gate" | "point" | "other";
  readonly label: string;
  /** What stands below the label, in small letters: shape of the weights, name of the gate. */
  readonly note: string;
}

/** What a cell computes. */
export interface CellGraph {
  readonly boxes: readonly CellBox[];
  readonly lines: readonly Line[];
  /** Lines that are not drawn: they keep what leaves the cell to its right. */
  readonly order: readonly Line[];
  /** Names of the states, as "h" and "c". */
  readonly states: readonly string[];
  readonly stateShapes: readonly Shape[];
  readonly outputShape: Shape;
  /** Which state the output is; null: none. */
  readonly outputState: number | null;
  readonly sizes: readonly Box[];
}

/** Names of the blocks of columns of a cell's weights. */
const gateNames: Readonly<Record<string, readonly string[]>> = {
  LSTMCell: ["i", "f", "g", "o"],
  ConvLSTMCell: ["i", "f", "g", "o"],
  GRUCell: ["z", "r", "g"],
};
const transparent = new Set(["reshape", "broadcastInDim", "convert", "stopGradient", "withGradient"]);
const points: Readonly<Record<string, string>> = { add: "+", multiply: "×", subtract: "−", divide: "÷", maximum: "max", minimum: "min" };
const functions: Readonly<Record<string, string>> = { sigmoid: "σ", tanh: "tanh" };

/** Names of the states of a cell: h and c of an LSTM, numbered where cells are stacked. */
function stateNames(cell: RecurrentCell): string[] {
  const own = (part: RecurrentCell, suffix: string): string[] => {
    const count = flattenStructure(initialStateOf(part, 1)).length;
    if (/LSTM/.test(part.className) && count === 2) return [`h${suffix}`, `c${suffix}`];
    return Array.from({ length: count }, (_, i) => (count === 1 ? `h${suffix}` : `s${i + 1}${suffix}`));
  };
  const stacked = cellsOf(cell);
  return stacked.length === 1 ? own(cell, "") : stacked.flatMap((part, i) => own(part, `${subscripts[i + 1] ?? ""}`));
}
const subscripts = ["₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"];

function cellsOf(cell: RecurrentCell): readonly RecurrentCell[] {
  const { cells } = cell as { cells?: readonly RecurrentCell[] };
  return cells ?? [cell];
}

/** Traces one step of a built cell. Shapes: of one step, the batch included. */
export function cellGraph(cell: RecurrentCell, stepShape: Shape): CellGraph {
  const x = parameterTensor([1, ...stepShape.slice(1).map((extent) => extent ?? 1)], cell.dtype);
  const start = initialStateOf(cell, 1);
  const flat = (flattenStructure(start) as Tensor[]).map((state) => parameterTensor(state.shape as readonly number[], state.dtype));
  const { result, reads } = trace(() => cell(x, packStructure(start, flat) as States, { training: false }) as [Tensor, States]);
  const [output, after] = result;
  const next = flattenStructure(after) as Tensor[];
  const states = stateNames(cell);
  const reader = new GraphReader(cell, new Map([...reads].map(([variable, leaf]) => [leaf.node, variable])));
  reader.input(x, "x", `[${stepShape.slice(1).join(", ")}]`);
  flat.forEach((state, i) => reader.input(state, states[i]!, "before"));
  const outputState = next.findIndex((state) => state.node === output.node && state.index === output.index);
  next.forEach((state, i) => reader.output(state, `${states[i]!}′`));
  if (outputState < 0) reader.output(output, "y");
  return {
    boxes: reader.boxes,
    lines: reader.lines,
    order: outputsLast(reader.boxes, reader.lines),
    states,
    stateShapes: flat.map(({ shape }) => shape.slice(1)),
    outputShape: output.shape.slice(1),
    outputState: outputState < 0 ? null : outputState,
    sizes: reader.boxes.map(sizeOf),
  };
}

/** Lines from the last operation to all outputs. */
function outputsLast(boxes: readonly CellBox[], lines: readonly Line[]): Line[] {
  const depth = boxes.map(() => 0);
  // Boxes stand after those that lead to them, except where a gate took the place of its columns: as many rounds as it takes.
  for (let changed = true; changed;) {
    changed = false;
    for (const { from, to } of lines) {
      if (depth[to]! > depth[from]!) continue;
      depth[to] = depth[from]! + 1;
      changed = true;
    }
  }
  const inner = boxes.map((_, i) => i).filter((i) => boxes[i]!.kind !== "output");
  const last = inner.reduce((best, i) => (depth[i]! > depth[best]! ? i : best), inner[0]!);
  return boxes.flatMap(({ kind }, to) =>
    kind === "output" && !lines.some((line) => line.from === last && line.to === to) ? [{ from: last, to }] : [],
  );
}

function sizeOf({ kind, label, note }: CellBox): Box {
  if (kind === "point" && label.length <= 2) return { width: 26, height: 26 };
  const width = Math.max(34, label.length * 7.4 + 14, note.length * 6 + 10);
  return { width, height: note === "" ? 26 : 38 };
}

/** Walks from the results of a step to what it is given, and keeps what is worth a box. */
class GraphReader {
  readonly boxes: CellBox[] = [];
  readonly lines: Line[] = [];
  readonly #cell: RecurrentCell;
  readonly #weights: ReadonlyMap<Node, Variable>;
  readonly #known = new Map<Node, Map<number, number>>();

  constructor(cell: RecurrentCell, weights: ReadonlyMap<Node, Variable>) {
    this.#cell = cell;
    this.#weights = weights;
  }

  input(tensor: Tensor, label: string, note: string): void {
    this.#remember(tensor, this.#add({ kind: "input", label, note }));
  }

  output(tensor: Tensor, label: string): void {
    const from = this.#visit(tensor);
    const to = this.#add({ kind: "output", label, note: "" });
    this.lines.push({ from, to });
  }

  #add(box: CellBox): number {
    this.boxes.push(box);
    return this.boxes.length - 1;
  }

  #remember(tensor: Tensor, box: number): number {
    const outputs = this.#known.get(tensor.node) ?? new Map<number, number>();
    outputs.set(tensor.index, box);
    this.#known.set(tensor.node, outputs);
    return box;
  }

  /** The box of a tensor. */
  #visit(given: Tensor): number {
    const tensor = this.#through(given);
    const known = this.#known.get(tensor.node)?.get(tensor.index);
    if (known !== undefined) return known;
    const { node } = tensor;
    const name = node.primitive.name;
    const changing = node.inputs.filter((input) => !this.#isFixed(input));
    const fixed = node.inputs.filter((input) => this.#isFixed(input));
    const gate = name === "slice" ? this.#gateOf(tensor) : null;
    if (gate !== null && changing.length === 1)
      return this.#remember(tensor, this.#join(changing, { kind: "other", label: gate, note: "" }));
    return this.#remember(tensor, this.#join(changing, this.#boxOf(tensor, fixed)));
  }

  #join(inputs: readonly Tensor[], box: CellBox): number {
    const from = inputs.map((input) => this.#visit(input));
    // A function of a gate's columns bears the gate's name; the columns need no box of their own.
    const columns = from.length === 1 ? this.boxes[from[0]!]! : null;
    if (columns?.kind === "other" && columns.note === "" && box.kind === "gate" && !this.lines.some((line) => line.from === from[0])) {
      this.boxes[from[0]!] = { ...box, note: columns.label };
      return from[0]!;
    }
    const to = this.#add(box);
    for (const source of new Set(from)) this.lines.push({ from: source, to });
    return to;
  }

  #boxOf(tensor: Tensor, fixed: readonly Tensor[]): CellBox {
    const { node } = tensor;
    const name = node.primitive.name;
    const weight = fixed.map((input) => this.#weightIn(input)).find((variable) => variable !== null) ?? null;
    if ((name === "dotGeneral" || name === "convGeneral") && weight !== null)
      return {
        kind: "weights",
        label: weight.name.replace(/_/g, " "),
        note: `${name === "convGeneral" ? "∗" : "·"} [${weight.shape.join(", ")}]`,
      };
    const symbol = points[name];
    if (symbol !== undefined) {
      if (weight !== null) return { kind: "weights", label: `${symbol} ${weight.name}`, note: "" };
      const number = fixed.map(constantOf).find((value) => value !== null) ?? null;
      if (number === null) return { kind: "point", label: symbol, note: "" };
      const first = this.#isFixed(node.inputs[0]!);
      return { kind: "point", label: first ? `${number} ${symbol}` : `${symbol} ${number}`, note: "" };
    }
    if (functions[name] !== undefined) return { kind: "gate", label: functions[name], note: "" };
    return { kind: node.inputs.length === 1 ? "gate" : "other", label: name, note: "" };
  }

  /** Past what only changes shape or type. */
  #through(tensor: Tensor): Tensor {
    let current = tensor;
    while (transparent.has(current.node.primitive.name) && current.node.inputs.length > 0 && this.#known.get(current.node) === undefined)
      current = current.node.inputs[0]!;
    return current;
  }

  /** Whether a tensor is made of weights and constants alone. */
  #isFixed(tensor: Tensor): boolean {
    if (this.#known.has(tensor.node)) return false;
    if (this.#weights.has(tensor.node)) return true;
    return tensor.node.inputs.every((input) => this.#isFixed(input));
  }

  /** The nearest weight that a tensor is made of. */
  #weightIn(tensor: Tensor): Variable | null {
    const waiting = [tensor];
    const seen = new Set<Node>();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const own = this.#weights.get(next.node);
      if (own !== undefined) return own;
      for (const input of next.node.inputs) {
        if (seen.has(input.node)) continue;
        seen.add(input.node);
        waiting.push(input);
      }
    }
    return null;
  }

  /** Which gate a slice of columns is: by the cell whose weights made them. */
  #gateOf(tensor: Tensor): string | null {
    const source = tensor.node.inputs[0]!;
    const [whole, part] = [source.shape.at(-1) as number, tensor.shape.at(-1) as number];
    const weight = this.#weightIn(source);
    const owner = cellsOf(this.#cell).find((cell) => (cell instanceof Layer ? cell.weights : []).includes(weight!));
    const names = owner === undefined ? undefined : gateNames[owner.className];
    const start = (tensor.node.attributes as { starts?: readonly number[] }).starts?.at(-1);
    if (start === undefined || part === 0 || whole === part) return null;
    return names?.[start / part] ?? `columns ${start} to ${start + part - 1}`;
  }
}

function constantOf(tensor: Tensor): string | null {
  let { node } = tensor;
  while (transparent.has(node.primitive.name) && node.inputs.length > 0) node = node.inputs[0]!.node;
  const { value } = node.attributes as { value?: unknown };
  return typeof value === "number" ? String(Number(value.toPrecision(3))) : null;
}
