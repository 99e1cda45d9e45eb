/** Arrays that need no waiting. */
import { type HostValues, Tensor } from "../graph/index.ts";
import { type ArrayData, type ArrayExpectation, hostArrayOfData, hostArrayOfTensor } from "./array-source.ts";

/** Like `hostArrayOf`, for data that need not be awaited; undefined for a tensor that has to be computed first. */
export function readyHostArray(where: string, data: ArrayData, expected: ArrayExpectation): HostValues | undefined {
  if (!(data instanceof Tensor)) return hostArrayOfData(where, data, expected);
  const values = data.node.values[data.index];
  return values === undefined ? undefined : hostArrayOfTensor(where, data, values, expected);
}
