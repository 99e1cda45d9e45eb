/** Tensors from data. */
import type { DType } from "../dtype/index.ts";
import { concreteShape, dataTensor, type HostData, hostValues, resolveShape, sizeOf, Tensor, Variable } from "../graph/index.ts";
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

/**
 * A tensor of `data` (copied): a number, nested arrays, or a typed array. Throws ShapeError for ragged arrays and shapes
 * that do not hold the data, ValueError for what is no number or does not fit the dtype.
 *
 * @example
 * tensor([[1, 2], [3, 4]]); // float32 [2, 2]
 * tensor(new Uint8Array(784), { shape: [28, 28] }); // uint8 [28, 28]
 */
export const tensor: (data: TensorLike, options?: TensorOptions) => Tensor = defineOp(
  "tensor",
  (data: TensorLike, options: TensorOptions = {}): Tensor => {
    if (data instanceof Tensor || data instanceof Variable) {
      const converted = asTensor(data, options.dtype);
      return options.shape === undefined
        ? converted
        : reshape(converted, resolveShape("tensor", options.shape, sizeOf(concreteShape(converted))));
    }
    const { values, shape, dtype } = hostValues("tensor", data satisfies HostData, options);
    return dataTensor(values, shape, dtype);
  },
);
