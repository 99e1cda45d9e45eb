/** Graphs of several traces of one model, side by side: the same operations, attributes and shapes per trace. */
import type { DType } from "../../../dtype/index.ts";
import { InternalError, ValueError } from "../../../errors.ts";
import type { Node } from "../../../graph/index.ts";
import { type Attribute, type Attributes, type StructureNode, structureOf, Subgraph, type Tensor } from "../../../graph/index.ts";
import type { Extent } from "./extents.ts";

/** Where an operand comes from: a leaf's name, or output `index` of the node at `position`. */
export type Reference = { readonly leaf: string } | { readonly position: number; readonly index: number };

/** Shape and dtype of a value in all traces. */
export interface AlignedType {
  readonly shape: readonly Extent[];
  readonly dtype: DType;
}

/** One operation in all traces. */
export interface AlignedNode {
  readonly name: string;
  /** The node of each trace. */
  readonly nodes: readonly Node[];
  readonly inputs: readonly Reference[];
  readonly types: readonly AlignedType[];
  readonly scope: string;
}

/** A graph in all traces. */
export interface AlignedGraph {
  readonly nodes: readonly AlignedNode[];
  readonly roots: readonly Reference[];
  readonly rootTypes: readonly AlignedType[];
}

function differs(where: string, what: string): ValueError {
  return new ValueError({
    where,
    problem: `${what} with the unknown extents of the inputs`,
    expected: "a graph of the same operations whatever the batch size",
    advice: "fix the extents of the inputs: exportOnnx(model, path, { inputShapes: [[1, 28, 28, 1]] })",
  });
}

/** `leaf` names the leaves of a trace; equal leaves of different traces get equal names. */
export function alignGraphs(
  where: string,
  roots: readonly (readonly Tensor[])[],
  leaf: (tensor: Tensor, trace: number) => string | undefined,
): AlignedGraph {
  const structures = roots.map((list, trace) => structureOf(list, (tensor) => leaf(tensor, trace)));
  const [first] = structures;
  const position = new Map<string, Reference>();
  const referenceOf = (text: string): Reference => {
    let found = position.get(text);
    if (found === undefined) {
      const match = /^(\d+)\.(\d+)$/.exec(text);
      found = match === null ? { leaf: text } : { position: Number(match[1]), index: Number(match[2]) };
      position.set(text, found);
    }
    return found;
  };
  for (const other of structures) if (other.nodes.length !== first!.nodes.length) throw differs(where, "the number of operations changes");
  const nodes = first!.nodes.map(({ node, inputs }, i): AlignedNode => {
    const all = structures.map((structure) => structure.nodes[i]!);
    const same = (other: StructureNode): boolean =>
      other.node.primitive.name === node.primitive.name &&
      other.inputs.length === inputs.length &&
      other.inputs.every((input, k) => input === inputs[k]);
    if (!all.every(same)) throw differs(`${where}: ${node.scope || node.primitive.name}`, "the operations change");
    const types = node.types.map((_, k) =>
      alignTypes(
        where,
        all.map((entry) => entry.node.types[k]!),
      ),
    );
    return { name: node.primitive.name, nodes: all.map((entry) => entry.node), inputs: inputs.map(referenceOf), types, scope: node.scope };
  });
  if (!structures.every((structure) => structure.roots.every((root, i) => root === first!.roots[i])))
    throw differs(where, "the operations change");
  return {
    nodes,
    roots: first!.roots.map(referenceOf),
    rootTypes: roots[0]!.map((_, k) =>
      alignTypes(
        where,
        roots.map((list) => list[k]!.node.types[list[k]!.index]!),
      ),
    ),
  };
}

/** Shapes of one value in all traces. */
export function alignTypes(where: string, types: readonly { readonly shape: readonly number[]; readonly dtype: DType }[]): AlignedType {
  const [first] = types;
  if (types.some(({ shape, dtype }) => shape.length !== first!.shape.length || dtype !== first!.dtype))
    throw differs(where, "the number of axes changes");
  return { dtype: first!.dtype, shape: first!.shape.map((_, axis) => types.map(({ shape }) => shape[axis]!)) };
}

function attributesOf(node: AlignedNode, key: string): Attribute[] {
  return node.nodes.map(({ attributes }: { attributes: Attributes }) => attributes[key]);
}

/** A list of numbers among the attributes, in all traces. */
export function numbersOf(node: AlignedNode, key: string): Extent[] {
  const lists = attributesOf(node, key) as (readonly number[])[];
  if (lists.some((list) => list.length !== lists[0]!.length))
    throw differs(node.scope, `the attribute ${key} of ${node.name} changes its length`);
  return lists[0]!.map((_, i) => lists.map((list) => list[i]!));
}

/** A number among the attributes, in all traces. */
export function numberOf(node: AlignedNode, key: string): Extent {
  return attributesOf(node, key) as number[];
}

/** An attribute that is the same in all traces. Throws ValueError where it is not. */
export function fixed<T extends Attribute>(node: AlignedNode, key: string): T {
  const [first, ...others] = attributesOf(node, key);
  const text = JSON.stringify(first);
  if (others.every((other) => JSON.stringify(other) === text)) return first as T;
  throw differs(node.scope || node.name, `the attribute ${key} of ${node.name} changes`);
}

/** A body among the attributes, in all traces. */
export function bodiesOf(node: AlignedNode, key: string): Subgraph[] {
  const bodies = attributesOf(node, key);
  if (bodies.every((body) => body instanceof Subgraph)) return bodies;
  throw new InternalError(node.name, `the attribute ${key} is no body`);
}
