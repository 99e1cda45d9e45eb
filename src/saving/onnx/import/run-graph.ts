/** Runs ONNX graphs on tensors: every node builds what it means; what depends on shapes alone is computed at once. */
import { NablaError, ValueError } from "../../../errors.ts";
import { dataTensor, type NdArray, type Tensor, withScope } from "../../../graph/index.ts";
import { FormatError } from "../../source.ts";
import type { AttributeProto, FunctionProto, GraphProto, NodeProto } from "../schema.ts";
import { bodiesOf, functionKey } from "./check-graph.ts";
import { evaluateTensors } from "./evaluate.ts";
import { NodeContext, shapeOf } from "./operator.ts";
import { operators } from "./operators.ts";
import { type ExternalFiles, tensorOfProto } from "./read-tensor.ts";

/** Largest result that is computed while a graph is built. */
const foldLimit = 2 ** 20;

/** Results that nothing else can make of known inputs at once. */
const neverFolded: ReadonlySet<string> = new Set(["If", "Loop", "Scan"]);

/** Names to values; a body sees those around it. */
class Values {
  readonly #own = new Map<string, Tensor>();
  readonly #outer: Values | null;

  constructor(outer: Values | null) {
    this.#outer = outer;
  }

  get(name: string): Tensor | undefined {
    return this.#own.get(name) ?? this.#outer?.get(name);
  }

  set(name: string, value: Tensor): void {
    this.#own.set(name, value);
  }
}

/** What runs the graphs of one model. */
export class GraphRunner {
  readonly #where: string;
  readonly #opset: number;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  readonly #external: ExternalFiles;
  readonly #constants = new WeakMap<object, Tensor>();
  #depth = 0;

  constructor(options: {
    readonly where: string;
    readonly opset: number;
    readonly functions: ReadonlyMap<string, FunctionProto>;
    readonly external: ExternalFiles;
  }) {
    this.#where = options.where;
    this.#opset = options.opset;
    this.#functions = options.functions;
    this.#external = options.external;
  }

  /** The outputs of a graph, for its inputs and given weights by name. */
  run(graph: GraphProto, given: ReadonlyMap<string, Tensor>): Tensor[] {
    const values = new Values(null);
    for (const [name, tensor] of given) values.set(name, tensor);
    return this.#graph(graph, values, new Map());
  }

  #graph(graph: GraphProto, values: Values, attributes: ReadonlyMap<string, AttributeProto>): Tensor[] {
    for (const tensor of graph.initializer) {
      const name = tensor.name ?? "";
      if (values.get(name) !== undefined) continue;
      let constant = this.#constants.get(tensor);
      if (constant === undefined) this.#constants.set(tensor, (constant = tensorOfProto(this.#where, tensor, this.#external)));
      values.set(name, constant);
    }
    for (const node of graph.node) this.#node(node, values, attributes);
    return graph.output.map(({ name }) => this.#value(name ?? "", values));
  }

  #value(name: string, values: Values): Tensor {
    const tensor = values.get(name);
    if (tensor !== undefined) return tensor;
    throw new FormatError({ where: this.#where, problem: "a value is used that nobody made", received: JSON.stringify(name) });
  }

  #node(node: NodeProto, values: Values, outer: ReadonlyMap<string, AttributeProto>): void {
    const { opType = "", name = "" } = node;
    const where = `${this.#where}: ${opType}${name === "" ? "" : ` "${name}"`}`;
    const attributes = new Map<string, AttributeProto>();
    for (const attribute of node.attribute) {
      const referred = attribute.refAttrName === undefined || attribute.refAttrName === "" ? attribute : outer.get(attribute.refAttrName);
      if (referred !== undefined) attributes.set(attribute.name ?? "", referred);
    }
    const inputs = node.input.map((input) => (input === "" ? null : this.#value(input, values)));
    const outputs = withScope(`${opType} "${name}"`, () => this.#outputs(node, where, attributes, inputs, values));
    node.output.forEach((output, i) => {
      if (output === "") return;
      const tensor = outputs[i];
      if (tensor === undefined)
        throw new ValueError({ where, problem: `output ${i} is not given`, expected: `at most ${outputs.length} outputs` });
      values.set(output, tensor);
    });
  }

  #outputs(
    node: NodeProto,
    where: string,
    attributes: ReadonlyMap<string, AttributeProto>,
    inputs: readonly (Tensor | null)[],
    values: Values,
  ): readonly Tensor[] {
    const { opType = "", domain } = node;
    const own = this.#functions.get(functionKey(domain, opType));
    if (own !== undefined) return this.#function(own, where, attributes, inputs);
    const count = node.output.reduce((last, output, i) => (output === "" ? last : i + 1), 0);
    const context = new NodeContext({
      where,
      inputs,
      outputs: Math.max(1, count),
      opset: this.#opset,
      attributes,
      known: (tensor) => this.#known(tensor),
      readTensor: (tensor) => tensorOfProto(where, tensor, this.#external),
      surroundings: { run: (graph, given) => this.#body(graph, given, values) },
    });
    let results: readonly Tensor[];
    try {
      results = operators[opType]!(context);
    } catch (error) {
      if (error instanceof NablaError) throw error;
      throw new FormatError({ where, problem: "the operator cannot be applied", received: (error as Error).message });
    }
    const known = inputs.every((input) => input === null || this.#known(input) !== undefined);
    if (!known || neverFolded.has(opType) || bodiesOf(node).length > 0) return results;
    if (results.some((result) => shapeOf(result).reduce((a, b) => a * b, 1) > foldLimit)) return results;
    return evaluateTensors(results).map(({ data, shape, dtype }) => dataTensor(data, shape, dtype));
  }

  /** Elements of what is given or was computed at once. */
  #known(tensor: Tensor): NdArray | undefined {
    const data = tensor.node.values[tensor.index];
    if (data !== undefined) return { data, shape: shapeOf(tensor), dtype: tensor.dtype };
    return tensor.node.primitive.name === "constant" ? evaluateTensors([tensor])[0] : undefined;
  }

  #body(graph: GraphProto, given: readonly Tensor[], outer: Values): Tensor[] {
    if (graph.input.length !== given.length)
      throw new FormatError({
        where: this.#where,
        problem: "a body takes another number of values",
        expected: String(given.length),
        received: String(graph.input.length),
      });
    const values = new Values(outer);
    graph.input.forEach(({ name }, i) => values.set(name ?? "", given[i]!));
    return this.#graph(graph, values, new Map());
  }

  #function(
    own: FunctionProto,
    where: string,
    attributes: ReadonlyMap<string, AttributeProto>,
    inputs: readonly (Tensor | null)[],
  ): Tensor[] {
    if (this.#depth > 32) throw new FormatError({ where, problem: "functions call each other without end" });
    this.#depth++;
    try {
      const values = new Values(null);
      own.input.forEach((name, i) => {
        const input = inputs[i] ?? null;
        if (input !== null) values.set(name, input);
      });
      const all = new Map(own.attributeProto.map((attribute) => [attribute.name ?? "", attribute]));
      for (const [name, attribute] of attributes) all.set(name, attribute);
      for (const node of own.node) this.#node(node, values, all);
      return own.output.map((name) => this.#value(name, values));
    } finally {
      this.#depth--;
    }
  }
}
