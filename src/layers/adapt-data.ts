/** What preprocessing layers adapt to: arrays, tensors, texts, or batches of them from anything that can be iterated. */
import { ValueError } from "../errors.ts";
import {
  isHostData,
  isHostTypedArray,
  isStringData,
  type StringData,
  StringTensor,
  stringTensor,
  Tensor,
  Variable,
} from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import { describe } from "./layer-options.ts";

/** One batch: a tensor, data, texts; of a list or object `[x, y]` the first part counts. */
export type AdaptBatch = TensorLike | StringData | StringTensor;
/** All data at once, or batches. */
export type AdaptData = AdaptBatch | Iterable<AdaptBatch> | AsyncIterable<AdaptBatch>;

/** Options of `adapt`. */
export interface AdaptOptions {
  /** Most batches that are looked at. Default: all. */
  readonly steps?: number | null;
}

/** Batches of data, each a Tensor or a StringTensor; `whole` tells data given at once. Throws ValueError for what is neither. */
export async function* adaptBatches(
  where: string,
  data: unknown,
  { steps = null }: AdaptOptions = {},
): AsyncGenerator<{ readonly batch: Tensor | StringTensor; readonly whole: boolean }> {
  const whole = batchOf(data);
  if (whole !== null) {
    yield { batch: whole, whole: true };
    return;
  }
  const batches = data as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const asynchronous = typeof batches?.[Symbol.asyncIterator] === "function";
  if (!asynchronous && typeof batches?.[Symbol.iterator] !== "function") {
    throw new ValueError({
      where: `${where}.adapt`,
      problem: "this is no data",
      expected: "a tensor, arrays, texts, or an iterable of batches of them",
      received: describe(data),
    });
  }
  let taken = 0;
  for await (const part of batches as AsyncIterable<unknown>) {
    if (steps !== null && taken >= steps) break;
    taken++;
    const batch = batchOf(Array.isArray(part) && isTensor(part[0]) ? part[0] : part);
    if (batch === null) {
      throw new ValueError({
        where: `${where}.adapt`,
        problem: "a batch is no data",
        expected: "a tensor, arrays or texts",
        received: describe(part),
      });
    }
    yield { batch, whole: false };
  }
}

function isTensor(value: unknown): boolean {
  return value instanceof Tensor || value instanceof StringTensor;
}

function batchOf(data: unknown): Tensor | StringTensor | null {
  if (data instanceof Tensor || data instanceof StringTensor) return data;
  if (data instanceof Variable) return data.read();
  if (isStringData(data)) return stringTensor("adapt", data);
  if (isHostTypedArray(data) || isHostData(data)) return Array.isArray(data) && isTensor(data[0]) ? null : asTensor(data);
  return null;
}
