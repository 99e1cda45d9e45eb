/** Structures: tensors (or anything else) in lists and objects, as layers and models take and give them. */

/** A value, or lists and plain objects of structures of it. */
export type Structure<T> = T | readonly Structure<T>[] | { readonly [key: string]: Structure<T> };

/** Whether a value is an object literal: the kind that carries options, or values by name. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Leaves in order: list order, and for objects the sorted order of keys (Keras's). What is no list and no object literal is a leaf. */
export function flattenStructure(structure: unknown): unknown[] {
  if (Array.isArray(structure)) return structure.flatMap(flattenStructure);
  if (isPlainObject(structure)) return Object.keys(structure).sort().flatMap((key) => flattenStructure(structure[key]));
  return [structure];
}

/** The same structure with every leaf replaced. Visits leaves in the order of `flattenStructure`; objects keep their key order. */
export function mapStructure(structure: unknown, f: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(structure)) return structure.map((part) => mapStructure(part, f));
  if (isPlainObject(structure)) {
    const mapped = new Map(Object.keys(structure).sort().map((key) => [key, mapStructure(structure[key], f)]));
    return Object.fromEntries(Object.keys(structure).map((key) => [key, mapped.get(key)]));
  }
  return f(structure);
}

/** `structure` with its leaves replaced by `leaves`, in the order of `flattenStructure`. */
export function packStructure(structure: unknown, leaves: readonly unknown[]): unknown {
  let position = 0;
  return mapStructure(structure, () => leaves[position++]);
}
