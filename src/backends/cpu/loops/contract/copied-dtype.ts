/** In which dtype copies of operands stand. */
import type { DType } from "../../../../dtype/index.ts";
import type { CpuTarget } from "../../target.ts";

/**
 * Dtype of a copy of an operand: its own, since units widen what they read of lhs, and tiles the vectors of rhs. Without
 * instructions for float16 that takes ten operations a vector: there copies of rhs are float32.
 */
export function copiedDType(dtype: DType, side: "lhs" | "rhs", target: CpuTarget): DType {
  return dtype === "float16" && side === "rhs" && target.name === "wasm" ? "float32" : dtype;
}
