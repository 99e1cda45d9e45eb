/** The same graph with float64 wherever it has float32: what a graph means without rounding. */
import { isFloat, type TypedArray } from "../dtype/index.ts";
import {
  type Attribute,
  type Attributes,
  type NdArray,
  Node,
  parameterTensor,
  Subgraph,
  Tensor,
  type TensorType,
  typeOf,
} from "../graph/index.ts";

/** The type with float64 for every float. */
export const widenType = (type: TensorType): TensorType => (isFloat(type.dtype) ? { ...type, dtype: "float64" } : type);

function widenValues(values: TypedArray): TypedArray {
  return values instanceof Float32Array ? Float64Array.from(values) : values;
}

/** An array with its float32 elements as float64; other dtypes as they are. */
export function widen(array: NdArray): NdArray {
  return { ...widenType(array), data: widenValues(array.data) };
}

function widenAttribute(value: Attribute): Attribute {
  if (value === "float32" || value === "float16" || value === "bfloat16") return "float64";
  if (value instanceof Subgraph) return inFloat64(value);
  if (Array.isArray(value)) return value.map((part: Attribute) => widenAttribute(part));
  if (typeof value === "object" && value !== null) return widenAttributes(value as Attributes);
  return value;
}

/**
 *
 */
/** Attributes with float64 for float32, loop bodies included. */
export function widenAttributes(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, widenAttribute(value)]));
}

/**
 * `graph` with every float32 value as float64, loop bodies included; `nodes`, where given, receives the node of the copy
 * for every node of the graph. Parameters are copied as parameters.
 */
export function inFloat64(graph: Subgraph, nodes: Map<Node, Node> = new Map()): Subgraph {
  const parameters = graph.parameters.map((parameter) => {
    const { shape, dtype } = widenType(typeOf(parameter));
    return parameterTensor(shape, dtype);
  });
  const bound = new Map<Node, Tensor[]>();
  graph.parameters.forEach((parameter, i) => {
    const outputs = bound.get(parameter.node) ?? [];
    outputs[parameter.index] = parameters[i]!;
    bound.set(parameter.node, outputs);
  });

  const order = new Set<Node>();
  const pending = graph.results.map((result) => result.node);
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (order.has(node)) continue;
    order.add(node);
    pending.push(...node.inputs.map((input) => input.node));
  }
  const copyOf = (tensor: Tensor): Tensor => bound.get(tensor.node)?.[tensor.index] ?? new Tensor(nodes.get(tensor.node)!, tensor.index);
  for (const node of [...order].sort((a, b) => a.id - b.id)) {
    if (node.inputs.length === 0 && bound.has(node)) continue;
    const copy = new Node(node.primitive, node.inputs.map(copyOf), widenAttributes(node.attributes), node.types.map(widenType));
    node.values.forEach((values, i) => (copy.values[i] = values === undefined ? undefined : widenValues(values)));
    nodes.set(node, copy);
  }
  return new Subgraph(parameters, graph.results.map(copyOf));
}
