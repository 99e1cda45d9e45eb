/** Compares a back-end with the exact meaning of random graphs. */
import type { Backend } from "../backends/backend.ts";
import { formatShape, type NdArray, type Node, Subgraph, Tensor, typeOf } from "../graph/index.ts";
import { compareWithExact, type RunGraph, runnerOf } from "./compare.ts";
import { randomGraph } from "./random-graph.ts";

/** What a series of graphs showed. */
export interface FuzzReport {
  /** Per seed that failed: what disagreed, and the first operation that is wrong taken by itself. */
  readonly failures: readonly string[];
  readonly graphs: number;
  readonly elements: number;
  /** Elements that could fall either way (a comparison of values within rounding of each other) and were not compared. */
  readonly undecided: number;
}

/**
 * Runs the graphs of `seeds` on `backend` and compares every element of every result with the exact value. What is
 * allowed comes from the graph and its data (error-bound.ts): a few units in the last place per operation, n eps times the sum of
 * magnitudes per sum, carried through everything behind.
 */
export async function compareOnGraphs(backend: Backend, seeds: Iterable<number>): Promise<FuzzReport> {
  const run = runnerOf(backend);
  const failures: string[] = [];
  let graphs = 0;
  let elements = 0;
  let undecided = 0;
  for (const seed of seeds) {
    const { parameters, results, values } = randomGraph(seed);
    const graph = new Subgraph(parameters, results);
    graphs++;
    let found: readonly string[];
    try {
      const comparison = await compareWithExact(run, graph, values);
      elements += comparison.elements;
      undecided += comparison.undecided;
      found = comparison.failures;
    } catch (error) {
      found = [String(error)];
    }
    if (found.length > 0) failures.push(`seed ${seed}: ${found.join("\n  ")}\n  first: ${await firstFailure(run, graph, values)}`);
  }
  return { failures, graphs, elements, undecided };
}

/** The oldest node that disagrees when it is the only result, with its operands' types. */
async function firstFailure(run: RunGraph, graph: Subgraph, values: readonly NdArray[]): Promise<string> {
  const bound = new Set(graph.parameters.map((parameter) => parameter.node));
  const nodes = new Set<Node>();
  const pending = graph.results.map((result) => result.node);
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (nodes.has(node) || bound.has(node)) continue;
    nodes.add(node);
    pending.push(...node.inputs.map((input) => input.node));
  }
  for (const node of [...nodes].sort((a, b) => a.id - b.id)) {
    const outputs = node.types.map((_, index) => new Tensor(node, index));
    let found: readonly string[];
    try {
      found = (await compareWithExact(run, new Subgraph(graph.parameters, outputs), values)).failures;
    } catch (error) {
      found = [String(error)];
    }
    if (found.length > 0) return `${describe(node)}: ${found[0]}`;
  }
  return "no node by itself: it takes several results, or what is fused";
}

function describe(node: Node): string {
  const operands = node.inputs.map((input) => {
    const { shape, dtype } = typeOf(input);
    return `${input.node.primitive.name} ${dtype}${formatShape(shape)}`;
  });
  const attributes = JSON.stringify(node.attributes, (_, value: unknown) => (value instanceof Subgraph ? "(graph)" : value));
  return `${node.primitive.name}(${operands.join(", ")}) ${attributes}`;
}
