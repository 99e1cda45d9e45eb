/**
 * The structure of a graph: what two graphs must share to be the same program. Leaves are named by whoever asks
 * (arguments, states, run-time scalars), so that values are no part of it; identities vanish; order is that of need.
 */
import { InternalError } from "../errors.ts";
import { Subgraph } from "./subgraph.ts";
import { type Attribute, Node, Tensor, type TensorType } from "./tensor.ts";

/** A node that has to run, and where its inputs come from (`references` as in `Structure.reference`). */
export interface StructureNode {
  readonly node: Node;
  readonly inputs: readonly string[];
}

/** What a set of roots needs, in topological order. */
export interface Structure {
  readonly nodes: readonly StructureNode[];
  /** Reference of each root: a leaf's name, or `position.output` of an entry of `nodes`. */
  readonly roots: readonly string[];
  /** Text of the nodes, equal where the graphs are. Types of leaves are not in it. */
  readonly text: string;
}

/**
 * Walks from `roots` to the leaves. `leaf` gives the name of a tensor that needs no running (a name must not look like
 * a number), or undefined; it is asked once per tensor that is reached. Nodes without inputs that are no leaves are constants.
 * Iterative: a graph may be deeper than the stack.
 */
export function structureOf(roots: readonly Tensor[], leaf: (tensor: Tensor) => string | undefined): Structure {
  const references = new Map<Node, (string | undefined)[]>();
  const nodes: StructureNode[] = [];
  const texts: string[] = [];
  const known = (tensor: Tensor): string | undefined => references.get(tensor.node)?.[tensor.index];
  const note = (tensor: Tensor, reference: string): void => {
    let list = references.get(tensor.node);
    if (list === undefined) references.set(tensor.node, (list = []));
    list[tensor.index] = reference;
  };
  const stack: { readonly tensor: Tensor; next: number }[] = [];
  const step = (): void => {
    const top = stack[stack.length - 1]!;
    const { tensor } = top;
    const node = tensor.node;
    if (top.next === 0) {
      const name = known(tensor) ?? leaf(tensor);
      if (name !== undefined) {
        note(tensor, name);
        stack.pop();
        return;
      }
    }
    const identity = node.primitive.lowering.kind === "identity";
    const count = identity ? 1 : node.inputs.length;
    if (identity && node.inputs.length === 0)
      throw new InternalError("structureOf", `an identity without input (${node.primitive.name}) is no leaf`);
    while (top.next < count) {
      const input = node.inputs[top.next++]!;
      if (known(input) === undefined) {
        stack.push({ tensor: input, next: 0 });
        return;
      }
    }
    stack.pop();
    if (identity) {
      note(tensor, known(node.inputs[0]!)!);
      return;
    }
    const inputs = node.inputs.map((input) => known(input)!);
    const list = references.get(node) ?? [];
    for (let index = 0; index < node.types.length; index++) list[index] ??= `${nodes.length}.${index}`;
    references.set(node, list);
    texts.push(nodeText(node, inputs));
    nodes.push({ node, inputs });
  };
  for (const root of roots) {
    if (known(root) !== undefined) continue;
    stack.push({ tensor: root, next: 0 });
    while (stack.length > 0) step();
  }
  return { nodes, roots: roots.map((root) => known(root)!), text: texts.join("") };
}

function nodeText(node: Node, inputs: readonly string[]): string {
  let text = `${node.primitive.name}(${inputs.join(",")})`;
  for (const key of Object.keys(node.attributes)) text += `${key}:${attributeText(node.attributes[key])},`;
  if (inputs.length === 0) text += node.types.map(typeText).join(",");
  // What can fail at run time carries the user's name for it, so that another layer's program does not report for it.
  if (node.attributes["mode"] === "check") text += `@${node.scope}`;
  return `${text};`;
}

/** `float32[2,3]`. */
export function typeText(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(",")}]`;
}

function attributeText(value: Attribute): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || value === undefined || typeof value === "boolean") return String(value);
  if (value instanceof Subgraph) return `{${structuralKey(value)}}`;
  if (Array.isArray(value)) return `[${(value as readonly Attribute[]).map(attributeText).join(",")}]`;
  const record = value as { readonly [key: string]: Attribute };
  return `{${Object.keys(record)
    .map((key) => `${key}:${attributeText(record[key])}`)
    .join(",")}}`;
}

const keys = new WeakMap<Subgraph, string>();

/**
 * Canonical text of a closed graph: equal exactly where parameters' types, operations and results agree. Values of
 * constants are part of it; given data counts by identity.
 */
export function structuralKey(graph: Subgraph): string {
  let key = keys.get(graph);
  if (key === undefined) {
    const positions = new Map<Node, string>();
    graph.parameters.forEach((parameter, position) => positions.set(parameter.node, `p${position}`));
    const structure = structureOf(
      graph.results,
      ({ node, index }) => positions.get(node) ?? (node.values[index] === undefined ? undefined : `data${node.id}`),
    );
    key = `${graph.parameters.map((parameter) => typeText(parameter.node.types[parameter.index]!)).join(" ")}|${structure.text}|${structure.roots.join(",")}`;
    keys.set(graph, key);
  }
  return key;
}

/**
 * A copy of the structure over other leaves: `leaves` gives the tensor of each leaf name. Returns the tensor of any
 * reference. The copy holds none of the user's tensors.
 */
export function rebuild(structure: Structure, leaves: ReadonlyMap<string, Tensor>): (reference: string) => Tensor {
  const outputs = new Map<string, Tensor>(leaves);
  const lookUp = (reference: string): Tensor => {
    const tensor = outputs.get(reference);
    if (tensor === undefined) throw new InternalError("rebuild", `no tensor for reference ${reference}`);
    return tensor;
  };
  structure.nodes.forEach(({ node, inputs }, position) => {
    const copy = new Node(node.primitive, inputs.map(lookUp), node.attributes, node.types, node.scope);
    node.types.forEach((_, index) => outputs.set(`${position}.${index}`, new Tensor(copy, index)));
  });
  return lookUp;
}
