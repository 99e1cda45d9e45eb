import type { NdArray, TensorType } from "../graph/index.ts";
import { emptyNd } from "./define.ts";

/** float64 results as an array of `type`: floats round to nearest, integers wrap. */
export function rounded(values: Float64Array, type: TensorType): NdArray {
  const out = emptyNd(type);
  out.data.set(values);
  return out;
}
