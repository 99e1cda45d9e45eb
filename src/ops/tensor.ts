/** Tensors from data. */
import type { DType } from "../dtype/index.ts";
import type { StringTensor } from "../graph/index.ts";
import {
  concreteShape,
  dataTensor,
  type HostData,
  hostValues,
  resolveShape,
  sizeOf,
  type StringData,
  stringTensor,
  Tensor,
  Variable,
} from "../graph/index.ts";
import { reshape } from "../primitives/index.ts";
import { asTensor, type TensorLike } from "./as-tensor.ts";
import { defineOp } from "./define-op.ts";

/** Options of `tensor`. */
export interface TensorOptions {
  /** Shape of the result, for flat data; one extent may be -1. Default: that of the data. */
  shape?: readonly number[];
  /** Default: float32 for numbers, bool for booleans, a typed array's own. */
  dtype?: DType;
}

/** Options of `tensor` for texts. */
export interface StringTensorOptions {
  /** Shape of the result, for flat data; one extent may be -1. Default: that of the data. */
  readonly shape?: readonly number[];
  readonly dtype: "string";
}

/** `tensor`: numbers give a Tensor, texts with dtype "string" a StringTensor. */
export interface TensorFunction {
  (data: StringData | StringTensor, options: StringTensorOptions): StringTensor;
  (data: TensorLike, options?: TensorOptions): Tensor;
}

/**
 * A tensor of `data` (copied): a number, nested arrays, or a typed array. With dtype "string" a StringTensor, which
 * preprocessing layers take. Throws ShapeError for ragged arrays and shapes that do not hold the data, ValueError for
 * what is no number (no text) or does not fit the dtype.
 *
 * @example
 * tensor([[1, 2], [3, 4]]); // float32 [2, 2]
 * tensor(new Uint8Array(784), { shape: [28, 28] }); // uint8 [28, 28]
 * tensor(["red", "green"], { dtype: "string" }); // texts [2]
 */
export const tensor: TensorFunction = defineOp(
  "tensor",
  (data: TensorLike | StringData | StringTensor, options: TensorOptions | StringTensorOptions = {}): Tensor | StringTensor => {
    if (options.dtype === "string") return stringTensor("tensor", data, options.shape);
    const { shape, dtype } = options;
    if (data instanceof Tensor || data instanceof Variable) {
      const converted = asTensor(data, dtype);
      return shape === undefined ? converted : reshape(converted, resolveShape("tensor", shape, sizeOf(concreteShape(converted))));
    }
    const host = hostValues("tensor", data as HostData, { shape, dtype });
    return dataTensor(host.values, host.shape, host.dtype);
  },
) as TensorFunction;
