/** Kernels to WGSL. */
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import { lowerContract } from "../contract/lower-contract.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { lowerCumulative } from "./lower-cumulative.ts";
import { lowerMap } from "./lower-map.ts";
import { lowerReduce } from "./lower-reduce.ts";
import { lowerRows } from "./lower-rows.ts";
import { lowerScatter } from "./lower-scatter.ts";
import { lowerSort } from "./lower-sort.ts";

/** The code of a kernel: a function of its data, of what surrounds it and of the device's limits. */
export function lowerKernel(kernel: Kernel, surroundings: Surroundings): KernelCode {
  switch (kernel.kind) {
    case "map":
      return lowerMap(kernel, surroundings);
    case "reduce":
      return lowerReduce(kernel, surroundings);
    case "contract":
      return lowerContract(kernel, surroundings);
    case "cumulative":
      return lowerCumulative(kernel, surroundings);
    case "scatter":
      return lowerScatter(kernel, surroundings);
    case "sort":
      return lowerSort(kernel, surroundings);
    case "row":
      return lowerRows(kernel, surroundings);
  }
}
