/** Rematerialization: what a function computes on its way is computed again for its gradient instead of being kept. */
import { isFloat } from "../dtype/index.ts";
import {
  flattenTree,
  isSymbolic,
  type Node,
  parameterTensor,
  Subgraph,
  Substitution,
  Tensor,
  typeOf,
  unflattenTree,
  Variable,
} from "../graph/index.ts";
import { onceScan, reshape, withGradient, zerosLike } from "../primitives/index.ts";
import { differentiate } from "./differentiate.ts";

/** Options of `remat`. */
export interface RematOptions {
  /** Whether what gave these results is computed again. Default: always. */
  readonly when?: (results: readonly Tensor[]) => boolean;
}

/**
 * `f`, whose gradient runs it again: between the forward and the backward pass only its arguments and results are kept,
 * not what it computed in between (`keras.remat`; Chen et al. 2016, arXiv:1604.06174). Values and gradients are the same but
 * for rounding; a training step takes about a third longer, and its memory no longer grows with what is inside. Random numbers of `f` are
 * the same in both runs; variables that `f` assigns are assigned once. Of several results each runs `f` again.
 *
 * @example
 * const block = remat((x: Tensor) => ops.relu(ops.matmul(ops.relu(ops.matmul(x, w1)), w2)));
 */
export function remat<A extends readonly unknown[], R>(f: (...args: A) => R, options: RematOptions = {}): (...args: A) => R {
  return (...args) => {
    // Nodes made from here on are inside.
    const start = parameterTensor([], "float32").node.id;
    const result = f(...args);
    const outputs = flattenTree(result);
    if (outputs.some(isSymbolic) || options.when?.(outputs) === false) return result;
    const wrapped = outputs.map((y) => (isFloat(y.dtype) && y.node.id > start ? recomputed(y, start, givenIn(args)) : y));
    return unflattenTree(result, wrapped);
  };
}

function givenIn(args: readonly unknown[]): readonly Tensor[] {
  return flattenTree(args.map((arg) => (arg instanceof Variable ? arg.read() : arg)));
}

/** y, with a gradient that computes it again from what it was computed from outside. */
function recomputed(y: Tensor, start: number, given: readonly Tensor[]): Tensor {
  const border = borderOf(y, start, given);
  const sources = border.filter(({ dtype }) => isFloat(dtype));
  if (sources.length === 0) return y;
  return withGradient(y, sources, (cotangent) => {
    const stand = (tensor: Tensor): Tensor => {
      const { shape, dtype } = typeOf(tensor);
      return parameterTensor(shape, dtype);
    };
    const parameters = border.map(stand);
    const arriving = stand(cotangent);
    const again = new Substitution();
    border.forEach((tensor, i) => again.set(tensor, parameters[i]!));
    const inner = parameters.filter(({ dtype }) => isFloat(dtype));
    const found = differentiate([again.of(y)], inner, [arriving]).map((gradient, i) => gradient ?? zerosLike(inner[i]!));
    const body = new Subgraph([...parameters, arriving], found);
    // A block of its own: nothing in it is shared with the forward pass, and it runs when the cotangent is there.
    return onceScan(body, [...border, cotangent]).map((stacked, i) => reshape(stacked, inner[i]!.shape as number[]));
  });
}

/** Where the computation of y begins: tensors from before `start`, arguments, and values that come from nowhere else. */
function borderOf(y: Tensor, start: number, given: readonly Tensor[]): Tensor[] {
  const border: Tensor[] = [];
  const isGiven = new Set(given.map(({ node }) => node));
  const seen = new Set<Node>();
  const known = new Map<Node, Set<number>>();
  const pending = [y];
  while (pending.length > 0) {
    const tensor = pending.pop()!;
    const { node, index } = tensor;
    const { kind } = node.primitive.lowering;
    if (kind === "constant" || kind === "iota") continue;
    if (node.id > start && !isGiven.has(node) && kind !== "leaf" && node.inputs.length > 0) {
      if (seen.has(node)) continue;
      seen.add(node);
      pending.push(...node.inputs);
      continue;
    }
    const taken = known.get(node) ?? new Set();
    if (taken.has(index)) continue;
    known.set(node, taken.add(index));
    border.push(new Tensor(node, index));
  }
  // In the order in which they were made, so that the same function gives the same program.
  return border.sort((a, b) => a.node.id - b.node.id || a.index - b.index);
}
