/** What a user gives to be written, read to the host. */
import { type ConcreteShape, Tensor, Variable } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import type { HostArray } from "./stored-array.ts";

/** The elements of what a user gives: a tensor, a variable, arrays. */
export async function readArray(value: TensorLike): Promise<HostArray> {
  const tensor = value instanceof Tensor || value instanceof Variable ? value : asTensor(value);
  return { values: await tensor.data(), shape: tensor.shape as ConcreteShape, dtype: tensor.dtype };
}
