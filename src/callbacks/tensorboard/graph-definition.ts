/** The operations of a model as TensorFlow's GraphDef, for TensorBoard's graph view (tensorflow/core/framework/graph.proto). */
import type { DType } from "../../dtype/index.ts";
import { isSymbolic, type Node, parameterTensor, Tensor, trace } from "../../graph/index.ts";
import { flattenStructure, mapStructure } from "../../layers/structure.ts";
import { Message } from "./message.ts";
import { shapeMessage } from "./summaries.ts";

/** A model that can be traced. */
export interface TraceableModel {
  readonly name: string;
  /** The symbolic inputs in their structure. */
  readonly inputs: unknown;
  /** The forward pass. */
  predictStep(data: { readonly x: unknown; readonly y: null; readonly sampleWeight: null }): unknown;
}

const dtypeNumbers: Readonly<Record<DType, number>> = {
  float32: 1, float64: 2, float16: 19, bfloat16: 14, int32: 3, uint8: 4, int8: 6, bool: 10,
}; // prettier-ignore

/** `lenet/Dense "head"` as a path of names: `lenet/head`. */
function pathOf(scope: string): string {
  const parts = scope.split("/").map((part) => /"(.*)"$/.exec(part)?.[1] ?? part);
  return parts.map((part) => part.replace(/[^A-Za-z0-9_.-]/g, "_")).join("/");
}

/** The graph of the forward pass for a batch of one; null where the model has no symbolic inputs. Weights are nodes of their own. */
export function graphDefinition(model: TraceableModel): Message | null {
  const symbolic = flattenStructure(model.inputs ?? []);
  if (symbolic.length === 0 || !symbolic.every((leaf) => leaf instanceof Tensor && isSymbolic(leaf))) return null;
  const inputs: Tensor[] = [];
  const x = mapStructure(model.inputs, (leaf) => {
    const { shape, dtype } = leaf as Tensor;
    const input = parameterTensor(
      shape.map((extent) => extent ?? 1),
      dtype,
    );
    inputs.push(input);
    return input;
  });
  const traced = trace(() => model.predictStep({ x, y: null, sampleWeight: null }));

  const nodes = new Set<Node>();
  const pending = (flattenStructure(traced.result) as Tensor[]).map((output) => output.node);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (nodes.has(node)) continue;
    nodes.add(node);
    for (const input of node.inputs) pending.push(input.node);
  }
  const names = new Map<Node, string>();
  const used = new Map<string, number>();
  const name = (node: Node, wanted: string): void => {
    const count = used.get(wanted) ?? 0;
    used.set(wanted, count + 1);
    names.set(node, count === 0 ? wanted : `${wanted}_${count}`);
  };
  inputs.forEach((input, i) => name(input.node, `input_${i + 1}`));
  for (const [variable, leaf] of traced.reads) if (nodes.has(leaf.node)) name(leaf.node, variable.path);
  const ordered = [...nodes].sort((a, b) => a.id - b.id);
  for (const node of ordered) {
    if (names.has(node)) continue;
    const path = pathOf(node.scope);
    name(node, path === "" ? node.primitive.name : `${path}/${node.primitive.name}`);
  }
  const graph = new Message();
  for (const node of ordered) {
    const message = new Message().bytes(1, names.get(node)!).bytes(2, node.primitive.name);
    for (const input of node.inputs)
      message.bytes(3, input.index === 0 ? names.get(input.node)! : `${names.get(input.node)!}:${input.index}`);
    const shapes = new Message();
    for (const type of node.types) shapes.bytes(7, shapeMessage(type.shape));
    attribute(message, "_output_shapes", new Message().bytes(1, shapes));
    attribute(message, "T", new Message().integer(6, node.types.length === 0 ? 1 : dtypeNumbers[node.types[0]!.dtype]));
    graph.bytes(1, message);
  }
  // VersionDef: the producer that TensorFlow 2 writes.
  return graph.bytes(4, new Message().integer(1, 987));
}

/** An entry of the map of attributes. */
function attribute(node: Message, key: string, value: Message): void {
  node.bytes(5, new Message().bytes(1, key).bytes(2, value));
}
