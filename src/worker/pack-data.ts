/** Tensors, arrays and streams of batches on their way between threads. */
import type { TypedArray } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import { type ConcreteShape, dataTensor, isPlainObject, StringTensor, Tensor, Variable } from "../graph/index.ts";
import type { DType } from "../dtype/index.ts";

/** What stands for an object that messages do not carry. */
export type Packed =
  | { readonly $nabla: "tensor"; readonly shape: ConcreteShape; readonly dtype: DType; readonly data: TypedArray }
  | { readonly $nabla: "texts"; readonly shape: ConcreteShape; readonly data: readonly string[] }
  | { readonly $nabla: "stream"; readonly stream: number; readonly repeats: boolean };

/** A value ready to be sent, and the buffers that move with it. */
export interface Parcel {
  readonly value: unknown;
  readonly transfer: ArrayBuffer[];
}

/** How values are packed. */
export interface PackOptions {
  /** Whether the buffers of a user's typed arrays move too (the arrays are empty afterwards). Default false: they are copied. */
  readonly move?: boolean;
  /** Takes a stream of batches; its number goes in its place. Without it streams are errors. */
  readonly openStream?: (stream: unknown) => { readonly stream: number; readonly repeats: boolean } | null;
}

/** Packs a structure of tensors and arrays. Tensors that are graphs are computed first. Throws ValueError for what cannot cross. */
export async function pack(where: string, value: unknown, options: PackOptions = {}): Promise<Parcel> {
  const transfer = new Set<ArrayBuffer>();
  const packed = await packPart(where, value, options, transfer);
  return { value: packed, transfer: [...transfer] };
}

async function packPart(where: string, value: unknown, options: PackOptions, transfer: Set<ArrayBuffer>): Promise<unknown> {
  if (value instanceof Tensor || value instanceof Variable) {
    const data = await value.data();
    // What `data` gives is a copy of our own; it need not be copied again.
    if (data.buffer instanceof ArrayBuffer) transfer.add(data.buffer);
    return { $nabla: "tensor", shape: value.shape as ConcreteShape, dtype: value.dtype, data } satisfies Packed;
  }
  if (value instanceof StringTensor) return { $nabla: "texts", shape: value.shape, data: await value.data() } satisfies Packed;
  if (ArrayBuffer.isView(value)) {
    if (options.move === true && value.buffer instanceof ArrayBuffer) transfer.add(value.buffer);
    return value;
  }
  if (Array.isArray(value)) {
    // Nested arrays of numbers go as they are.
    if (!holdsObjects(value)) return value;
    return await Promise.all(value.map((part) => packPart(where, part, options, transfer)));
  }
  if (isPlainObject(value)) {
    const entries = Object.entries(value).map(async ([key, part]) => [key, await packPart(where, part, options, transfer)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
  if (value === null || ["number", "boolean", "string", "undefined", "bigint"].includes(typeof value)) return value;
  const stream = options.openStream?.(value) ?? null;
  if (stream !== null) return { $nabla: "stream", ...stream } satisfies Packed;
  throw new ValueError({
    where,
    problem: "this cannot be sent to a worker",
    expected: "tensors, typed arrays, numbers, lists and objects of these",
    received: typeof value === "function" ? `the function ${value.name || "without a name"}` : Object.prototype.toString.call(value),
  });
}

function holdsObjects(list: readonly unknown[]): boolean {
  return list.some((part) => (Array.isArray(part) ? holdsObjects(part) : typeof part === "object" || typeof part === "function"));
}

/** The structure again, with tensors in it. `stream` makes a stream of its number. */
export function unpack(value: unknown, stream?: (packed: Packed & { $nabla: "stream" }) => unknown): unknown {
  if (ArrayBuffer.isView(value) || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return holdsObjects(value) ? value.map((part) => unpack(part, stream)) : value;
  if ("$nabla" in value) {
    const packed = value as Packed;
    if (packed.$nabla === "tensor") return dataTensor(packed.data, packed.shape, packed.dtype);
    if (packed.$nabla === "texts") return new StringTensor(packed.data, packed.shape);
    return stream?.(packed);
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpack(part, stream)]));
}
