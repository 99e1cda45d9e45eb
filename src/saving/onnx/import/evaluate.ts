/** Values of graphs that do not depend on any input, computed at once by the primitives' references. */
import { InternalError } from "../../../errors.ts";
import { dataTensor, type NdArray, type Node, type Subgraph, type Tensor } from "../../../graph/index.ts";

/** The elements of tensors whose leaves are all given data. Throws InternalError where one is not. */
export function evaluateTensors(tensors: readonly Tensor[], bound: ReadonlyMap<Node, NdArray> = new Map()): NdArray[] {
  const values = new Map<Node, readonly NdArray[]>();
  for (const [node, array] of bound) values.set(node, [array]);
  const stack = tensors.map(({ node }) => node);
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    if (values.has(node)) {
      stack.pop();
      continue;
    }
    const data = node.values[0];
    if (data !== undefined && node.types.length === 1) {
      values.set(node, [{ ...node.types[0]!, data }]);
      continue;
    }
    if (node.primitive.lowering.kind === "leaf")
      throw new InternalError(node.primitive.name, "a constant depends on a value that is not known");
    const waiting = node.inputs.filter((input) => !values.has(input.node)).map((input) => input.node);
    if (waiting.length > 0) {
      stack.push(...waiting);
      continue;
    }
    const inputs = node.inputs.map((input) => values.get(input.node)![input.index]!);
    values.set(node, node.primitive.reference(inputs, node.attributes, node.types, runBody));
    stack.pop();
  }
  return tensors.map((tensor) => values.get(tensor.node)![tensor.index]!);
}

function runBody(graph: Subgraph, inputs: readonly NdArray[]): NdArray[] {
  return evaluateTensors(graph.results, new Map(graph.parameters.map((parameter, i) => [parameter.node, inputs[i]!])));
}

/** What a function gives for arrays, by the references. */
export function evaluateReference(inputs: readonly NdArray[], f: (tensors: readonly Tensor[]) => readonly Tensor[]): NdArray[] {
  return evaluateTensors(f(inputs.map(({ data, shape, dtype }) => dataTensor(data, shape, dtype))));
}
