/** Structures: tensors (or anything else) in lists and objects, as layers and models take and give them. */

import { isPlainObject, type Shape } from "../graph/index.ts";

/** A value, or lists and plain objects of structures of it. */
export type Structure<T> = T | readonly Structure<T>[] | { readonly [key: string]: Structure<T> };

/** Leaves in order: list order, and for objects the sorted order of keys (Keras's). What is no list and no object literal is a leaf. */
export function flattenStructure(structure: unknown): unknown[] {
  if (Array.isArray(structure)) return structure.flatMap(flattenStructure);
  if (isPlainObject(structure))
    return Object.keys(structure)
      .sort()
      .flatMap((key) => flattenStructure(structure[key]));
  return [structure];
}

/** The same structure with every leaf replaced. Visits leaves in the order of `flattenStructure`; objects keep their key order. */
export function mapStructure(structure: unknown, f: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(structure)) return structure.map((part) => mapStructure(part, f));
  if (isPlainObject(structure)) {
    const mapped = new Map(
      Object.keys(structure)
        .sort()
        .map((key) => [key, mapStructure(structure[key], f)]),
    );
    return Object.fromEntries(Object.keys(structure).map((key) => [key, mapped.get(key)]));
  }
  return f(structure);
}

/** `structure` with its leaves replaced by `leaves`, in the order of `flattenStructure`. */
export function packStructure(structure: unknown, leaves: readonly unknown[]): unknown {
  let position = 0;
  return mapStructure(structure, () => leaves[position++]);
}

/** Whether a value is a shape: a list of extents. */
export function isShape(value: unknown): value is Shape {
  return Array.isArray(value) && value.every((extent) => extent === null || typeof extent === "number");
}

/** A structure of shapes with every shape replaced. */
export function mapShapes(shapes: unknown, f: (shape: Shape) => unknown): unknown {
  if (isShape(shapes)) return f(shapes);
  if (Array.isArray(shapes)) return shapes.map((part) => mapShapes(part, f));
  if (isPlainObject(shapes)) return Object.fromEntries(Object.entries(shapes).map(([key, part]) => [key, mapShapes(part, f)]));
  return shapes;
}
