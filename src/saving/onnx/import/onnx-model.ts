/** Models read from ONNX files. */
import type { DType } from "../../../dtype/index.ts";
import { StateError, ValueError } from "../../../errors.ts";
import { dataTensor, isPlainObject, type Shape, Tensor, Variable } from "../../../graph/index.ts";
import { flattenStructure } from "../../../layers/structure.ts";
import { Model } from "../../../models/index.ts";
import { cast } from "../../../ops/index.ts";
import type { Config } from "../../../serialization/index.ts";
import { FormatError } from "../../source.ts";
import type { FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto } from "../schema.ts";
import { bodiesOf, checkOperators, functionKey, orderNodes } from "./check-graph.ts";
import { dtypeOfElement } from "./elementwise.ts";
import { type ExternalFiles, readTensorProto } from "./read-tensor.ts";
import { GraphRunner } from "./run-graph.ts";

/** An input of an ONNX model. */
export interface OnnxInput {
  readonly name: string;
  /** Null: not known; an extent of null is open. */
  readonly shape: Shape | null;
  readonly dtype: DType;
}

/** Operands that must be known before a program is made: they stay constants. */
const staticOperands: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  Pad: [1, 2, 3],
  Resize: [1, 2, 3],
  Upsample: [1],
  Range: [0, 1, 2],
  OneHot: [1],
};
/** Operands that training leaves alone: moving statistics. */
const frozenOperands: Readonly<Record<string, readonly number[]>> = { BatchNormalization: [3, 4] };

/** Names of operands of all nodes, also in bodies, that a table lists. */
function listed(nodes: readonly NodeProto[], table: Readonly<Record<string, readonly number[]>>): Set<string> {
  const names = new Set<string>();
  const visit = (list: readonly NodeProto[]): void => {
    for (const node of list) {
      for (const i of table[node.opType ?? ""] ?? []) names.add(node.input[i] ?? "");
      for (const body of bodiesOf(node)) visit(body.node);
    }
  };
  visit(nodes);
  return names;
}

/**
 * A model from an ONNX file. It is called like every model: with one tensor, a list in the order of `inputs`, or an object
 * by name; it gives one tensor, or an object of tensors by the names of its outputs. Its weights are the initializers of
 * floating-point type, by their names; it can be trained, and written again with `exportOnnx`.
 */
export class OnnxModel extends Model<unknown, unknown> {
  static override readonly className: string = "OnnxModel";
  /** What the model takes, in order. */
  readonly signature: readonly OnnxInput[];
  /** Names of the outputs, in order. */
  readonly resultNames: readonly string[];
  /** Version of ONNX's operators that the file was written for. */
  readonly opset: number;
  /** Initializers that are weights, by name. */
  readonly parameters: ReadonlyMap<string, Variable>;
  readonly #graph: GraphProto;
  readonly #runner: GraphRunner;

  constructor(where: string, proto: ModelProto, external: ExternalFiles, name?: string) {
    super({ name: name ?? layerName(proto.graph?.name) });
    const { graph } = proto;
    if (graph === undefined) throw new FormatError({ where, problem: "the file holds no graph" });
    this.opset = proto.opsetImport.find(({ domain = "" }) => domain === "" || domain === "ai.onnx")?.version ?? 1;
    const functions = new Map<string, FunctionProto>(proto.functions.map((own) => [functionKey(own.domain, own.name), own]));
    if (graph.sparseInitializer.length > 0)
      throw new FormatError({ where, problem: "sparse initializers are not read", expected: "dense ones" });
    orderNodes(where, graph);
    for (const own of functions.values()) {
      const info = (names: readonly string[]): { name: string }[] => names.map((entry) => ({ name: entry }));
      orderNodes(where, { node: own.node, initializer: [], sparseInitializer: [], input: info(own.input), output: info(own.output) });
    }
    checkOperators(where, graph, functions);
    const initialized = new Set(graph.initializer.map((tensor) => tensor.name ?? ""));
    this.signature = graph.input.filter((input) => !initialized.has(input.name ?? "")).map((input) => inputOf(where, input));
    this.resultNames = graph.output.map((output) => output.name ?? "");
    this.parameters = weightsOf(where, graph, external);
    this.#graph = graph;
    this.#runner = new GraphRunner({ where, opset: this.opset, functions, external });
    this.built = true;
  }

  /** Names of several inputs, in the list that `call` takes; null for one. */
  override get inputs(): unknown {
    return this.signature.length === 1 ? null : this.signature.map(({ name }) => name);
  }

  override get inputSlots(): readonly OnnxInput[] {
    return this.signature;
  }

  /** Names of the outputs in the order of `flattenStructure`: that of an object's sorted keys. */
  override get outputSlots(): readonly { readonly name: string; readonly shape: null; readonly dtype: null }[] {
    return [...this.resultNames].sort().map((name) => ({ name, shape: null, dtype: null }));
  }

  override call(inputs: unknown): unknown {
    const given = this.#ordered(inputs);
    const values = new Map<string, Tensor>();
    this.signature.forEach(({ name, dtype }, i) => values.set(name, given[i]!.dtype === dtype ? given[i]! : cast(given[i]!, dtype)));
    for (const [name, variable] of this.parameters) values.set(name, variable.read());
    const outputs = this.#runner.run(this.#graph, values);
    return outputs.length === 1 ? outputs[0] : Object.fromEntries(this.resultNames.map((name, i) => [name, outputs[i]!]));
  }

  #ordered(inputs: unknown): Tensor[] {
    const names = this.signature.map(({ name }) => name);
    const given = isPlainObject(inputs) ? names.map((name) => inputs[name]) : flattenStructure(inputs);
    if (given.length === names.length && given.every((part) => part instanceof Tensor)) return given;
    throw new ValueError({
      where: this.label,
      problem: "the inputs do not fit the model",
      expected: `${names.length}: ${names.join(", ")}`,
      received: isPlainObject(inputs) ? Object.keys(inputs).join(", ") : String(given.length),
    });
  }

  override getConfig(): Config {
    throw new StateError({
      where: this.label,
      problem: "a model from an ONNX file has no configuration of layers",
      expected: "a model made of layers",
      advice: "write it with saving.exportOnnx(model, path)",
    });
  }
}

function layerName(name: string | undefined): string {
  const plain = (name ?? "").replace(/[^\w.-]+/g, "_");
  return plain === "" ? "onnx_model" : plain;
}

function inputOf(where: string, { name = "", type }: GraphProto["input"][number]): OnnxInput {
  const tensorType = type?.tensorType;
  const dtype = dtypeOfElement(tensorType?.elemType ?? 1);
  if (dtype === null)
    throw new FormatError({
      where,
      problem: `the input "${name}" holds elements that no tensor holds`,
      expected: "numbers or bool",
      received: `type ${tensorType?.elemType ?? 0}`,
    });
  const shape = tensorType?.shape?.dim.map(({ dimValue }) => (dimValue === undefined || dimValue < 0 ? null : dimValue)) ?? null;
  return { name, dtype, shape };
}

function weightsOf(where: string, graph: GraphProto, external: ExternalFiles): Map<string, Variable> {
  const fixed = listed(graph.node, staticOperands);
  const frozen = listed(graph.node, frozenOperands);
  const isWeight = ({ name = "", dims, dataType }: TensorProto): boolean =>
    !fixed.has(name) && dims.length > 0 && !dims.includes(0) && [1, 10, 11, 16].includes(dataType ?? 0);
  const weights = new Map<string, Variable>();
  for (const tensor of graph.initializer) {
    if (!isWeight(tensor)) continue;
    const { name = "" } = tensor;
    const { values, shape, dtype } = readTensorProto(where, tensor, external);
    weights.set(name, new Variable(dataTensor(values, shape, dtype), { name, path: name, trainable: !frozen.has(name) }));
  }
  return weights;
}
