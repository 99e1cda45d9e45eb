/** Keras's JSON of functional models, and models made from it. */
import { UnknownNameError, ValueError, nearestNames } from "../errors.ts";
import type { DType } from "../dtype/index.ts";
import { dataTensor, type HostData, hostValues, isPlainObject, isSymbolic, isText, Tensor } from "../graph/index.ts";
import { autoName } from "../layers/auto-names.ts";
import { InputLayerLayer } from "../layers/input-layer.ts";
import { Layer } from "../layers/layer.ts";
import { describe } from "../layers/describe.ts";
import { deserialize as deserializeLayer } from "../layers/registry.ts";
import { flattenStructure, mapStructure } from "../layers/structure.ts";
import { camelCase, type Config, type CustomObjects, isSerialized, snakeCase } from "../serialization/index.ts";
import { type FunctionalGraph, type GraphNode, nameCall } from "./functional-graph.ts";
import type { Model } from "./model.ts";
import { operationCall, operationConfig } from "./operation-registry.ts";

/** Position of a tensor as Keras writes it: layer name, number of the call, number of the output. */
type History = [name: string, call: number, output: number];

/** Configuration of a functional model: its layers, and operations between them, with the calls made of them. */
export function functionalConfig(model: Model<unknown, unknown>): Config {
  const graph = model.graph!;
  const layers = graph.operations.map((operation): Config => {
    const calls = graph.callsOf(operation).filter((node) => !node.isInput);
    if (!(operation instanceof Layer)) {
      const { json, args } = operationConfig(model.label, operation, calls[0]!.args);
      return { ...json, name: operation.name, inbound_nodes: [callConfig(graph, { ...calls[0]!, args })] };
    }
    return { ...operation.toJSON(), name: operation.name, inbound_nodes: calls.map((node) => callConfig(graph, node)) };
  });
  return {
    name: model.name,
    trainable: model.trainable,
    layers,
    input_layers: historyConfig(graph, model.inputs),
    output_layers: historyConfig(graph, model.outputs),
  };
}

function historyOf(graph: FunctionalGraph, tensor: Tensor): History {
  const { node, nodeIndex, tensorIndex } = graph.producerOf(tensor);
  return [node.operation.name, nodeIndex, tensorIndex];
}

function historyConfig(graph: FunctionalGraph, structure: unknown): unknown {
  const config = (tensor: unknown): History => {
    const [name, call, output] = historyOf(graph, tensor as Tensor);
    // Keras counts a functional model's own graph as its first call, here and only here.
    return [name, isFunctional(graph.producerOf(tensor as Tensor).node.operation) ? call + 1 : call, output];
  };
  return structure instanceof Tensor ? [config(structure)] : mapStructure(structure, config);
}

function isFunctional(operation: unknown): boolean {
  return operation instanceof Layer && operation.className === "Functional";
}

/** Keras's JSON of a tensor whose values are known. Throws ValueError for others. */
function constantConfig(where: string, tensor: Tensor): Config {
  const values = tensor.node.values[tensor.index];
  if (values === undefined)
    throw new ValueError({
      where,
      problem: "a tensor that has not been computed is an argument of a call, and cannot be written",
      advice: "await its data() before the model is made, or make it a weight of a layer",
    });
  return { class_name: "__tensor__", config: { value: nestedList([...values], tensor.shape as number[]), dtype: tensor.dtype } };
}

/** Values in row-major order as nested lists. */
function nestedList(values: readonly number[], shape: readonly number[]): unknown {
  if (shape.length === 0) return values[0];
  const [extent, ...rest] = shape as [number, ...number[]];
  const size = values.length / Math.max(1, extent);
  return Array.from({ length: extent }, (_, i) => nestedList(values.slice(i * size, (i + 1) * size), rest));
}

/** Whether a part of an index is a range. */
function isRange(value: unknown): value is { start?: number; stop?: number; step?: number } {
  return isPlainObject(value) && Object.keys(value).every((key) => ["start", "stop", "step"].includes(key));
}

function callConfig(graph: FunctionalGraph, node: GraphNode): Config {
  const indexes = !(node.operation instanceof Layer) && node.operation.callable.name === "getItem";
  const write = (value: unknown): unknown => {
    if (indexes && isRange(value))
      return { class_name: "__slice__", config: { start: value.start ?? null, stop: value.stop ?? null, step: value.step ?? null } };
    if (indexes && Array.isArray(value)) return value.map((part: unknown) => (part === null ? write({}) : write(part)));
    if (indexes && value === "newaxis") return null;
    return writeLeaves(value);
  };
  const writeLeaves = (value: unknown): unknown =>
    mapStructure(value, (leaf) => {
      if (!(leaf instanceof Tensor)) return leaf === "..." ? { class_name: "__ellipsis__", config: {} } : leaf;
      if (!isSymbolic(leaf)) return constantConfig(node.operation.name, leaf);
      return {
        class_name: "__keras_tensor__",
        config: { shape: leaf.shape, dtype: isText(leaf) ? "string" : leaf.dtype, keras_history: historyOf(graph, leaf) },
      };
    });
  const last = node.args.at(-1);
  const hasOptions = node.args.length > 1 && isPlainObject(last) && node.operation instanceof Layer;
  const args = hasOptions ? node.args.slice(0, -1) : node.args;
  const kwargs = hasOptions ? Object.fromEntries(Object.entries(last).map(([key, value]) => [snakeCase(key), write(value)])) : {};
  const given = hasOptions ? Object.keys(last).filter((key) => flattenStructure(last[key]).some((leaf) => leaf instanceof Tensor)) : [];
  return { args: args.map(write), kwargs: { ...defaultArguments(node.operation, args, given), ...kwargs } };
}

/** What Keras 3.4 writes with a call on these inputs, given or not; `tensors` names the other arguments that hold tensors. */
function defaultArguments(operation: unknown, inputs: readonly unknown[], tensors: readonly string[]): Config {
  if (!(operation instanceof Layer)) return {};
  const training = (operation.constructor as typeof Layer).defaultTraining;
  const written: Record<string, unknown> = training === null ? {} : { training };
  const { className } = operation;
  if (className === "MultiHeadAttention" || className === "GroupQueryAttention")
    for (const name of ["query_mask", "value_mask", "key_mask"].slice(0, inputs.length)) written[name] = null;
  // One mask belongs to one argument, and has its structure.
  else if (masked.has(className) && inputs.length === 1 && tensors.every((name) => name === "mask"))
    written.mask = mapStructure(inputs[0], () => null);
  return written;
}

/** Classes whose call has an argument `mask`. */
const masked: ReadonlySet<string> = new Set([
  "AdditiveAttention",
  "Attention",
  "BatchNormalization",
  "Bidirectional",
  "ConvLSTM1D",
  "ConvLSTM2D",
  "ConvLSTM3D",
  "Functional",
  "GlobalAveragePooling1D",
  "GRU",
  "LSTM",
  "RNN",
  "Sequential",
  "SimpleRNN",
  "Softmax",
  "TimeDistributed",
]);

/** What a functional model is made from. */
export interface FunctionalParts {
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly name: string;
  readonly trainable: boolean;
}

/** The parts of a functional model, made from its configuration. Throws ValueError where the configuration is broken. */
export function functionalParts(config: Config, customObjects: CustomObjects): FunctionalParts {
  const where = `Functional "${typeof config.name === "string" ? config.name : ""}"`;
  if (!Array.isArray(config.layers))
    throw new ValueError({
      where,
      problem: "the configuration has no layers",
      expected: '{ "layers": [...] }',
      received: Object.keys(config).join(", "),
    });
  const entries = config.layers as readonly Config[];
  const layers = new Map<string, Layer | ((...args: unknown[]) => unknown)>();
  const outputs = new Map<string, Tensor[][]>();
  const waiting = new Map<string, unknown[]>();
  for (const entry of entries) {
    const name = String(entry.name ?? (entry.config as Config).name);
    const layer = operationCall(entry) ?? deserializeLayer(entry, customObjects);
    layers.set(name, layer);
    outputs.set(name, layer instanceof InputLayerLayer ? [[layer.output]] : []);
    if (!(layer instanceof InputLayerLayer)) waiting.set(name, [...((entry.inbound_nodes as unknown[] | undefined) ?? [])]);
  }
  const tensorAt = ([name, call, output]: History): Tensor | undefined => {
    const calls = outputs.get(name);
    if (calls === undefined) {
      const near = nearestNames(name, layers.keys());
      throw new UnknownNameError({
        where,
        problem: "a call names a layer that does not exist",
        received: JSON.stringify(name),
        ...(near.length > 0 ? { advice: `perhaps "${near[0]!}"` } : {}),
      });
    }
    return calls[call]?.[output];
  };
  // A shared layer may stand at several depths: calls whose inputs do not exist yet wait for the next round.
  while (waiting.size > 0) {
    let progress = false;
    for (const [name, calls] of [...waiting]) {
      while (calls.length > 0) {
        const args = readCall(where, calls[0], tensorAt);
        if (args === undefined) break;
        const layer = layers.get(name)!;
        const results = flattenStructure(layer(...args)) as Tensor[];
        if (!(layer instanceof Layer)) nameCall(results, name);
        outputs.get(name)!.push(results);
        calls.shift();
        progress = true;
      }
      if (calls.length === 0) waiting.delete(name);
    }
    if (!progress && waiting.size > 0) {
      throw new ValueError({
        where,
        problem: "the calls depend on each other in a circle, or on a tensor that does not exist",
        received: [...waiting.keys()].join(", "),
      });
    }
  }
  const endpoints = (structure: unknown, what: string): unknown => {
    if (isHistory(structure)) {
      const [name, call, output] = structure;
      const ofModel = isFunctional(layers.get(name)) && what === "outputs";
      const tensor = tensorAt([name, ofModel ? call - 1 : call, output]);
      if (tensor !== undefined) return tensor;
      throw new ValueError({ where, problem: `the ${what} name a tensor that does not exist`, received: describe(structure) });
    }
    if (Array.isArray(structure)) return structure.map((part) => endpoints(part, what));
    if (isPlainObject(structure)) return Object.fromEntries(Object.entries(structure).map(([key, part]) => [key, endpoints(part, what)]));
    throw new ValueError({ where, problem: `the ${what} of the configuration are not understood`, received: describe(structure) });
  };
  const single = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value);
  return {
    inputs: single(endpoints(config.input_layers, "inputs")),
    outputs: single(endpoints(config.output_layers, "outputs")),
    name: (config.name as string | undefined) ?? autoName("Functional"),
    trainable: (config.trainable as boolean | undefined) ?? true,
  };
}

function isHistory(value: unknown): value is History {
  return (
    Array.isArray(value) &&
    value.length === 3 &&
    typeof value[0] === "string" &&
    typeof value[1] === "number" &&
    typeof value[2] === "number"
  );
}

/** What Python has and JSON has not, by Keras's names. */
const plainValues: Readonly<Record<string, (config: Config) => unknown>> = {
  __ellipsis__: () => "...",
  __numpy__: constantOf,
  __slice__: (config) => Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null)),
  __tensor__: constantOf,
  __tuple__: (config) => config.items ?? [],
};

/** A tensor of a configuration; int64 becomes int32. */
function constantOf({ value, dtype }: Config): Tensor {
  const host = hostValues("modelFromJSON", value as HostData, { dtype: (dtype === "int64" ? "int32" : dtype) as DType });
  return dataTensor(host.values, host.shape, host.dtype);
}

/** Arguments of a recorded call; undefined while a tensor does not exist yet. */
function readCall(where: string, call: unknown, tensorAt: (history: History) => Tensor | undefined): unknown[] | undefined {
  if (!isPlainObject(call) || !Array.isArray(call.args)) {
    throw new ValueError({
      where,
      problem: "a call of a layer is not understood",
      expected: '{ "args": [...], "kwargs": {...} }',
      received: describe(call),
    });
  }
  let missing = false;
  const revive = (value: unknown): unknown => {
    if (isSerialized(value) && value.class_name === "__keras_tensor__") {
      const tensor = tensorAt((value.config as { keras_history: History }).keras_history);
      missing ||= tensor === undefined;
      return tensor;
    }
    if (Array.isArray(value)) return value.map(revive);
    if (isSerialized(value) && Object.hasOwn(plainValues, value.class_name))
      return plainValues[value.class_name]!((value.config ?? {}) as Config);
    if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revive(part)]));
    return value;
  };
  const args = call.args.map(revive);
  const options = Object.fromEntries(
    Object.entries((call.kwargs ?? {}) as Config)
      .map(([key, value]): [string, unknown] => [camelCase(key), revive(value)])
      .filter(([, value]) => value !== null),
  );
  if (missing) return undefined;
  return Object.keys(options).length > 0 ? [...args, options] : args;
}
