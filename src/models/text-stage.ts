/** What a model does with texts: on the host, before its program. */
import { ShapeError, ValueError } from "../errors.ts";
import {
  type ConcreteShape,
  dataTensor,
  formatShape,
  type HostValues,
  isText,
  type Shape,
  StringTensor,
  type Tensor,
} from "../graph/index.ts";
import { Layer } from "../layers/layer.ts";
import type { FunctionalGraph, GraphNode } from "./functional-graph.ts";
import { type BorderValues, borderValuesOf, needsHost, standFor } from "./on-host.ts";
import type { TrainingData } from "./training-data.ts";

/**
 * The calls of a functional model that are made on the host because they take texts, and the tensors that they hand to
 * the program. Everything else is the program's.
 */
export class TextStage {
  /** Calls made on the host, in order. */
  readonly nodes: ReadonlySet<GraphNode>;
  /** Symbolic tensors that the program takes from the host. */
  readonly border: readonly Tensor[];
  readonly #graph: FunctionalGraph;
  /** Positions of the inputs that are texts. */
  readonly #texts: readonly number[];

  private constructor(graph: FunctionalGraph, nodes: ReadonlySet<GraphNode>, border: readonly Tensor[]) {
    this.#graph = graph;
    this.nodes = nodes;
    this.border = border;
    this.#texts = graph.inputs.flatMap((input, i) => (isText(input) ? [i] : []));
  }

  /** The stage of a graph. Throws ValueError where weights are trained before texts end. */
  static of(where: string, graph: FunctionalGraph): TextStage {
    const nodes = new Set<GraphNode>();
    const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
    const add = (node: GraphNode): void => {
      if (node.isInput || nodes.has(node)) return;
      checkHostCall(where, node);
      nodes.add(node);
      // What goes into a call on the host must be there already.
      for (const input of node.inputs) add(producers.get(input)!);
    };
    for (const node of graph.nodes) if (!node.isInput && needsHost(node)) add(node);
    const border = new Set<Tensor>();
    const take = (tensor: Tensor): void => {
      if (nodes.has(producers.get(tensor)!)) border.add(tensor);
    };
    for (const node of graph.nodes) if (!nodes.has(node)) node.inputs.forEach(take);
    for (const output of graph.outputs) {
      if (isText(output)) {
        throw new ValueError({
          where,
          problem: "a model gives numbers",
          expected: "outputs that a program can compute",
          received: `the texts of "${graph.producerOf(output).node.operation.name}"`,
          advice: "call the layer on what predict gives: await lookup(await model.predict(x)).data()",
        });
      }
      take(output);
    }
    return new TextStage(graph, nodes, [...border]);
  }

  /** Calls the host's layers on a batch; what they give by symbolic tensor. */
  async run(inputs: readonly (Tensor | StringTensor)[]): Promise<BorderValues> {
    const values = await this.#graph.runOnHost(this.nodes, inputs);
    return new Map(this.border.map((tensor) => [tensor, values.get(tensor)! as Tensor]));
  }

  /** Arrays of a step: inputs that are numbers, what the texts became, then the rest as it is. */
  async arrays(arrays: readonly HostValues[], data: TrainingData): Promise<HostValues[]> {
    const count = data.inputs.length;
    const given = arrays.slice(0, count);
    const tensors = given.map((host, i) => {
      const texts = data.inputs[i]!.texts;
      return texts === undefined
        ? dataTensor(host.values, host.shape, host.dtype)
        : new StringTensor(
            Array.from(host.values, (at) => texts[at]!),
            host.shape,
          );
    });
    const border = [...(await this.run(tensors)).values()];
    const ready = await Promise.all(
      border.map(async (tensor) => ({ values: await tensor.data(), shape: tensor.shape as ConcreteShape, dtype: tensor.dtype })),
    );
    return [...given.filter((_, i) => !this.#texts.includes(i)), ...ready, ...arrays.slice(count)];
  }

  /** Number of arrays that stand in a step for the model's inputs. */
  get arrayCount(): number {
    return this.#graph.inputs.length - this.#texts.length + this.border.length;
  }

  /** The model's inputs for a step whose first tensors are those of `arrays`: for each text one that knows what the texts became. */
  leaves(tensors: readonly Tensor[]): Tensor[] {
    const numbers = this.#graph.inputs.length - this.#texts.length;
    const values = new Map(this.border.map((tensor, i) => [tensor, tensors[numbers + i]!]));
    let next = 0;
    return this.#graph.inputs.map((_, i) => {
      if (!this.#texts.includes(i)) return tensors[next++]!;
      const carrier = tensors[numbers]!;
      standFor(carrier, values);
      return carrier;
    });
  }
}

/** Throws ValueError where a call that would be made before the program trains weights. */
function checkHostCall(where: string, { operation }: GraphNode): void {
  if (!(operation instanceof Layer) || operation.trainableWeights.length === 0) return;
  throw new ValueError({
    where,
    problem: `the layer "${operation.name}" has weights to train, and stands where texts are prepared`,
    expected: "texts that become numbers first: TextVectorization, StringLookup, Hashing",
    received: operation.label,
    advice: "call the text layers on the model's inputs, and the other layers on what they give",
  });
}

/** Texts as the input `name` of a model wants them: a missing or superfluous last axis of extent 1 is no matter. Throws ValueError and ShapeError. */
export function fittedTexts(where: string, name: string, given: Tensor | StringTensor, wanted: Shape): Tensor | StringTensor {
  if (!(given instanceof StringTensor)) {
    if (borderValuesOf(given) !== undefined) return given;
    throw new ValueError({
      where,
      problem: `the input "${name}" takes texts`,
      expected: 'tensor(["a", "b"], { dtype: "string" })',
      received: given.toString(),
    });
  }
  const fits = (shape: Shape): boolean =>
    shape.length === wanted.length && shape.every((extent, axis) => axis === 0 || wanted[axis] === null || extent === wanted[axis]);
  if (fits(given.shape)) return given;
  if (fits([...given.shape, 1])) return given.reshape([...given.shape, 1]);
  if (given.shape.at(-1) === 1 && fits(given.shape.slice(0, -1))) return given.reshape(given.shape.slice(0, -1));
  throw new ShapeError({
    where,
    problem: `the input "${name}" has the wrong shape`,
    expected: formatShape(wanted),
    received: formatShape(given.shape),
  });
}
