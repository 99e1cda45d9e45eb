import { isFloat } from "../dtype/index.ts";
import { DTypeError } from "../errors.ts";
import { concreteShape, type Node, parameterTensor, sizeOf, Subgraph, Substitution, type Tensor } from "../graph/index.ts";
import { convert, equal, full, iota, reshape, scan, slice } from "../primitives/index.ts";
import { Vectorizer } from "../vectorization/vectorizer.ts";
import { differentiate } from "./differentiate.ts";
import { grad } from "./grad.ts";
import { gradients } from "./gradients.ts";
import { asSource } from "./sources.ts";

/**
 * The function that computes all partial derivatives of `f` by its argument: `J[i..., j...] = d f(x)[i...] / d x[j...]`.
 * The backward pass is vectorized over the elements of the result, blocks of 64 of them one after another, so that its
 * memory is bounded; what does not depend on the element is computed once.
 * Shapes: x [d...], f(x) [s...] -> [s..., d...]. Throws DTypeError where x or f(x) is no float.
 *
 * @example
 * await jacobian((x: Tensor) => ops.square(x))(tensor([1, 2])).array(); // [[2, 0], [0, 4]]
 */
export function jacobian<X>(f: (x: X) => Tensor): (x: X) => Tensor {
  return (x) => {
    const { argument, source } = asSource("jacobian", x);
    return rows(f(argument), source);
  };
}

/**
 * The function that computes the second derivatives of a scalar `f`: `H[i..., j...] = d^2 f(x) / d x[i...] d x[j...]`, the
 * Jacobian of its gradient.
 * Shapes: x [d...], f(x) [] -> [d..., d...]. Throws ShapeError where f(x) is no scalar, DTypeError where x is no float.
 *
 * @example
 * await hessian((x: Tensor) => ops.sum(ops.square(x)))(tensor([1, 2])).array(); // [[2, 0], [0, 2]]
 */
export function hessian<X>(f: (x: X) => Tensor): (x: X) => Tensor {
  return (x) => {
    const { argument, source } = asSource("hessian", x);
    return rows(grad(f)(argument) as Tensor, source);
  };
}

/** Gradients of every element of y by x, stacked: [y..., x...]. */
function rows(y: Tensor, x: Tensor): Tensor {
  for (const tensor of [y, x]) {
    if (isFloat(tensor.dtype)) continue;
    throw new DTypeError({
      where: "jacobian",
      problem: "only floats have derivatives",
      expected: "a float argument and a float result",
      received: tensor.toString(),
      advice: "convert it to a float",
    });
  }
  const yShape = concreteShape(y);
  const shape = [...yShape, ...concreteShape(x)];
  const count = sizeOf(yShape);
  if (count === 1) return reshape(gradients([y], [x])[0]!, shape);

  const cotangent = parameterTensor(yShape, y.dtype);
  const [row] = differentiate([y], [x], [cotangent]);
  // Nothing flows back: zeros, once for every element of y.
  if (row === null || row === undefined) return full(shape, 0, x.dtype);
  const blocks = Math.ceil(count / mostRows);
  const size = Math.ceil(count / blocks);
  const vectorized = (cotangents: Tensor): Tensor => {
    const vectorizer = new Vectorizer(size);
    vectorizer.set(cotangent, { tensor: cotangents, mapped: true });
    return vectorizer.spread(row);
  };
  // One-hot cotangents; rows beyond the last element of y are zeros.
  const places = [0, 1].map((axis) => iota([blocks * size, count], axis, "int32")) as [Tensor, Tensor];
  const identity = reshape(convert(equal(...places), y.dtype), [blocks, size, ...yShape]);
  if (blocks === 1) return reshape(vectorized(reshape(identity, [size, ...yShape])), shape);
  const block = parameterTensor([size, ...yShape], y.dtype);
  const { body, constants } = closeOver(block, vectorized(block));
  const [stacked] = scan(body, { init: [], xs: [identity], constants });
  const all = reshape(stacked!, [blocks * size, ...concreteShape(x)]);
  const first = all.shape.map(() => 0);
  const kept = slice(all, first, [count, ...concreteShape(x)]);
  return reshape(kept, shape);
}

/** Rows of a Jacobian that are computed at a time. */
const mostRows = 64;

/** `result`, computed from `parameter`, as a body that takes everything else it uses as further parameters. */
function closeOver(parameter: Tensor, result: Tensor): { body: Subgraph; constants: Tensor[] } {
  // Nodes that depend on the parameter are younger than it.
  const reached = new Set<Node>();
  const pending = [result.node];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (node.id <= parameter.node.id || reached.has(node)) continue;
    reached.add(node);
    pending.push(...node.inputs.map((input) => input.node));
  }
  const dependent = new Set<Node>([parameter.node]);
  for (const node of [...reached].sort((a, b) => a.id - b.id)) {
    if (node.inputs.some((input) => dependent.has(input.node))) dependent.add(node);
  }

  const substitution = new Substitution();
  const constants: Tensor[] = [];
  const parameters: Tensor[] = [];
  const seen = new Map<Node, Set<number>>();
  for (const node of dependent) {
    for (const input of node.inputs) {
      const outputs = seen.get(input.node) ?? new Set();
      if (dependent.has(input.node) || isConstant(input.node) || outputs.has(input.index)) continue;
      seen.set(input.node, outputs.add(input.index));
      const stand = parameterTensor(concreteShape(input), input.dtype);
      substitution.set(input, stand);
      constants.push(input);
      parameters.push(stand);
    }
  }
  return { body: new Subgraph([parameter, ...parameters], [substitution.of(result)]), constants };
}

/** Constants stay inside a body, where the compiler sees them. */
function isConstant(node: Node): boolean {
  if (node.primitive.name === "broadcastInDim") return isConstant(node.inputs[0]!.node);
  return node.primitive.name === "constant" || node.primitive.name === "iota";
}
