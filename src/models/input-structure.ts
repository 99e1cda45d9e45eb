/** Inputs of models that do not say what they take: told from the data. */
import { hostArrayOf } from "../data/array-source.ts";
import { isPlainObject, isHostTypedArray, isStringData, StringTensor, stringTensor, Tensor } from "../graph/index.ts";
import type { NamedArray } from "./data-binding.ts";

/**
 * The arrays of `x` and the structure they stand in (null for one array): an object of arrays, a list of tensors, or one
 * array (nested arrays of numbers are one array).
 */
export async function hostDataOf(where: string, x: unknown): Promise<{ structure: unknown; arrays: NamedArray[] }> {
  const read = async (part: unknown, label: string): Promise<NamedArray> => {
    if (part instanceof StringTensor || isStringData(part)) {
      const { shape } = stringTensor(where, part);
      return { label, host: { values: new Int32Array(0), shape, dtype: "int32" }, texts: [] };
    }
    return { label, host: await hostArrayOf(where, part as Tensor, { label, shape: null, dtype: null }) };
  };
  if (isPlainObject(x)) {
    const keys = Object.keys(x).sort();
    return {
      structure: Object.fromEntries(keys.map((key) => [key, null])),
      arrays: await Promise.all(keys.map((key) => read(x[key], `input "${key}"`))),
    };
  }
  if (
    Array.isArray(x) &&
    x.length > 0 &&
    x.every((part) => part instanceof Tensor || part instanceof StringTensor || (isHostTypedArray(part) && x.length === 1))
  ) {
    const parts: readonly unknown[] = x;
    return { structure: parts.map(() => null), arrays: await Promise.all(parts.map((part, index) => read(part, `input ${index + 1}`))) };
  }
  return { structure: null, arrays: [await read(x, "input")] };
}
