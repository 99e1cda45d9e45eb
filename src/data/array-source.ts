/** Data that is in memory: checked once, cut into batches without being copied as a whole. */
import { hostArray, type DType, type TypedArray } from "../dtype/index.ts";
import { ValueError } from "../errors.ts";
import {
  type ConcreteShape,
  formatShape,
  type HostData,
  type HostValues,
  hostValues,
  isHostData,
  isHostTypedArray,
  sizeOf,
  Tensor,
} from "../graph/index.ts";
import { type ArrayExpectation, fitted } from "./fitted.ts";

export type { ArrayExpectation };

/** One array of samples: a tensor, nested arrays, or a typed array (of which each sample's shape must be known). */
export type ArrayData = Tensor | HostData;

/** Values on the host, the samples along the first axis. */
export async function hostArrayOf(where: string, data: ArrayData, expected: ArrayExpectation): Promise<HostValues> {
  if (!(data instanceof Tensor)) return hostArrayOfData(where, data, expected);
  return hostArrayOfTensor(where, data, data.node.values[data.index] ?? (await data.data()), expected);
}

/** Values of a tensor. */
export function hostArrayOfTensor(where: string, { shape, dtype }: Tensor, values: TypedArray, expected: ArrayExpectation): HostValues {
  return withDType(fitted(where, { values, shape: shape as ConcreteShape, dtype }, expected), expected.dtype);
}

/** Values of data that is no tensor. Throws ValueError for what is no array. */
export function hostArrayOfData(where: string, data: unknown, expected: ArrayExpectation): HostValues {
  if (!isHostData(data) || typeof data === "number" || typeof data === "boolean") {
    throw new ValueError({
      where,
      problem: `the ${expected.label} is no array`,
      expected: "a tensor, nested arrays, or a typed array, samples along the first axis",
      received:
        data === null || data === undefined ? String(data) : data instanceof Promise ? "a Promise (an `await` is missing)" : typeof data,
    });
  }
  const label = `${where}: ${expected.label}`;
  // A flat typed array of known sample shape: the number of samples follows.
  if (isHostTypedArray(data) && expected.shape !== null && expected.shape.length !== 1) {
    const sample = expected.shape.slice(1);
    if (sample.every((extent) => extent !== null)) {
      const size = sizeOf(sample);
      if (data.length !== size && data.length % size === 0) {
        const shape = [data.length / size, ...(sample as ConcreteShape)];
        const dtype = expected.dtype ?? narrowed(data);
        const own = ownValues(data, dtype);
        return own === null ? hostValues(label, data, { dtype, shape }) : { ...own, shape };
      }
    }
  }
  const dtype = expected.dtype ?? narrowed(data);
  return fitted(where, ownValues(data, dtype) ?? hostValues(label, data, { dtype }), expected);
}

/** A typed array that needs no conversion is read where it is, batch by batch. */
function ownValues(data: HostData, dtype: DType | undefined): HostValues | null {
  const own = data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : data instanceof Uint8Array ? "uint8" : null;
  if (own === null || (dtype !== undefined && dtype !== own)) return null;
  return { values: data as TypedArray, shape: [(data as TypedArray).length], dtype: own };
}

/** float64 arrays are float32 to a model. */
function narrowed(data: HostData): DType | undefined {
  return data instanceof Float64Array ? "float32" : undefined;
}

function withDType(host: HostValues, dtype: DType | null): HostValues {
  const target = dtype ?? (host.dtype === "float64" ? "float32" : host.dtype);
  if (target === host.dtype) return host;
  const values = hostArray(target, host.values.length);
  values.set(host.values);
  if (target === "bool") for (let i = 0; i < values.length; i++) values[i] = host.values[i] === 0 ? 0 : 1;
  return { values, shape: host.shape, dtype: target };
}

/** Number of samples: the same in every array. Throws ValueError where they differ or where there are none. */
export function sampleCount(where: string, arrays: readonly { readonly label: string; readonly host: HostValues }[]): number {
  const first = arrays[0]!;
  const count = first.host.shape[0]!;
  const odd = arrays.find(({ host }) => host.shape[0] !== count);
  if (odd !== undefined) {
    throw new ValueError({
      where,
      problem: `the ${first.label} and the ${odd.label} have different numbers of samples`,
      expected: `${count} in all`,
      received: arrays.map(({ label, host }) => `${label} ${host.shape[0]!}`).join(", "),
      advice: "the first axis of every array counts the samples",
    });
  }
  if (count === 0)
    throw new ValueError({
      where,
      problem: "the data is empty",
      expected: "at least one sample",
      received: `${first.label} ${formatShape(first.host.shape)}`,
    });
  return count;
}

/** Rows of an array, copied into buffers that are used again for every batch of the same size. */
export class BatchBuffer {
  readonly host: HostValues;
  readonly #rowSize: number;
  readonly #buffers = new Map<number, HostValues>();
  #shape: ConcreteShape = [];

  constructor(host: HostValues) {
    this.host = host;
    this.#rowSize = sizeOf(host.shape.slice(1));
  }

  /** Rows `start` to `end`, in the order of `order` where that is given. Valid until the next call. */
  rows(start: number, end: number, order: Int32Array | null): HostValues {
    const size = this.#rowSize;
    const count = end - start;
    if (order === null) {
      if (this.#shape[0] !== count) this.#shape = [count, ...this.host.shape.slice(1)];
      return { values: subarray(this.host.values, start * size, end * size), shape: this.#shape, dtype: this.host.dtype };
    }
    let batch = this.#buffers.get(count);
    if (batch === undefined) {
      batch = { values: hostArray(this.host.dtype, count * size), shape: [count, ...this.host.shape.slice(1)], dtype: this.host.dtype };
      this.#buffers.set(count, batch);
    }
    const source = this.host.values;
    const target = batch.values;
    for (let row = 0; row < count; row++) {
      const from = order[start + row]! * size;
      // Copying short rows element by element is faster than making a view of each.
      if (size <= 16) for (let i = 0; i < size; i++) target[row * size + i] = source[from + i]!;
      else target.set(subarray(source, from, from + size), row * size);
    }
    return batch;
  }
}

/** A view of a part. */
export function subarray(values: TypedArray, start: number, end: number): TypedArray {
  return values.subarray(start, end);
}
