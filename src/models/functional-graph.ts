/** The graph of calls between a model's inputs and outputs: which layers, in what order, fed by what. */
import { StateError, ValueError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { flattenTree, isPlainObject, isSymbolic, isText, mapTree, StringTensor } from "../graph/index.ts";
import { contextTraining } from "../layers/call-context.ts";
import { InputLayer, type InputLayerLayer, inputLayerOf } from "../layers/input-layer.ts";
import { autoName } from "../layers/auto-names.ts";
import { Layer } from "../layers/layer.ts";
import { modelForms } from "./model-forms.ts";
import { needsHost } from "./on-host.ts";
import type { TextStage } from "./text-stage.ts";
import { type Callable, callAgain, originOf } from "../ops/symbolic.ts";

/** An operation of `ops` that was called on symbolic tensors: a layer without weights. */
export class OperationCall {
  /** Given by the graph once it is complete, in order of the calls. */
  name = "";
  readonly className: string;
  readonly callable: Callable;

  constructor(callable: Callable) {
    const name = callable.name === "" ? "operation" : callable.name.replace(/^.*\./, "");
    this.className = name.slice(0, 1).toUpperCase() + name.slice(1);
    this.callable = callable;
  }
}

/** Names of calls of operations by what they gave: a configuration tells them. */
const givenNames = new WeakMap<Tensor, string>();

/** Names the call of an operation that gave `outputs`. Calls without a name are counted: `add`, `add_1`. */
export function nameCall(outputs: readonly Tensor[], name: string): void {
  for (const output of outputs) givenNames.set(output, name);
}

/** What a node calls. */
export type Operation = Layer | OperationCall;

/** One call of an operation inside a model. */
export interface GraphNode {
  readonly operation: Operation;
  /** Arguments of the call, symbolic tensors included. */
  readonly args: readonly unknown[];
  /** The symbolic tensors among the arguments. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly isInput: boolean;
}

/** Where a symbolic tensor comes from inside one model. */
export interface Producer {
  readonly node: GraphNode;
  /** Position among the calls of the operation inside the model. */
  readonly nodeIndex: number;
  /** Position among the outputs of the call. */
  readonly tensorIndex: number;
}

/** The graph of a functional model. */
export class FunctionalGraph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly inputLayers: readonly InputLayerLayer[];
  /** Operations by decreasing distance from the outputs, then in the order they were found (Keras's order of layers). */
  readonly operations: readonly Operation[];
  /** Nodes by decreasing distance from the outputs. */
  readonly nodes: readonly GraphNode[];
  /** Nodes with the distance given as key. */
  readonly nodesByDepth: ReadonlyMap<number, readonly GraphNode[]>;
  /** What is done before a program: calls on texts. Null where there are none. */
  readonly textStage: TextStage | null;
  readonly #producers = new Map<Tensor, Producer>();
  readonly #calls = new Map<Operation, GraphNode[]>();

  /** Throws StateError where an output does not depend on the inputs alone, ValueError where names repeat. */
  constructor(where: string, inputs: readonly Tensor[], outputs: readonly Tensor[]) {
    this.inputs = inputs;
    this.outputs = outputs;
    const search = new Search(inputs);
    for (const output of outputs) search.visit(output);
    for (const { operation, outputs } of [...search.ordered].sort(byAge))
      if (operation instanceof OperationCall) operation.name = givenNames.get(outputs[0]!) ?? autoName(operation.className);
    this.inputLayers = inputs.map((input) => search.nodeOf(input).operation as InputLayerLayer);

    // Depths: the distance of a node from the outputs; a shared layer stands at its largest.
    const depths = new Map<GraphNode, number>();
    const operationDepths = new Map<Operation, number>();
    for (const node of [...search.ordered].reverse()) {
      if (!depths.has(node)) depths.set(node, 0);
      const depth = Math.max(depths.get(node)!, operationDepths.get(node.operation) ?? 0);
      operationDepths.set(node.operation, depth);
      depths.set(node, depth);
      for (const parent of search.parentsOf(node)) depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
    }
    for (const input of inputs) {
      const node = search.nodeOf(input);
      if (operationDepths.has(node.operation)) continue;
      operationDepths.set(node.operation, 0);
      search.order.set(node.operation, -1);
      depths.set(node, 0);
    }
    const byDepth = new Map<number, GraphNode[]>();
    for (const [node, depth] of depths) byDepth.set(depth, [...(byDepth.get(depth) ?? []), node]);
    const decreasing = [...byDepth.keys()].sort((a, b) => b - a);
    this.nodesByDepth = new Map(decreasing.map((depth) => [depth, byDepth.get(depth)!]));
    this.nodes = decreasing.flatMap((depth) => byDepth.get(depth)!);
    this.operations = [...operationDepths.keys()].sort(
      (a, b) => operationDepths.get(b)! - operationDepths.get(a)! || search.order.get(a)! - search.order.get(b)!,
    );

    for (const node of this.nodes) this.#calls.set(node.operation, [...(this.#calls.get(node.operation) ?? []), node].sort(byAge));
    for (const [, calls] of this.#calls) {
      calls.forEach((node, nodeIndex) => {
        node.outputs.forEach((tensor, tensorIndex) => this.#producers.set(tensor, { node, nodeIndex, tensorIndex }));
      });
    }
    checkConnected(where, this.nodes, inputs);
    checkNames(where, this.operations);
    const hasHostCalls = inputs.some(isText) || this.nodes.some((node) => !node.isInput && needsHost(node));
    this.textStage = hasHostCalls ? modelForms.get(where).textStage(where, this) : null;
  }

  /** The layers among the operations. */
  get layers(): Layer[] {
    return this.operations.filter((operation) => operation instanceof Layer);
  }

  /** Where a tensor of this graph comes from. */
  producerOf(tensor: Tensor): Producer {
    return this.#producers.get(tensor)!;
  }

  /** Calls of an operation inside this graph, oldest first. */
  callsOf(operation: Operation): readonly GraphNode[] {
    return this.#calls.get(operation) ?? [];
  }

  /**
   * The outputs for other inputs: every call is made again, in order. `known` are tensors of the graph whose values are
   * given: the calls of `done` are left out.
   */
  run(
    inputs: readonly (Tensor | StringTensor)[],
    known: ReadonlyMap<Tensor, Tensor> = new Map(),
    done: ReadonlySet<GraphNode> = new Set(),
  ): Tensor[] {
    const nodes = done.size === 0 ? this.nodes : this.nodes.filter((node) => !done.has(node));
    const values = this.#runNodes(nodes, inputs, known);
    return this.outputs.map((output) => values.get(output)! as Tensor);
  }

  /** Makes some of the calls, in order: what they give by symbolic tensor. Layers that need values get them. */
  async runOnHost(
    nodes: ReadonlySet<GraphNode>,
    inputs: readonly (Tensor | StringTensor)[],
  ): Promise<ReadonlyMap<Tensor, Tensor | StringTensor>> {
    let values: ReadonlyMap<Tensor, Tensor | StringTensor> = new Map();
    for (const node of this.nodes) {
      if (!nodes.has(node)) continue;
      if (node.operation instanceof Layer && node.operation.runsOnHost)
        await Promise.all(node.inputs.map(async (input) => await (values.get(input) ?? inputs[this.inputs.indexOf(input)])?.data()));
      values = this.#runNodes([node], inputs, values);
    }
    return values;
  }

  #runNodes(
    nodes: readonly GraphNode[],
    inputs: readonly (Tensor | StringTensor)[],
    known: ReadonlyMap<Tensor, Tensor | StringTensor>,
  ): Map<Tensor, Tensor | StringTensor> {
    const values = new Map<Tensor, Tensor | StringTensor>(known);
    this.inputs.forEach((input, index) => values.set(input, inputs[index]!));
    for (const node of nodes) {
      if (node.isInput) continue;
      const args = node.args.map((arg) => mapTree(arg, (tensor) => values.get(tensor) ?? tensor));
      const callable = node.operation instanceof Layer ? node.operation : node.operation.callable;
      const result = callAgain(callable, node.operation instanceof Layer ? withFlag(args, contextTraining()) : args);
      const results = result instanceof StringTensor ? [result] : flattenTree(result);
      node.outputs.forEach((output, index) => values.set(output, results[index]!));
    }
    return values;
  }
}

/** Arguments of a layer with the training flag of the model's call, which goes before that of the recorded one, as in Keras. */
function withFlag(args: readonly unknown[], training: boolean | null): readonly unknown[] {
  const last = args.at(-1);
  if (training === null || args.length < 2 || !isPlainObject(last) || last.training === undefined) return args;
  return [...args.slice(0, -1), { ...last, training }];
}

function byAge(a: GraphNode, b: GraphNode): number {
  return a.outputs[0]!.node.id - b.outputs[0]!.node.id;
}

/** Depth-first search from the outputs to the inputs. */
class Search {
  /** Nodes, inputs of a call before the call. */
  readonly ordered: GraphNode[] = [];
  /** Order in which operations were met. */
  readonly order = new Map<Operation, number>();
  readonly #inputs: ReadonlySet<Tensor>;
  readonly #found = new Map<unknown, GraphNode>();
  readonly #finished = new Set<GraphNode>();

  constructor(inputs: readonly Tensor[]) {
    this.#inputs = new Set(inputs);
  }

  /** The node of a tensor; made once per call. A tensor that is an input of the model, or comes from nowhere, is an input node. */
  nodeOf(tensor: Tensor): GraphNode {
    const origin = this.#inputs.has(tensor) ? undefined : originOf(tensor);
    const key: unknown = origin === undefined ? tensor : origin.outputs;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    let node: GraphNode;
    if (origin === undefined) {
      const layer = inputLayerOf(tensor) ?? new InputLayer({ batchShape: tensor.shape, dtype: isText(tensor) ? "string" : tensor.dtype });
      node = { operation: layer, args: [], inputs: [], outputs: [tensor], isInput: true };
    } else {
      const inputs = flattenTree(origin.args).filter(isSymbolic);
      const operation =
        (origin.callable as unknown) instanceof Layer ? (origin.callable as unknown as Layer) : new OperationCall(origin.callable);
      node = { operation, args: origin.args, inputs, outputs: origin.outputs, isInput: false };
    }
    this.#found.set(key, node);
    return node;
  }

  parentsOf(node: GraphNode): GraphNode[] {
    return node.inputs.map((input) => this.nodeOf(input));
  }

  /** Adds what `tensor` needs. Keeps its own stack, so that deep models do not overflow the call stack. */
  visit(tensor: Tensor): void {
    const stack: { node: GraphNode; next: number }[] = [];
    const enter = (t: Tensor): void => {
      const node = this.nodeOf(t);
      if (this.#finished.has(node) || stack.some((entry) => entry.node === node)) return;
      if (!this.order.has(node.operation)) this.order.set(node.operation, this.order.size);
      stack.push({ node, next: 0 });
    };
    enter(tensor);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (top.next < top.node.inputs.length) {
        enter(top.node.inputs[top.next++]!);
        continue;
      }
      stack.pop();
      if (this.#finished.has(top.node)) continue;
      this.#finished.add(top.node);
      this.ordered.push(top.node);
    }
  }
}

function checkConnected(where: string, nodes: readonly GraphNode[], inputs: readonly Tensor[]): void {
  const given = new Set(inputs);
  const missing = nodes.find((node) => node.isInput && !given.has(node.outputs[0]!));
  if (missing === undefined) return;
  throw new StateError({
    where,
    problem: `the outputs depend on "${missing.operation.name}", which is not among the inputs`,
    expected: "outputs that are computed from the given inputs alone",
    received: `inputs ${inputs.map((input) => `"${inputLayerOf(input)?.name ?? "?"}"`).join(", ")}`,
    advice: `add it: new Model({ inputs: [...], outputs })`,
  });
}

function checkNames(where: string, operations: readonly Operation[]): void {
  const seen = new Set<string>();
  for (const { name } of operations) {
    if (seen.has(name)) {
      throw new ValueError({
        where,
        problem: `two layers are called "${name}"`,
        expected: "a name of its own for every layer of a model",
        advice: "give one of them another name: layers.Dense({ name: ... })",
      });
    }
    seen.add(name);
  }
}
