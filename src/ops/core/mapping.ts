/** Functions over the elements of axes: maps, vectorized maps, associative scans, branches by number. */
import { ShapeError, ValueError } from "../../errors.ts";
import type { Tensor } from "../../graph/index.ts";
import { broadcastShapes, concreteShape, currentScope, flattenTree, mapTree, sizeOf, type TensorTree, unflattenTree } from "../../graph/index.ts"; // prettier-ignore
import { isPlainObject } from "../../graph/tree.ts";
import * as P from "../../primitives/index.ts";
import { vmap } from "../../vectorization/index.ts";
import { options } from "../arguments.ts";
import { asTensor, type TensorLike } from "../as-tensor.ts";
import { defineOp } from "../define-op.ts";
import { sliceAxis } from "../numpy/shaping.ts";
import { broadcast, castTo } from "../promote.ts";
import { cond, scan, type TreeLike } from "./control-flow.ts";

/** Everything in a tree as tensors; lists are lists of trees where they hold tensors, else data. */
function treeOf(tree: unknown): TensorTree {
  if (Array.isArray(tree) && flattenTree(tree).length > 0) return tree.map(treeOf);
  if (isPlainObject(tree)) return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, treeOf(value)]));
  return asTensor(tree as TensorLike);
}

/** `f` of every element along the first axis, one after another; results are stacked. Has gradients. */
export const map: <X extends TensorTree, Y extends TensorTree>(f: (x: X) => Y, xs: X | TreeLike) => Y = defineOp(
  "map",
  (f: (x: never) => TensorTree, xs: unknown): never => {
    const run = scan as (g: (carry: unknown, x: never) => readonly unknown[], init: unknown, xs: unknown) => [unknown, never];
    return run((carry, x) => [carry, f(x)], [], treeOf(xs))[1];
  },
);

/** `f` of every element along the first axis, all at once: the graph of one element is vectorized. */
export const vectorizedMap: <X extends TensorTree, Y extends TensorTree>(f: (x: X) => Y, elements: X | TreeLike) => Y = defineOp(
  "vectorizedMap",
  (f: (x: never) => TensorTree, elements: unknown): never => vmap(f as (x: TensorTree) => TensorTree)(treeOf(elements)) as never,
);

/** `branches[index](...operands)`; an index outside is the nearest inside. Only one branch runs; all give the same types. */
export const switchOp: <T extends TensorTree>(
  index: TensorLike,
  branches: readonly ((...operands: never[]) => T)[],
  ...operands: readonly unknown[]
) => T = defineOp(
  "switch",
  (index: TensorLike, branches: readonly ((...operands: never[]) => TensorTree)[], ...operands: unknown[]): never => {
    if (branches.length === 0) throw new ValueError({ where: currentScope(), problem: "there is no branch", received: "[]" });
    const at = castTo(asTensor(index), "int32");
    if (at.rank !== 0) throw new ShapeError({ where: currentScope(), problem: "the index must be a scalar", received: at.toString() });
    const choose = (from: number, to: number): TensorTree => {
      if (to - from === 1) return branches[from]!(...(operands as never[]));
      const middle = (from + to) >> 1;
      return cond(P.less(at, P.constant(middle, "int32")), () => choose(from, middle), () => choose(middle, to)); // prettier-ignore
    };
    return choose(0, branches.length) as never;
  },
);

/** Options of `associativeScan`. */
export interface AssociativeScanOptions {
  /** From the last element to the first. Default false. */
  reverse?: boolean;
  /** Default 0. */
  axis?: number;
}

/**
 * All prefixes of an associative operation along an axis: `[a, f(a, b), f(f(a, b), c), ..]`, by pairs of neighbours, in
 * about 2 log2(n) calls of `f` on whole slices (Blelloch 1990, Prefix sums and their applications).
 */
export const associativeScan: <T extends TensorTree>(
  f: (a: T, b: T) => T,
  elems: T | TreeLike,
  reverse?: boolean | AssociativeScanOptions,
  axis?: number,
) => T = defineOp(
  "associativeScan",
  (f: (a: never, b: never) => TensorTree, elems: unknown, ...rest: [(boolean | AssociativeScanOptions)?, number?]): never => {
    const { reverse = false, axis = 0 } = options<AssociativeScanOptions>(["reverse", "axis"], rest);
    const tree = treeOf(elems);
    const given = flattenTree(tree);
    const at = given.map((x) => (axis < 0 ? axis + x.rank : axis));
    const extent = given[0]?.dim(at[0]!);
    if (extent === undefined || given.some((x, i) => x.dim(at[i]!) !== extent)) {
      throw new ShapeError({
        where: currentScope(),
        problem: "the arrays have different numbers of elements",
        expected: `one extent along axis ${axis}`,
        received: given.map(String).join(", "),
      });
    }
    const combine = (a: readonly Tensor[], b: readonly Tensor[]): Tensor[] =>
      flattenTree(f(unflattenTree(tree, a) as never, unflattenTree(tree, b) as never));
    const cut = (xs: readonly Tensor[], from: number, to: number, step = 1): Tensor[] =>
      xs.map((x, i) => sliceAxis(x, at[i]!, from, Math.max(from, to), step));
    const prefixes = (xs: readonly Tensor[]): Tensor[] => {
      const n = xs[0]!.dim(at[0]!);
      if (n < 2) return [...xs];
      const odd = prefixes(combine(cut(xs, 0, n - 1, 2), cut(xs, 1, n, 2)));
      const count = odd[0]!.dim(at[0]!);
      const later = n > 2 ? combine(cut(odd, 0, n % 2 === 0 ? count - 1 : count), cut(xs, 2, n, 2)) : null;
      const even = cut(xs, 0, 1).map((x, i) => (later === null ? x : P.concatenate([x, later[i]!], at[i]!)));
      return even.map((x, i) => interleaved(x, odd[i]!, at[i]!));
    };
    const turned = (xs: readonly Tensor[]): Tensor[] => (reverse ? xs.map((x, i) => P.reverse(x, [at[i]!])) : [...xs]);
    return unflattenTree(tree, turned(prefixes(turned(given)))) as never;
  },
);

/** x0, y0, x1, y1, ..: one of x more than of y where they differ. */
function interleaved(x: Tensor, y: Tensor, axis: number): Tensor {
  const spaced = (t: Tensor, first: number, last: number): Tensor => {
    const none = concreteShape(t).map(() => 0);
    const only = (value: number): number[] => none.map((_, a) => (a === axis ? value : 0));
    return P.pad(t, P.constant(0, t.dtype), only(first), only(last), only(1));
  };
  const [n, m] = [x.dim(axis), y.dim(axis)];
  const [a, b] = [spaced(x, 0, n === m ? 1 : 0), spaced(y, 1, n === m ? 0 : 1)];
  const place = P.iota(concreteShape(a), axis, "int32");
  const isOdd = P.equal(
    P.and(place, broadcast(P.constant(1, "int32"), concreteShape(a))),
    broadcast(P.constant(1, "int32"), concreteShape(a)),
  );
  return P.select(isOdd, b, a);
}

/** Options of `vectorize`. */
export interface VectorizeOptions {
  /** Positions of arguments that are passed as they are. */
  excluded?: readonly number[] | null;
  /** Axes that one call takes and gives, as in "(m,n),(n)->(m)". Default null: scalars. */
  signature?: string | null;
}

/** Names of the axes of each argument and result of a signature. */
function parse(signature: string): { inputs: string[][]; outputs: string[][] } {
  const parts = signature.replace(/\s/g, "").split("->");
  const groups = (text: string): string[][] =>
    [...text.matchAll(/\(([^)]*)\)/g)].map(([, names]) => names!.split(",").filter((name) => name !== ""));
  if (parts.length !== 2 || !/^(\([\w,]*\),?)*$/.test(parts[0]!) || !/^(\([\w,]*\),?)+$/.test(parts[1]!)) {
    throw new ValueError({
      where: currentScope(),
      problem: "the signature is malformed",
      expected: 'one such as "(m,n),(n)->(m)"',
      received: JSON.stringify(signature),
    });
  }
  return { inputs: groups(parts[0]!), outputs: groups(parts[1]!) };
}

/**
 * The function that applies `f` (of scalars, or of what the signature says) to all elements of its arguments, which
 * broadcast. Vectorized, not looped.
 *
 * @example
 * const hypotenuse = ops.vectorize((a, b) => ops.sqrt(ops.add(ops.square(a), ops.square(b))));
 */
export function vectorize<R extends Tensor | readonly Tensor[]>(
  f: (...args: Tensor[]) => R,
  { excluded = null, signature = null }: VectorizeOptions = {},
): (...args: TensorLike[]) => R {
  return defineOp("vectorize", (...args: TensorLike[]): R => {
    const core = signature === null ? null : parse(signature);
    const isPassed = (position: number): boolean => excluded?.includes(position) ?? false;
    const positions = args.map((_, i) => i).filter((i) => !isPassed(i));
    if (core !== null && core.inputs.length !== positions.length) {
      throw new ValueError({
        where: currentScope(),
        problem: "the signature is of another number of arguments",
        expected: String(core.inputs.length),
        received: String(positions.length),
      });
    }
    const tensors = positions.map((i) => asTensor(args[i]!));
    const ranks = tensors.map((_, i) => core?.inputs[i]!.length ?? 0);
    const loops = tensors.map((t, i) => concreteShape(t).slice(0, t.rank - ranks[i]!));
    const lead = broadcastShapes(currentScope(), ...loops);
    const count = sizeOf(lead);
    const rows = tensors.map((t, i) => {
      const own = concreteShape(t).slice(t.rank - ranks[i]!);
      return P.reshape(broadcast(t, [...lead, ...own]), [count, ...own]);
    });
    const one = (...xs: Tensor[]): R => {
      const all = args.map((arg) => asTensor(arg));
      positions.forEach((position, i) => (all[position] = xs[i]!));
      return f(...all);
    };
    return mapTree(vmap(one)(...rows), (y: Tensor) => P.reshape(y, [...lead, ...concreteShape(y).slice(1)]));
  });
}
