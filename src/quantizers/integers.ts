/** Whole numbers of few bits. */
import { DTypeError } from "../errors.ts";
import type { Tensor } from "../graph/index.ts";
import { asTensor, type TensorLike } from "../ops/as-tensor.ts";
import * as ops from "../ops/index.ts";

/** How bytes are taken: "int8" as -128 to 127, "uint8" as 0 to 255. */
export type ByteType = "int8" | "uint8";

/** Whole numbers as int32. Throws DTypeError for floats. */
export function integersOf(where: string, x: TensorLike): Tensor {
  const tensor = asTensor(x);
  if (tensor.dtype === "int32") return tensor;
  if (tensor.dtype === "uint8" || tensor.dtype === "int8") return ops.cast(tensor, "int32");
  throw new DTypeError({
    where,
    problem: "these are no whole numbers",
    expected: "int32, int8 or uint8",
    received: tensor.toString(),
    advice: 'ops.cast(x, "int32")',
  });
}

/** The lowest `bits` bits of whole numbers, with their sign: `(x ^ 2^(bits-1)) - 2^(bits-1)`. */
export function signed(x: Tensor, bits: number): Tensor {
  const half = 1 << (bits - 1);
  return ops.subtract(ops.bitwiseXor(x, half), half);
}
