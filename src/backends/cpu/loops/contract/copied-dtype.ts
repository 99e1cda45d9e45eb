/** In which dtype copies of operands stand. */
import type { DType } from "../../../../dtype/index.ts";
import type { CpuTarget } from "../../target.ts";

/** Dtype of a copy of an operand: tiles read vectors of two bytes an element, but float16 where converting them takes long. */
export function copiedDType(dtype: DType, target: CpuTarget): DType {
  return dtype === "float16" && target.name === "wasm" ? "float32" : dtype;
}
