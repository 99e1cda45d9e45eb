/** A graph as lists: what the passes of the compiler rewrite. */
import type { TypedArray } from "../dtype/index.ts";
import type { Attributes, Primitive, Subgraph, Tensor, TensorType } from "../graph/index.ts";
import { rarePasses } from "./parts.ts";

/** One operation. Values are numbered; `outputs` has one entry but for control flow. */
export interface Op {
  readonly primitive: Primitive;
  readonly attributes: Attributes;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Layer or operation the user wrote. */
  readonly scope: string;
}

/** A graph whose operations stand in topological order. */
export interface FlatGraph {
  readonly ops: Op[];
  /** Type of each value. */
  readonly types: TensorType[];
  readonly parameters: number[];
  readonly results: number[];
  /** Values that are given data. */
  readonly data: Map<number, TypedArray>;
}

/** Lists what the results of a subgraph need, in topological order. Nodes that hold values become data. */
export function flatten(graph: Subgraph): FlatGraph {
  const flat: FlatGraph = { ops: [], types: [], parameters: [], results: [], data: new Map() };
  const valuesOf = new Map<object, number[]>();
  for (const parameter of graph.parameters) {
    valuesOf.set(parameter.node, [addValue(flat, parameter.node.types[0]!)]);
    flat.parameters.push(flat.types.length - 1);
  }
  const stack: { tensor: Tensor; next: number }[] = [];
  const visit = (root: Tensor): void => {
    stack.push({ tensor: root, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const node = top.tensor.node;
      if (valuesOf.has(node)) {
        stack.pop();
        continue;
      }
      if (node.values.length > 0 && node.types.every((_, i) => node.values[i] !== undefined)) {
        const values = node.types.map((type, i) => {
          const value = addValue(flat, type);
          flat.data.set(value, node.values[i]!);
          return value;
        });
        valuesOf.set(node, values);
        stack.pop();
        continue;
      }
      if (top.next < node.inputs.length) {
        const input = node.inputs[top.next++]!;
        if (!valuesOf.has(input.node)) stack.push({ tensor: input, next: 0 });
        continue;
      }
      const outputs = node.types.map((type) => addValue(flat, type));
      valuesOf.set(node, outputs);
      flat.ops.push({
        primitive: node.primitive,
        attributes: node.attributes,
        inputs: node.inputs.map((input) => valuesOf.get(input.node)![input.index]!),
        outputs,
        scope: node.scope,
      });
      stack.pop();
    }
  };
  for (const result of graph.results) visit(result);
  for (const result of graph.results) flat.results.push(valuesOf.get(result.node)![result.index]!);
  return flat;
}

/** Adds a value and returns its number. */
export function addValue(graph: FlatGraph, type: TensorType): number {
  graph.types.push(type);
  return graph.types.length - 1;
}

/** Producer of each value (undefined for parameters and data). */
export function producers(graph: FlatGraph): (Op | undefined)[] {
  const table = new Array<Op | undefined>(graph.types.length).fill(undefined);
  for (const op of graph.ops) for (const output of op.outputs) table[output] = op;
  return table;
}

/** Drops operations whose outputs nobody needs, and what loops compute for outputs that nobody needs. */
export function withoutDeadOps(graph: FlatGraph): FlatGraph {
  const needed = new Set(graph.results);
  const kept: Op[] = [];
  for (let i = graph.ops.length - 1; i >= 0; i--) {
    if (!graph.ops[i]!.outputs.some((value) => needed.has(value))) continue;
    const given = graph.ops[i]!;
    const isScan = given.primitive.lowering.kind === "scan";
    const op = isScan ? rarePasses.get().pruneScan(given, (value) => needed.has(value)) : given;
    for (const input of op.inputs) needed.add(input);
    kept.push(op);
  }
  return { ...graph, ops: kept.reverse() };
}
