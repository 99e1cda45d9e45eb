/** Compares a back-end with the exact meaning of random graphs. */
import type { Backend } from "../backends/backend.ts";
import { type NdArray, Subgraph } from "../graph/index.ts";
import { compareWithExact, type RunGraph, runnerOf } from "./compare.ts";
import { randomGraph } from "./random-graph.ts";
import { type Example, printGraph, shrink } from "./shrink.ts";

/** What a series of graphs showed. */
export interface FuzzReport {
  /** Per seed that failed: what disagreed, and the smallest part of the graph that still does. */
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
    if (found.length > 0) failures.push(`seed ${seed}: ${found.join("\n  ")}\n${await smallest(run, graph, values)}`);
  }
  return { failures, graphs, elements, undecided };
}

/** The smallest part that still disagrees, printed. */
async function smallest(run: RunGraph, graph: Subgraph, values: readonly NdArray[]): Promise<string> {
  const fails = async (example: Example): Promise<boolean> => {
    try {
      return (await compareWithExact(run, example.graph, example.values)).failures.length > 0;
    } catch {
      return true;
    }
  };
  const example = await shrink({ graph, values }, fails);
  return printGraph(example.graph);
}
