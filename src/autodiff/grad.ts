import { isFloat } from "../dtype/index.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { dataTensor, type HostData, hostValues, inlined, isHostData, isPlainObject, Tensor, Variable } from "../graph/index.ts";
import { gradients } from "./gradients.ts";

/** The structure of T with a gradient tensor for every tensor, variable or number in it. */
export type GradientOf<T> = T extends Tensor | Variable | HostData
  ? Tensor
  : T extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { [K in keyof T]: GradientOf<T[K]> }
    : Tensor;

/** Options of `grad` and `valueAndGrad`. */
export interface GradOptions<N extends number = number> {
  /** Which argument is differentiated. Default 0. */
  readonly argnum?: N;
}

/** Options of a `valueAndGrad` whose function gives more than the value. */
export interface GradWithAuxOptions<N extends number = number> extends GradOptions<N> {
  /** Whether the function gives `[value, aux]`; then so does the result, `[[value, aux], gradient]`. Default false. */
  readonly hasAux: true;
}

/**
 * The function that computes `df/dx` of a scalar `f` with respect to its first argument (or `argnum`), which may be a
 * tensor, a Variable, data, or a tree of tensors; the gradient has its structure.
 * Throws ShapeError where f's result is no float scalar, ValueError where the argument holds no tensor.
 *
 * @example
 * const slope = grad((x: Tensor) => ops.sum(ops.square(x)));
 * await slope(tensor([1, 2, 3])).array(); // [2, 4, 6]
 */
export function grad(f: () => Tensor): <V>(variables: V) => GradientOf<V>;
export function grad<A extends readonly unknown[], N extends number = 0>(
  f: (...args: A) => Tensor,
  options?: GradOptions<N>,
): (...args: A) => GradientOf<A[N]>;
export function grad(f: (...args: unknown[]) => Tensor, options: GradOptions = {}): (...args: unknown[]) => unknown {
  const both = valueAndGrad(f, options);
  return (...args) => both(...args)[1];
}

/**
 * Like `grad`, but the function gives `[value, gradient]`. A function without arguments reads the variables that it is
 * differentiated by.
 *
 * @example
 * const weights = model.trainableWeights;
 * const [loss, slopes] = valueAndGrad(() => lossFn(y, model(x, { training: true })))(weights);
 * optimizer.apply(slopes, weights);
 */
export function valueAndGrad(f: () => Tensor): <V>(variables: V) => [value: Tensor, gradient: GradientOf<V>];
export function valueAndGrad<X>(
  f: () => readonly [Tensor, X],
  options: GradWithAuxOptions,
): <V>(variables: V) => [value: [Tensor, X], gradient: GradientOf<V>];
export function valueAndGrad<A extends readonly unknown[], X, N extends number = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: GradWithAuxOptions<N>,
): (...args: A) => [value: [Tensor, X], gradient: GradientOf<A[N]>];
export function valueAndGrad<A extends readonly unknown[], N extends number = 0>(
  f: (...args: A) => Tensor,
  options?: GradOptions<N>,
): (...args: A) => [value: Tensor, gradient: GradientOf<A[N]>];
export function valueAndGrad(
  f: (...args: unknown[]) => unknown,
  options: GradOptions & { readonly hasAux?: boolean } = {},
): (...args: unknown[]) => [unknown, unknown] {
  const argnum = options.argnum ?? 0;
  return (...args) => {
    const given = args.map((arg, i) => (i === argnum ? asTree(arg) : arg));
    const tree = given[argnum];
    const xs = leavesOf(tree);
    if (xs.length === 0) {
      throw new ValueError({
        where: "grad",
        problem: `argument ${argnum} holds no tensor to differentiate by`,
        expected: "a Tensor, a Variable, data, or arrays and objects of tensors",
        received: `${args.length} arguments`,
        advice: "name another argument: grad(f, { argnum })",
      });
    }
    // The same arguments, but for data that became a tensor.
    const result = inlined(() => f(...given));
    const value: unknown = options.hasAux === true && Array.isArray(result) ? result[0] : result;
    if (!(value instanceof Tensor)) {
      throw new ValueError({
        where: "grad",
        problem: "the function's result is no tensor",
        expected: options.hasAux === true ? "[value, aux] with a float scalar first" : "a float tensor of shape []",
        received: Array.isArray(value) ? "a list" : value === null ? "null" : typeof value,
        ...(Array.isArray(value) ? { advice: "with { hasAux: true } the function may give [value, aux]" } : {}),
      });
    }
    if (value.rank !== 0 || !isFloat(value.dtype)) {
      throw new ShapeError({
        where: "grad",
        problem: "the function's result is no float scalar",
        expected: "a float tensor of shape []",
        received: value.toString(),
        advice: "reduce it (ops.sum, ops.mean), or use jacobian(f)",
      });
    }
    const found = gradients([value], xs);
    let next = 0;
    return [result, replaceLeaves(tree, () => found[next++]!)];
  };
}

/** Data as a tensor; anything else as it is. */
function asTree(arg: unknown): unknown {
  if (arg instanceof Tensor || arg instanceof Variable || leavesOf(arg).length > 0 || !isHostData(arg)) return arg;
  const host = hostValues("grad", arg, {});
  return dataTensor(host.values, host.shape, host.dtype);
}

function leavesOf(tree: unknown): (Tensor | Variable)[] {
  const leaves: (Tensor | Variable)[] = [];
  replaceLeaves(tree, (leaf) => leaves.push(leaf));
  return leaves;
}

/** A copy of the arrays and objects of `tree` with its tensors and variables replaced. */
function replaceLeaves(tree: unknown, replace: (leaf: Tensor | Variable) => unknown): unknown {
  if (tree instanceof Tensor || tree instanceof Variable) return replace(tree);
  if (Array.isArray(tree)) return tree.map((part: unknown) => replaceLeaves(part, replace));
  if (isPlainObject(tree)) return Object.fromEntries(Object.keys(tree).map((key) => [key, replaceLeaves(tree[key], replace)]));
  return tree;
}
