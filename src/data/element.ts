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
  StringTensor,
  stringTensor,
  Tensor,
} from "../graph/index.ts";

/** What functions over a data set see: tensors (of numbers or of texts) in lists and objects. */
export type Element = Tensor | StringTensor | readonly Element[] | { readonly [name: string]: Element };

/** What a data set can be made of: tensors, typed arrays, nested arrays and texts, in lists and objects. */
export type ElementData = Tensor | StringTensor | HostData | string | readonly ElementData[] | { readonly [name: string]: ElementData };

/** How the leaves of an element are put together. */
export type Structure = "leaf" | readonly Structure[] | { readonly [name: string]: Structure };

/** Texts of an array in row-major order. */
export interface HostStrings {
  readonly values: readonly string[];
  readonly shape: ConcreteShape;
  readonly dtype: "string";
}

/** One array of an element. */
export type HostLeaf = HostValues | HostStrings;

/** An element: its arrays in order, and how they are put together. */
export interface HostElement {
  readonly leaves: readonly HostLeaf[];
  readonly structure: Structure;
}

/** Whether a list is a list of parts; else it is the nested arrays of one array. Texts beside numbers are parts. */
export function isListOfParts(value: readonly unknown[]): boolean {
  const isPart = (part: unknown): boolean =>
    part instanceof Tensor ||
    part instanceof StringTensor ||
    isHostTypedArray(part) ||
    isPlainObject(part) ||
    (Array.isArray(part) && isListOfParts(part));
  return value.some(isPart) || (value.some(holdsText) && !value.every(holdsText));
}

/** Whether a value is a text, or nested arrays of texts. */
function holdsText(value: unknown): boolean {
  return typeof value === "string" || (Array.isArray(value) && value.length > 0 && value.every(holdsText));
}

/** An element of what a user gives; a promise where a tensor has to be computed first. Throws ValueError for what is no data. */
export function hostElement(where: string, data: unknown): HostElement | Promise<HostElement> {
  const leaves: (HostLeaf | Promise<HostLeaf>)[] = [];
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
    : { leaves: leaves as HostLeaf[], structure };
}

function leafOf(where: string, value: unknown): HostLeaf | Promise<HostLeaf> {
  if (value instanceof StringTensor) {
    const { shape } = value;
    return value.data().then((values) => ({ values, shape, dtype: "string" }));
  }
  if (holdsText(value)) {
    const { values, shape } = stringTensor(where, value);
    return { values, shape, dtype: "string" };
  }
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
    expected: "tensors, typed arrays, nested arrays or texts, in lists and objects",
    received:
      value === null || value === undefined ? String(value) : value instanceof Promise ? "a Promise (an `await` is missing)" : typeof value,
  });
}

/** The element as users see it. */
export function tensorsOf({ leaves, structure }: HostElement): Element {
  let next = 0;
  const visit = (part: Structure): Element => {
    if (part === "leaf") {
      const leaf = leaves[next++]!;
      return leaf.dtype === "string" ? new StringTensor(leaf.values, leaf.shape) : dataTensor(leaf.values, leaf.shape, leaf.dtype);
    }
    if (Array.isArray(part)) return part.map(visit);
    return Object.fromEntries(Object.entries(part as { readonly [name: string]: Structure }).map(([key, inner]) => [key, visit(inner)]));
  };
  return visit(structure);
}
