/** From primitives to ONNX nodes: rules by name, loops and branches as bodies. */
import { InternalError } from "../../../errors.ts";
import type { NdArray, Subgraph, Tensor } from "../../../graph/index.ts";
import { type AlignedGraph, alignGraphs, type AlignedNode, bodiesOf, fixed, numberOf, type Reference } from "./aligned-graph.ts";
import { contractionRules } from "./contractions.ts";
import { elementwiseRules } from "./elementwise.ts";
import { isStatic } from "./extents.ts";
import { GraphWriter, type KnownArray, type Value } from "./graph-writer.ts";
import { indexingRules } from "./indexing.ts";
import { isSmall, movementRules } from "./movement.ts";
import { randomRules } from "./random.ts";
import type { Rule, RuleContext } from "./rule.ts";
import { windowRules } from "./windows.ts";

/** What is computed while exporting although its result is not small: weights in another layout. */
const foldedAtAnySize: ReadonlySet<string> = new Set(["reverse", "slice", "concatenate", "convert"]);
/** What keeps known elements by itself, or makes them without needing any. */
const keepsKnown: ReadonlySet<string> = new Set(["reshape", "transpose", "broadcastInDim", "constant", "scan", "while", "cond"]);

type Producer = { readonly node: AlignedNode; readonly inputs: readonly Value[] };

/** Writes graphs of primitives. `where` names the model in errors. */
export class GraphLowering {
  readonly #where: string;
  readonly #traces: number;
  readonly #data = new WeakMap<object, string>();
  readonly #constants = new Map<string, Value>();
  readonly #producers = new Map<string, Producer>();

  constructor(where: string, traces: number) {
    this.#where = where;
    this.#traces = traces;
  }

  /** The values of a graph's roots, whose nodes are appended to `writer`. */
  lower(graph: AlignedGraph, writer: GraphWriter, leaf: (name: string) => Value): Value[] {
    const outputs: (readonly Value[])[] = [];
    const find = (reference: Reference): Value =>
      "leaf" in reference ? leaf(reference.leaf) : outputs[reference.position]![reference.index]!;
    for (const node of graph.nodes) {
      writer.scope = node.scope.replaceAll('"', "");
      outputs.push(this.#node(node, node.inputs.map(find), writer));
    }
    writer.scope = "";
    return graph.roots.map(find);
  }

  #node(node: AlignedNode, inputs: readonly Value[], writer: GraphWriter): readonly Value[] {
    const folded = this.#fold(node, inputs, writer);
    if (folded !== null) return folded;
    const rule = rules[node.name] ?? this.#controlFlow[node.name];
    if (rule === undefined) throw new InternalError(this.#where, `the primitive ${node.name} has no form in ONNX`);
    const context: RuleContext = { node, inputs, writer, types: node.types, producerOf: (value) => this.#producers.get(value.name) };
    const outputs = rule(context);
    outputs.forEach((output) => this.#producers.set(output.name, { node, inputs }));
    return outputs;
  }

  /** Results that do not depend on the inputs, computed by the primitive's reference. */
  #fold(node: AlignedNode, inputs: readonly Value[], writer: GraphWriter): readonly Value[] | null {
    if (keepsKnown.has(node.name) || !inputs.every(({ known }) => known !== undefined)) return null;
    const elementwise = node.name in elementwiseRules;
    const arrays: NdArray[] = [];
    const rank = node.types[0]!.shape.length;
    const stored = elementwise
      ? Array.from({ length: rank }, (_, axis) => Math.max(1, ...inputs.map(({ known }) => known!.shape[axis] ?? 1)))
      : null;
    if (
      stored === null &&
      !(isSmall(node.types) || (foldedAtAnySize.has(node.name) && node.types.every(({ shape }) => shape.every(isStatic))))
    )
      return null;
    if (stored !== null && inputs.some(({ known }) => known!.values.length === 0)) return null;
    for (const input of inputs) {
      const wanted = stored ?? input.shape.map((extent) => extent[0]!);
      if (stored === null && (!input.shape.every(isStatic) || wanted.reduce((a, b) => a * b, 1) > 2 ** 22)) return null;
      arrays.push({ shape: wanted, dtype: input.dtype, data: broadcast(input.known!, wanted) });
    }
    const types = node.types.map(({ shape, dtype }) => ({ dtype, shape: stored ?? shape.map((extent) => extent[0]!) }));
    const run = (): never => {
      throw new InternalError(node.name, "a constant has no body");
    };
    const results = node.nodes[0]!.primitive.reference(arrays, node.nodes[0]!.attributes, types, run);
    return results.map((result, i) => ({
      ...writer.constant(result.data, result.shape, result.dtype, inputs.find(({ known }) => known!.values.length > 1)?.name ?? "constant"),
      shape: node.types[i]!.shape,
    }));
  }

  /** Aligns bodies, whose leaves are their parameters and constants. */
  align(bodies: readonly Subgraph[]): AlignedGraph {
    const positions = bodies.map((body) => new Map(body.parameters.map((parameter, i) => [parameter.node, `parameter ${i}`])));
    return alignGraphs(
      this.#where,
      bodies.map(({ results }) => results),
      this.constants((tensor, trace) => positions[trace]!.get(tensor.node)),
    );
  }

  /** Names leaves: by `other`, and given data in the order in which each trace meets it. */
  constants(other: (tensor: Tensor, trace: number) => string | undefined): (tensor: Tensor, trace: number) => string | undefined {
    const counts = new Array<number>(this.#traces).fill(0);
    const id = this.#constants.size;
    return (tensor, trace) => {
      const name = other(tensor, trace);
      if (name !== undefined) return name;
      const values = tensor.node.values[tensor.index];
      if (values === undefined) return undefined;
      let key = this.#data.get(tensor.node);
      if (key === undefined) {
        key = `data ${id}.${counts[trace]!++}`;
        this.#data.set(tensor.node, key);
      }
      if (!this.#known.has(key)) this.#known.set(key, { values, shape: tensor.node.types[tensor.index]!.shape, dtype: tensor.dtype });
      return key;
    };
  }

  readonly #known = new Map<string, KnownArray & { readonly dtype: Value["dtype"] }>();

  /** The value of given data. */
  constantOf(name: string, writer: GraphWriter): Value {
    let value = this.#constants.get(name);
    if (value === undefined) {
      const { values, shape, dtype } = this.#known.get(name)!;
      value = writer.constant(values, shape, dtype);
      this.#constants.set(name, value);
    }
    return value;
  }

  /** A body as an ONNX graph; `parameters` are values it may use, `finish` gives names and infos of its outputs. */
  #body(bodies: readonly Subgraph[], parameters: readonly Value[], writer: GraphWriter): { body: GraphWriter; results: Value[] } {
    const body = new GraphWriter(writer);
    const aligned = this.align(bodies);
    const results = this.lower(aligned, body, (name) => {
      const match = /^parameter (\d+)$/.exec(name);
      return match === null ? this.constantOf(name, writer) : parameters[Number(match[1])]!;
    });
    return { body, results: results.map((result, i) => ({ ...result, shape: aligned.rootTypes[i]!.shape })) };
  }

  /** Outputs of a body are made inside it. */
  #outputs(body: GraphWriter, results: readonly Value[]): Value[] {
    return results.map((result) => body.value("Identity", [body.full(result).name], result));
  }

  readonly #controlFlow: Readonly<Record<string, Rule>> = {
    scan: ({ node, inputs, writer, types }) => {
      const bodies = bodiesOf(node, "body");
      const carries = fixed<number>(node, "carries");
      const xs = fixed<number>(node, "xs");
      const reverse = fixed<boolean>(node, "reverse") ? 1 : 0;
      const length = numberOf(node, "length");
      const full = inputs.map((input, i) => (i < carries + xs ? writer.full(input) : input));
      const inner = new GraphWriter(writer);
      const inside = full.map((input, i): Value => {
        if (i >= carries + xs) return input;
        const shape = i < carries ? input.shape : input.shape.slice(1);
        return writer.named(inner.unique(i < carries ? "state" : "element"), { shape, dtype: input.dtype });
      });
      const { body, results } = this.#body(bodies, inside, writer);
      const outputs = this.#outputs(body, results);
      const scanned = full.slice(carries, carries + xs).map(({ name }) => name);
      const parameters = inside.slice(0, carries + xs).map((value) => body.info(value.name, value.shape, value.dtype));
      if (xs === 0) {
        // ONNX scans over at least one array: that of the steps.
        const steps = writer.node("Range", [
          writer.integers([0], true),
          writer.node("Squeeze", [writer.extent(length)]),
          writer.integers([1], true),
        ]);
        scanned.push(steps);
        const name = body.unique("step");
        parameters.push({ name, type: { tensorType: { elemType: 7, shape: { dim: [] } } } });
      }
      const graph = body.graph(
        body.unique("body"),
        parameters,
        outputs.map((value) => body.info(value.name, value.shape, value.dtype)),
      );
      const stacked = results.length - carries;
      const names = writer.nodeOf(
        "Scan",
        [...full.slice(0, carries).map(({ name }) => name), ...scanned],
        {
          body: { graph },
          num_scan_inputs: scanned.length,
          scan_input_directions: scanned.map(() => reverse),
          ...(stacked > 0 ? { scan_output_directions: new Array<number>(stacked).fill(reverse) } : {}),
        },
        results.length,
      );
      return names.map((name, i) => writer.named(name, types[i]!));
    },
    while: ({ node, inputs, writer, types }) => {
      const carries = types.length;
      const limit = fixed<number | null>(node, "maximumIterations");
      const full = inputs.map((input, i) => (i < carries ? writer.full(input) : input));
      const test = (target: GraphWriter, values: readonly Value[]): string => {
        const aligned = this.align(bodiesOf(node, "condition"));
        const [result] = this.lower(aligned, target, (name) => {
          const match = /^parameter (\d+)$/.exec(name);
          return match === null ? this.constantOf(name, writer) : values[Number(match[1])]!;
        });
        return target.node("Identity", [result!.name]);
      };
      const start = test(writer, full);
      const inner = new GraphWriter(writer);
      const states = full.slice(0, carries).map((value) => writer.named(inner.unique("state"), value));
      const constants = full.slice(carries);
      const { body, results } = this.#body(bodiesOf(node, "body"), [...states, ...constants], writer);
      const outputs = this.#outputs(body, results);
      const again = test(body, [...outputs, ...constants]);
      const [step, before] = [body.unique("step"), body.unique("continue")];
      const scalar = (name: string, elemType: number): ReturnType<GraphWriter["info"]> => ({
        name,
        type: { tensorType: { elemType, shape: { dim: [] } } },
      });
      const graph = body.graph(
        body.unique("body"),
        [scalar(step, 7), scalar(before, 9), ...states.map((value) => body.info(value.name, value.shape, value.dtype))],
        [scalar(again, 9), ...outputs.map((value) => body.info(value.name, value.shape, value.dtype))],
      );
      const trips = limit === null ? "" : writer.integers([limit], true);
      const names = writer.nodeOf("Loop", [trips, start, ...full.slice(0, carries).map(({ name }) => name)], { body: { graph } }, carries);
      return names.map((name, i) => writer.named(name, types[i]!));
    },
    cond: ({ node, inputs: [predicate, ...operands], writer, types }) => {
      const branch = (key: "then" | "else"): { graph: ReturnType<GraphWriter["graph"]> } => {
        const { body, results } = this.#body(bodiesOf(node, key), operands, writer);
        const outputs = this.#outputs(body, results);
        return {
          graph: body.graph(
            body.unique(key),
            [],
            outputs.map((value) => body.info(value.name, value.shape, value.dtype)),
          ),
        };
      };
      const names = writer.nodeOf("If", [predicate!.name], { then_branch: branch("then"), else_branch: branch("else") }, types.length);
      return names.map((name, i) => writer.named(name, types[i]!));
    },
  };
}

const rules: Readonly<Record<string, Rule>> = {
  ...elementwiseRules,
  ...movementRules,
  ...contractionRules,
  ...windowRules,
  ...indexingRules,
  ...randomRules,
};

/** Names of the primitives that have a form in ONNX. */
export const exportedPrimitives: readonly string[] = [...Object.keys(rules), "scan", "while", "cond"];

function broadcast({ values, shape }: KnownArray, wanted: readonly number[]): KnownArray["values"] {
  if (shape.length === wanted.length && shape.every((extent, axis) => extent === wanted[axis])) return values;
  const size = wanted.reduce((a, b) => a * b, 1);
  if (values.length === 1) return new (values.constructor as new (length: number) => KnownArray["values"])(size).fill(values[0]!);
  const out = new (values.constructor as new (length: number) => KnownArray["values"])(size);
  const strides = new Array<number>(shape.length).fill(0);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = shape[axis] === 1 ? 0 : stride;
    stride *= shape[axis]!;
  }
  let to = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === wanted.length) {
      out[to++] = values[from]!;
      return;
    }
    for (let i = 0; i < wanted[axis]!; i++) walk(axis + 1, from + i * strides[axis]!);
  };
  if (size > 0) walk(0, 0);
  return out;
}
