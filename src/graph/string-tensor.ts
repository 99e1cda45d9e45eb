/** Texts in an array: what preprocessing layers take and give. Never part of a program. */
import { ShapeError, StateError, ValueError } from "../errors.ts";
import { type ConcreteShape, formatShape, sizeOf } from "./shape.ts";
import { resolveShape } from "./host-values.ts";

/** Texts as users write them: one, or nested arrays of them. */
export type StringData = string | readonly StringData[];

/**
 * An array of texts. It lives on the host: layers such as StringLookup turn it into tensors before a program begins.
 * Made by `tensor(texts, { dtype: "string" })`.
 */
export class StringTensor {
  readonly dtype = "string";
  readonly shape: ConcreteShape;
  #values: readonly string[] | null;
  readonly #read: (() => Promise<readonly string[]>) | null;

  /** `values` are the texts in row-major order, or a function that reads them when they are asked for. */
  constructor(values: readonly string[] | (() => Promise<readonly string[]>), shape: ConcreteShape) {
    this.shape = shape;
    this.#values = typeof values === "function" ? null : values;
    this.#read = typeof values === "function" ? values : null;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of texts. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether the texts are there already. */
  get known(): boolean {
    return this.#values !== null;
  }

  /** The texts in row-major order. Throws StateError where they come from a tensor that has not been read yet. */
  get values(): readonly string[] {
    if (this.#values !== null) return this.#values;
    throw new StateError({
      where: "StringTensor",
      problem: "the texts come from a tensor that has not been read yet",
      received: this.toString(),
      advice: "await t.data() first",
    });
  }

  /** Texts in row-major order, a copy. */
  async data(): Promise<string[]> {
    this.#values ??= await this.#read!();
    return [...this.#values];
  }

  /** Texts as nested arrays (a text for rank 0). */
  async array(): Promise<StringData> {
    const flat = await this.data();
    let position = 0;
    const nest = (axis: number): StringData =>
      axis === this.rank ? flat[position++]! : Array.from({ length: this.shape[axis]! }, () => nest(axis + 1));
    return nest(0);
  }

  /** The only text of a tensor of size 1. */
  async item(): Promise<string> {
    const flat = await this.data();
    if (flat.length === 1) return flat[0]!;
    throw new ValueError({
      where: "StringTensor.item",
      problem: "needs a tensor with exactly one text",
      expected: "size 1",
      received: `shape ${formatShape(this.shape)}`,
      advice: "use `await t.data()` or `await t.array()`",
    });
  }

  /** The same texts in another shape; one extent may be -1. */
  reshape(shape: readonly number[]): StringTensor {
    const resolved = resolveShape("StringTensor.reshape", shape, this.size);
    return new StringTensor(this.#values ?? (() => this.data()), resolved);
  }

  toString(): string {
    return `StringTensor(string ${formatShape(this.shape)})`;
  }
}

/** Whether `value` is a text or nested arrays whose first leaf is one. */
export function isStringData(value: unknown): value is StringData {
  let part = value;
  while (Array.isArray(part)) part = (part as unknown[])[0];
  return typeof part === "string";
}

/** A StringTensor of texts. Throws ShapeError for ragged arrays, ValueError for what is no text. */
export function stringTensor(where: string, data: unknown, shape?: readonly number[]): StringTensor {
  if (data instanceof StringTensor) return shape === undefined ? data : data.reshape(shape);
  const natural: number[] = [];
  for (let part = data; Array.isArray(part); part = (part as unknown[])[0]) natural.push(part.length);
  const values: string[] = [];
  const visit = (part: unknown, axis: number): void => {
    if (Array.isArray(part) && part.length === natural[axis]) {
      for (const inner of part) visit(inner, axis + 1);
    } else if (Array.isArray(part) || axis !== natural.length) {
      throw new ShapeError({
        where,
        problem: "nested arrays must be rectangular",
        expected: `every part of the data to fit the shape ${formatShape(natural)} of its first parts`,
        received: Array.isArray(part) ? `a part of ${part.length} at depth ${axis}` : `a ${typeof part} at depth ${axis}`,
        advice: "pad the rows to one length",
      });
    } else if (typeof part === "string") {
      values.push(part);
    } else {
      throw new ValueError({
        where,
        problem: "the data holds something that is no text",
        expected: "texts, or nested arrays of them",
        received: part === null ? "null" : typeof part,
        advice: "write numbers as texts (String(x)), or leave dtype out for a tensor of numbers",
      });
    }
  };
  visit(data, 0);
  return new StringTensor(values, shape === undefined ? natural : resolveShape(where, shape, values.length));
}
