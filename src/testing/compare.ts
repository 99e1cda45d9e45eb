/** Runs a graph on a back-end and compares every element with what the error analysis allows. */
import type { Backend } from "../backends/backend.ts";
import { dtypes, type TypedArray } from "../dtype/index.ts";
import { IndexError } from "../errors.ts";
import { formatShape, type NdArray, type Subgraph, typeOf } from "../graph/index.ts";
import { loadProgram } from "../runtime/load.ts";
import { type Bounded, errorBounds } from "./error-bound.ts";

/** Runs a graph at given arguments; returns the values of its results. */
export type RunGraph = (graph: Subgraph, args: readonly NdArray[]) => readonly TypedArray[] | Promise<readonly TypedArray[]>;

/** A RunGraph that compiles for a back-end (or lets it interpret), runs once and frees. */
export function runnerOf(backend: Backend): RunGraph {
  return async (graph, args) => {
    const executable = loadProgram(backend, graph, { arguments: args.length, states: 0, writtenStates: [] });
    try {
      return await executable.run({ arguments: args.map((array) => array.data), states: [], scalars: [] });
    } finally {
      executable.free();
    }
  };
}

/** What a comparison found. */
export interface Comparison {
  /** One line per result that disagrees. */
  readonly failures: readonly string[];
  /** Elements of all results, and how many of them could fall either way and were not compared. */
  readonly elements: number;
  readonly undecided: number;
}

/** Half a unit in the last place: the result itself is rounded. */
const finalRounding = {
  float32: 2 ** -24,
  float64: 2 ** -53,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
  int32: 0,
  int8: 0,
  uint8: 0,
  bool: 0,
} as const;

/** Compares what `run` gives for a graph with its exact values. */
export async function compareWithExact(run: RunGraph, graph: Subgraph, args: readonly NdArray[]): Promise<Comparison> {
  let bounds: Bounded[];
  try {
    bounds = errorBounds(graph, args);
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    return { failures: await expectIndexError(run, graph, args), elements: 0, undecided: 0 };
  }
  const results = await run(graph, args);
  const failures: string[] = [];
  let elements = 0;
  let undecided = 0;
  graph.results.forEach((result, i) => {
    const type = typeOf(result);
    const { exact, error } = bounds[i]!;
    const values = results[i];
    const name = `result ${i} ${type.dtype}${formatShape(type.shape)}`;
    if (!(values instanceof dtypes[type.dtype].array) || values.length !== error.length) {
      failures.push(`${name}: got ${values?.constructor.name ?? "nothing"} of length ${values?.length}`);
      return;
    }
    elements += error.length;
    const wrong: string[] = [];
    for (let at = 0; at < error.length; at++) {
      if (error[at] === Infinity) {
        undecided++;
        continue;
      }
      const expected = exact.data[at]!;
      const allowed = error[at]! + finalRounding[type.dtype] * Math.abs(expected);
      const got = values[at]!;
      const agrees = Number.isFinite(expected) ? Math.abs(got - expected) <= allowed : Object.is(got, expected);
      if (!agrees) wrong.push(`[${at}] ${got}, exactly ${expected} within ${allowed}`);
    }
    if (wrong.length > 0) failures.push(`${name}: ${wrong.length} elements: ${wrong.slice(0, 3).join("; ")}`);
  });
  return { failures, elements, undecided };
}

/** An index out of range is an error on every back-end. */
async function expectIndexError(run: RunGraph, graph: Subgraph, args: readonly NdArray[]): Promise<string[]> {
  try {
    await run(graph, args);
  } catch (error) {
    if (error instanceof IndexError) return [];
    throw error;
  }
  return ["an index is out of range, and no IndexError was thrown"];
}
