/** Makes a failing graph small: what matters stays, everything else becomes an argument. */
import { interpret } from "../backends/reference/index.ts";
import { formatShape, type NdArray, type Node, parameterTensor, Subgraph, Substitution, Tensor, typeOf } from "../graph/index.ts";

/** A graph with its arguments. */
export interface Example {
  readonly graph: Subgraph;
  readonly values: readonly NdArray[];
}

/** Nodes of a graph that are computed, oldest first. */
function computedNodes({ parameters, results }: Subgraph): Node[] {
  const bound = new Set(parameters.map((parameter) => parameter.node));
  const nodes = new Set<Node>();
  const pending = results.map((result) => result.node);
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (nodes.has(node) || bound.has(node)) continue;
    nodes.add(node);
    pending.push(...node.inputs.map((input) => input.node));
  }
  return [...nodes].sort((a, b) => a.id - b.id);
}

/**
 * A smaller example for which `fails` still holds: fewer results, and arguments (with the values that the reference
 * gives) in place of whatever can be computed elsewhere.
 */
export async function shrink(example: Example, fails: (example: Example) => Promise<boolean>): Promise<Example> {
  let { graph, values } = example;
  for (let i = graph.results.length - 1; i >= 0 && graph.results.length > 1; i--) {
    const fewer = { graph: new Subgraph(graph.parameters, graph.results.toSpliced(i, 1)), values };
    if (await fails(fewer)) graph = fewer.graph;
  }
  // Newest first: one cut takes everything above it away.
  const tried = new Set<number>();
  for (;;) {
    const results = new Set(graph.results.map((result) => result.node));
    const node = computedNodes(graph).findLast(
      (candidate) => !tried.has(candidate.id) && !results.has(candidate) && candidate.inputs.length > 0,
    );
    if (node === undefined) break;
    tried.add(node.id);
    const cut = cutAt({ graph, values }, node);
    if (!(await fails(cut))) continue;
    // The copies below the cut have new ids; the nodes above it keep theirs.
    ({ graph, values } = cut);
  }
  return withoutUnused({ graph, values });
}

/** The example with the outputs of `node` as arguments. */
function cutAt({ graph, values }: Example, node: Node): Example {
  const outputs = node.types.map((_, index) => new Tensor(node, index));
  const known = interpret(new Subgraph(graph.parameters, outputs), values);
  const substitution = new Substitution();
  const stands = outputs.map((output) => {
    const { shape, dtype } = typeOf(output);
    const stand = parameterTensor(shape, dtype);
    substitution.set(output, stand);
    return stand;
  });
  const results = graph.results.map((result) => substitution.of(result));
  return { graph: new Subgraph([...graph.parameters, ...stands], results), values: [...values, ...known] };
}

function withoutUnused({ graph, values }: Example): Example {
  const used = new Set<string>();
  const name = (tensor: Tensor): string => `${tensor.node.id}.${tensor.index}`;
  for (const tensor of [...graph.results, ...computedNodes(graph).flatMap((node) => node.inputs)]) used.add(name(tensor));
  const kept = graph.parameters.map((parameter) => used.has(name(parameter)));
  return {
    graph: new Subgraph(
      graph.parameters.filter((_, i) => kept[i]),
      graph.results,
    ),
    values: values.filter((_, i) => kept[i]),
  };
}

/** One line per node: `%3 = reduceSum(%2) float32[4] {"axes":[1]}`. */
export function printGraph(graph: Subgraph): string {
  const names = new Map<Node, string>();
  const nameOf = (tensor: Tensor): string => `${names.get(tensor.node) ?? "?"}${tensor.node.types.length > 1 ? `.${tensor.index}` : ""}`;
  const lines: string[] = [];
  const typesOf = (node: Node): string => node.types.map((type) => `${type.dtype}${formatShape(type.shape)}`).join(" ");
  for (const parameter of graph.parameters) {
    names.set(parameter.node, `%${names.size}`);
    lines.push(`${nameOf(parameter)} : ${typesOf(parameter.node)}`);
  }
  for (const node of computedNodes(graph)) {
    names.set(node, `%${names.size}`);
    const attributes = JSON.stringify(node.attributes, (_, value: unknown) => (value instanceof Subgraph ? "(graph)" : value));
    lines.push(`${names.get(node)} = ${node.primitive.name}(${node.inputs.map(nameOf).join(", ")}) ${typesOf(node)} ${attributes}`);
  }
  lines.push(`results ${graph.results.map(nameOf).join(", ")}`);
  return lines.join("\n");
}
