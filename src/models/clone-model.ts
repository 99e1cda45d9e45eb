/** Copies of models, with new weights. */
import { StateError, ValueError } from "../errors.ts";
import { mapTree, Tensor } from "../graph/index.ts";
import { Input, type InputLayerLayer } from "../layers/input-layer.ts";
import { Layer } from "../layers/layer.ts";
import { describe } from "../layers/describe.ts";
import { flattenStructure, packStructure } from "../layers/structure.ts";
import { callAgain } from "../ops/symbolic.ts";
import { checkOptions, type Config } from "../serialization/index.ts";
import { Model } from "./functional-model.ts";
import { Sequential } from "./sequential.ts";

/** Options of `cloneModel`. */
export interface CloneModelOptions {
  /** Inputs of the copy, in the structure of the model's. Default: new ones of the same shapes. */
  readonly inputTensors?: unknown;
  /** Makes the copy of a layer; default: one of the same configuration. */
  readonly cloneFunction?: ((layer: Layer) => Layer) | null;
  /** Whether the layers of inner models are copied by `cloneFunction` too; else it is given the inner model. Default false. */
  readonly recursive?: boolean;
}

/** A layer of the same configuration, with weights of its own. */
function sameAgain(layer: Layer): Layer {
  return (layer.constructor as unknown as { fromConfig(config: Config): Layer }).fromConfig(layer.getConfig());
}

/**
 * A model with the same layers and calls and with new weights. A class of your own is copied through its `getConfig`.
 * Throws ValueError where `cloneFunction` gives no layer or is given with such a class.
 *
 * @example
 * const copy = cloneModel(model);
 * await copy.setWeights(await model.getWeights());
 */
export function cloneModel<I, O>(model: Model<I, O>, options: CloneModelOptions = {}): Model<I, O> {
  const where = "cloneModel";
  checkOptions(where, options, ["inputTensors", "cloneFunction", "recursive"]);
  if (!(model instanceof Model))
    throw new ValueError({ where, problem: "this is no model", expected: "a model", received: describe(model) });
  const own = options.cloneFunction ?? null;
  const copy = (layer: Layer): Layer => {
    if (options.recursive === true && layer instanceof Model && (layer instanceof Sequential || layer.graph !== null))
      return cloneModel(layer, { cloneFunction: own, recursive: true });
    const made: unknown = (own ?? sameAgain)(layer);
    if (made instanceof Layer) return made as Layer;
    throw new ValueError({ where, problem: "cloneFunction must give a layer", expected: "a layer", received: describe(made) });
  };
  const untyped = model as unknown as Model<unknown, unknown>;
  const inputs = options.inputTensors ?? null;
  if (untyped instanceof Sequential) return cloneStack(untyped, copy, inputs) as unknown as Model<I, O>;
  if (untyped.graph !== null && untyped.className === "Functional") return cloneGraph(untyped, copy, inputs) as unknown as Model<I, O>;
  if (own !== null || inputs !== null) {
    throw new ValueError({
      where,
      problem: "the layers of a model that is a class of its own cannot be told from its code",
      expected: "cloneModel(model) alone",
      received: model.label,
    });
  }
  return sameAgain(untyped) as unknown as Model<I, O>;
}

function cloneStack(model: Sequential, copy: (layer: Layer) => Layer, inputs: unknown): Sequential {
  const { name, trainable } = model;
  const layers = model.layers.map(copy);
  const input = inputs === null ? (model.graph === null ? null : newInput(model.graph.inputLayers[0]!)) : inputs;
  if (input !== null && !(input instanceof Tensor))
    throw new ValueError({
      where: "cloneModel",
      problem: "a Sequential takes one input",
      expected: "one tensor of Input",
      received: describe(input),
    });
  return new Sequential({ name, trainable, layers: input === null ? layers : [input, ...layers] });
}

function newInput(layer: InputLayerLayer): Tensor {
  return Input({ batchShape: layer.batchShape, dtype: layer.dtype, name: layer.name });
}

function cloneGraph(model: Model<unknown, unknown>, copy: (layer: Layer) => Layer, given: unknown): Model<unknown, unknown> {
  const graph = model.graph!;
  const inputs = given === null ? graph.inputLayers.map(newInput) : (flattenStructure(given) as Tensor[]);
  if (inputs.length !== graph.inputs.length || inputs.some((input) => !(input instanceof Tensor))) {
    throw new ValueError({
      where: "cloneModel",
      problem: "inputTensors do not fit the model",
      expected: `${graph.inputs.length}: ${graph.inputLayers.map(({ name }) => name).join(", ")}`,
      received: describe(given),
    });
  }
  const values = new Map<Tensor, Tensor>(graph.inputs.map((input, i) => [input, inputs[i]!]));
  const copies = new Map<Layer, Layer>();
  for (const node of graph.nodes) {
    if (node.isInput) continue;
    const { operation } = node;
    if (operation instanceof Layer && !copies.has(operation)) copies.set(operation, copy(operation));
    const args = node.args.map((arg) => mapTree(arg, (tensor) => values.get(tensor) ?? tensor));
    const callable = operation instanceof Layer ? copies.get(operation)! : operation.callable;
    const outputs = flattenStructure(callAgain(callable, args)) as Tensor[];
    if (outputs.length !== node.outputs.length)
      throw new StateError({
        where: "cloneModel",
        problem: `the copy of "${operation.name}" has another number of outputs`,
        expected: String(node.outputs.length),
        received: String(outputs.length),
      });
    node.outputs.forEach((output, i) => values.set(output, outputs[i]!));
  }
  const structured = (structure: unknown): unknown =>
    structure instanceof Tensor
      ? values.get(structure)
      : packStructure(
          structure,
          (flattenStructure(structure) as Tensor[]).map((tensor) => values.get(tensor)!),
        );
  const [from, to] = [structured(model.inputs), structured(model.outputs)];
  return new Model({ inputs: from, outputs: to, name: model.name, trainable: model.trainable });
}
