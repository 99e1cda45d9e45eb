/** Reverse accumulation: cotangents of outputs to cotangents of inputs, graph to graph. */
import { isFloat } from "../dtype/index.ts";
import { InternalError, StateError } from "../errors.ts";
import { formatShape, type Node, sameShape, Tensor, withScope } from "../graph/index.ts";
import { add } from "../primitives/index.ts";

/** What the user called the node: its layer or operation, else its primitive. */
function nameOf(node: Node): string {
  return node.scope === "" ? node.primitive.name : node.scope;
}

/**
 * Nodes through which `ys` depend differentiably on `xs`, newest first. A node is made after its inputs, so that the
 * id orders the graph, and nothing older than the oldest x depends on one: the walk never goes there.
 */
function pathsBetween(ys: readonly Tensor[], xs: readonly Tensor[]): Node[] {
  const oldest = xs.reduce((least, x) => Math.min(least, x.node.id), Infinity);
  const seen = new Set<Node>();
  const pending = ys.map((y) => y.node);
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (node.id < oldest || seen.has(node)) continue;
    seen.add(node);
    if (node.primitive.gradient === null) continue;
    for (const input of node.inputs) if (isFloat(input.dtype)) pending.push(input.node);
  }
  const sources = new Set(xs.map((x) => x.node));
  const depends = new Set<Node>();
  for (const node of [...seen].sort((a, b) => a.id - b.id)) {
    const through =
      node.primitive.gradient !== null &&
      // What was cut off below a cut node may hold an x: assume so, and complain where a cotangent gets there.
      (mayHideAnX(node, oldest) || node.inputs.some((input) => isFloat(input.dtype) && depends.has(input.node)));
    if (through || sources.has(node)) depends.add(node);
  }
  return [...depends].reverse();
}

function mayHideAnX(node: Node, oldest: number): boolean {
  return node.cut && oldest < node.id;
}

/**
 * Cotangents of `xs` for the given cotangents of `ys` (undefined: none); null where none arrives. Each rule runs once,
 * with the sum of what flowed back to the node's outputs. Only paths that reach an x are followed.
 * Throws StateError, naming the operation, where a cotangent comes to a node whose inputs were dropped.
 */
export function differentiate(
  ys: readonly Tensor[],
  xs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): (Tensor | null)[] {
  if (xs.length === 0) return [];
  const paths = pathsBetween(ys, xs);
  const onPath = new Set(paths);
  const sources = new Set(xs.map((x) => x.node));
  const oldest = xs.reduce((least, x) => Math.min(least, x.node.id), Infinity);

  const arrived = new Map<Node, (Tensor | undefined)[]>();
  const send = (to: Tensor, cotangent: Tensor): void => {
    if (!onPath.has(to.node)) return;
    const sums = arrived.get(to.node) ?? [];
    const before = sums[to.index];
    sums[to.index] = before === undefined ? cotangent : add(before, cotangent);
    arrived.set(to.node, sums);
  };
  ys.forEach((y, i) => {
    const cotangent = cotangents[i];
    if (cotangent !== undefined && isFloat(y.dtype)) send(y, cotangent);
  });

  for (const node of paths) {
    const sums = arrived.get(node);
    if (sums === undefined) continue;
    // Kept for the end where the node is an x; else its cotangents are done with.
    if (!sources.has(node)) arrived.delete(node);
    const rule = node.primitive.gradient;
    if (rule === null) continue;
    if (mayHideAnX(node, oldest)) {
      throw new StateError({
        where: nameOf(node),
        problem: "a gradient would have to cross this operation, whose inputs were dropped",
        expected: "a path of operations that the graph still holds",
        received: "a long chain of values that were read, cut at its old end",
        advice: "take gradients before reading so many steps of the chain, or stop them with stopGradient",
      });
    }
    const needed = node.inputs.map((input) => isFloat(input.dtype) && onPath.has(input.node));
    if (!needed.includes(true)) continue;
    withScope(`gradient of ${nameOf(node)}`, () => {
      const outputs = node.types.map((_, index) => new Tensor(node, index));
      const given = node.types.map((_, index) => sums[index]);
      const { inputs, attributes } = node;
      rule({ inputs, outputs, attributes, cotangents: given, needed, differentiate }).forEach((cotangent, i) => {
        const input = inputs[i];
        if (cotangent === null || !needed[i] || input === undefined) return;
        checkCotangent(node, input, cotangent);
        send(input, cotangent);
      });
    });
  }
  return xs.map((x) => arrived.get(x.node)?.[x.index] ?? null);
}

function checkCotangent(node: Node, input: Tensor, cotangent: Tensor): void {
  if (sameShape(input.shape, cotangent.shape) && input.dtype === cotangent.dtype) return;
  throw new InternalError(
    `gradient of ${nameOf(node)}`,
    `the rule of ${node.primitive.name} gave a cotangent of another type than its input, ${input.dtype} ${formatShape(input.shape)}`,
    `${cotangent.dtype} ${formatShape(cotangent.shape)}`,
  );
}
