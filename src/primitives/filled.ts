/** Operands of samples. */
import { type ConcreteShape, type NdArray, sizeOf } from "../graph/index.ts";
import { nd } from "./define.ts";

/** A float32 array of distinct values in (-1, 1), the same for the same `seed`: an operand of a sample. */
export function filled(shape: ConcreteShape, seed: number): NdArray {
  return nd(
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(seed + 1.7 * i)),
    shape,
  );
}
