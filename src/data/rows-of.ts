/** Some rows of an array. */
import { type HostValues, sizeOf } from "../graph/index.ts";
import { subarray } from "./array-source.ts";

/** Rows `start` to `end` of an array, a view. */
export function rowsOf(host: HostValues, start: number, end: number): HostValues {
  const size = sizeOf(host.shape.slice(1));
  return { values: subarray(host.values, start * size, end * size), shape: [end - start, ...host.shape.slice(1)], dtype: host.dtype };
}
