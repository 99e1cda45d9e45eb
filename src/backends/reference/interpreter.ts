/** Interprets graphs node by node with the primitives' reference meaning. */
import { InternalError } from "../../errors.ts";
import { type NdArray, type Node, Subgraph, type Tensor, typeOf, withScope } from "../../graph/index.ts";

/** One node to run, and which values nobody needs after it. */
interface Step {
  readonly node: Node;
  /** Values whose last use this step is. */
  readonly frees: readonly Node[];
}

/** A graph in running order. */
interface Plan {
  readonly graph: Subgraph;
  readonly steps: readonly Step[];
  /** Values that are there before the first step: given data, and nodes that have been read. */
  readonly given: ReadonlyMap<Node, readonly (NdArray | undefined)[]>;
}

const plans = new WeakMap<Subgraph, Plan>();

/** Inputs whose values the node computes from. An identity computes from its first one only; the others matter to gradients. */
function operands(node: Node): readonly Tensor[] {
  return node.primitive.lowering.kind === "identity" ? node.inputs.slice(0, 1) : node.inputs;
}

function planOf(graph: Subgraph): Plan {
  const known = plans.get(graph);
  if (known !== undefined) return known;

  const bound = new Map<Node, Set<number>>();
  for (const parameter of graph.parameters) {
    const outputs = bound.get(parameter.node) ?? new Set();
    bound.set(parameter.node, outputs.add(parameter.index));
  }
  const given = new Map<Node, (NdArray | undefined)[]>();
  const needed = new Set<Node>();
  const pending = [...graph.results];
  while (pending.length > 0) {
    const tensor = pending.pop()!;
    const { node, index } = tensor;
    if (bound.get(node)?.has(index) || given.get(node)?.[index] !== undefined) continue;
    const values = node.values[index];
    if (values !== undefined) {
      const outputs = given.get(node) ?? [];
      outputs[index] = { ...typeOf(tensor), data: values };
      given.set(node, outputs);
      continue;
    }
    if (needed.has(node)) continue;
    needed.add(node);
    pending.push(...operands(node));
  }

  // A node is made after its inputs, so ids are a topological order.
  const order = [...needed].sort((a, b) => a.id - b.id);
  const lastUse = new Map<Node, number>();
  order.forEach((node, position) => {
    lastUse.set(node, position);
    for (const input of operands(node)) lastUse.set(input.node, position);
  });
  for (const result of graph.results) lastUse.delete(result.node);
  const frees: Node[][] = order.map(() => []);
  for (const [node, position] of lastUse) frees[position]!.push(node);
  const plan: Plan = { graph, steps: order.map((node, position) => ({ node, frees: frees[position]! })), given };
  plans.set(graph, plan);
  return plan;
}

/**
 * Runs `graph` with `args` for its parameters, one node per step of the generator; returns the values of the results.
 * Values are dropped after their last use. Throws what a primitive's meaning throws (IndexError), naming the node's scope.
 */
export function* interpretSteps(graph: Subgraph, args: readonly NdArray[]): Generator<void, NdArray[]> {
  const plan = planOf(graph);
  const values = new Map<Node, (NdArray | undefined)[]>();
  for (const [node, outputs] of plan.given) values.set(node, [...outputs]);
  graph.parameters.forEach((parameter, i) => {
    const outputs = values.get(parameter.node) ?? [];
    outputs[parameter.index] = args[i];
    values.set(parameter.node, outputs);
  });
  const valueOf = (tensor: Tensor): NdArray => {
    const value = values.get(tensor.node)?.[tensor.index];
    if (value === undefined) throw new InternalError("reference back-end", `no value for ${tensor.node.primitive.name}`, tensor.toString());
    return value;
  };
  for (const { node, frees } of plan.steps) {
    const inputs = operands(node).map(valueOf);
    const outputs = withScope(node.scope === "" ? node.primitive.name : node.scope, () =>
      node.primitive.reference(inputs, node.attributes, node.types, interpret),
    );
    // Outputs that are bound or given keep their value.
    const before = values.get(node);
    values.set(node, before === undefined ? [...outputs] : outputs.map((output, i) => before[i] ?? output));
    for (const dead of frees) values.delete(dead);
    yield;
  }
  return graph.results.map(valueOf);
}

/** `interpretSteps` in one go. */
export function interpret(graph: Subgraph, args: readonly NdArray[]): NdArray[] {
  const steps = interpretSteps(graph, args);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Values of tensors whose leaves all have values. For tests; the arrays may be shared with the graph. */
export function evaluate(tensors: readonly Tensor[]): NdArray[] {
  return interpret(new Subgraph([], tensors), []);
}
