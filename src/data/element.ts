/** Elements of data sets: trees of arrays, kept apart as their leaves and their structure. */
import { ValueError } from "../errors.ts";
import {
  type ConcreteShape,
  dataTensor,
  type HostData,
  type HostValues,
  hostValues,
  isHostData,
  isHostTypedArray,
  isPlainObject,
  isSymbolic,
  Tensor,
} from "../graph/index.ts";

/** What functions over a data set see: tensors in lists and objects. */
export type Element = Tensor | readonly Element[] | { readonly [name: string]: Element };

/** What a data set can be made of: tensors, typed arrays and nested arrays, in lists and objects. */
export type ElementData = Tensor | HostData | readonly ElementData[] | { readonly [name: string]: ElementData };

/** How the leaves of an element are put together. */
export type Structure = "leaf" | readonly Structure[] | { readonly [name: string]: Structure };

/** An element: its arrays in order, and how they are put together. */
export interface HostElement {
  readonly leaves: readonly HostValues[];
  readonly structure: Structure;
}

/** Whether a list is a list of parts; else it is the nested arrays of one array. */
export function isListOfParts(value: readonly unknown[]): boolean {
  return value.some(
    (part) => part instanceof Tensor || isHostTypedArray(part) || isPlainObject(part) || (Array.isArray(part) && isListOfParts(part)),
  );
}

/** An element of what a user gives; a promise where a tensor has to be computed first. Throws ValueError for what is no data. */
export function hostElement(where: string, data: unknown): HostElement | Promise<HostElement> {
  const leaves: (HostValues | Promise<HostValues>)[] = [];
  let waits = false;
  const visit = (value: unknown): Structure => {
    if (Array.isArray(value) && isListOfParts(value)) return value.map(visit);
    if (isPlainObject(value)) return Object.fromEntries(Object.keys(value).map((key) => [key, visit(value[key])]));
    const leaf = leafOf(where, value);
    waits ||= leaf instanceof Promise;
    leaves.push(leaf);
    return "leaf";
  };
  const structure = visit(data);
  return waits
    ? Promise.all(leaves.map((leaf) => Promise.resolve(leaf))).then((known) => ({ leaves: known, structure }))
    : { leaves: leaves as HostValues[], structure };
}

function leafOf(where: string, value: unknown): HostValues | Promise<HostValues> {
  if (value instanceof Tensor && !isSymbolic(value)) {
    const { dtype } = value;
    const shape = value.shape as ConcreteShape;
    const values = value.node.values[value.index];
    return values === undefined ? value.data().then((computed) => ({ values: computed, shape, dtype })) : { values, shape, dtype };
  }
  if (isHostData(value)) {
    const dtype = value instanceof Float64Array ? "float32" : undefined;
    return hostValues(where, value, { dtype });
  }
  throw new ValueError({
    where,
    problem: "this is no data",
    expected: "tensors, typed arrays or nested arrays, in lists and objects",
    received:
      value === null || value === undefined ? String(value) : value instanceof Promise ? "a Promise (an `await` is missing)" : typeof value,
  });
}

/** The element as users see it. */
export function tensorsOf({ leaves, structure }: HostElement): Element {
  let next = 0;
  const visit = (part: Structure): Element => {
    if (part === "leaf") {
      const { values, shape, dtype } = leaves[next++]!;
      return dataTensor(values, shape, dtype);
    }
    if (Array.isArray(part)) return part.map(visit);
    return Object.fromEntries(Object.entries(part as { readonly [name: string]: Structure }).map(([key, inner]) => [key, visit(inner)]));
  };
  return visit(structure);
}
