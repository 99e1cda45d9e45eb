/** Trees: tensors inside arrays and plain objects, as arguments and results of functions. */
import { Tensor } from "./tensor.ts";

/** A tensor, or arrays and plain objects of trees. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

/** Whether `value` is an object literal: what a tree may hold and `mapTree` goes into. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * `tree` with every Tensor replaced by `f(tensor)`. Arrays and plain objects are copied where something in them
 * changed, everything else (numbers, functions, class instances, typed arrays) is passed through.
 */
export function mapTree<T>(tree: T, f: (tensor: Tensor) => unknown): T {
  return mapLeaves(tree, f) as T;
}

function mapLeaves(tree: unknown, f: (tensor: Tensor) => unknown): unknown {
  if (tree instanceof Tensor) return f(tree);
  if (Array.isArray(tree)) {
    const parts: readonly unknown[] = tree;
    const mapped = parts.map((part) => mapLeaves(part, f));
    return mapped.some((part, i) => part !== parts[i]) ? mapped : parts;
  }
  if (isPlainObject(tree)) {
    let changed = false;
    const mapped: Record<string, unknown> = {};
    for (const key of Object.keys(tree)) {
      mapped[key] = mapLeaves(tree[key], f);
      changed ||= mapped[key] !== tree[key];
    }
    return changed ? mapped : tree;
  }
  return tree;
}

/** Every Tensor in `tree`, in order (arrays by position, objects by insertion). */
export function flattenTree(tree: unknown): Tensor[] {
  const out: Tensor[] = [];
  collectLeaves(tree, out);
  return out;
}

function collectLeaves(tree: unknown, out: Tensor[]): void {
  if (tree instanceof Tensor) out.push(tree);
  else if (Array.isArray(tree)) for (const part of tree as readonly unknown[]) collectLeaves(part, out);
  else if (isPlainObject(tree)) for (const key of Object.keys(tree)) collectLeaves(tree[key], out);
}

/** `tree` with its tensors, in `flattenTree`'s order, replaced by `tensors`. */
export function unflattenTree<T>(tree: T, tensors: readonly unknown[]): T {
  let position = 0;
  return mapTree(tree, () => tensors[position++]);
}
