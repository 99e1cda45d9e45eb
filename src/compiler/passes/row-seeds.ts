/** Reductions from which kernels of rows may grow. */
import type { Axis, Kernel } from "../kernels/kernel.ts";
import type { Limits } from "../target.ts";

/** Rows are what threads share: with fewer of them, elements are shared instead, unless all is little work. */
const leastRows = 16;
const littleWork = 2 ** 14;
/** Number of points of a kernel's axes of a role. */
export function pointsOf(kernel: Kernel, role: Axis["role"]): number {
  return kernel.axes.reduce((product, axis) => (axis.role === role ? product * axis.extent : product), 1);
}

/** Whether kernels over the rows of this one may become one kernel. */
export function isRowSeed(kernel: Kernel, { rowsFrom }: Limits): boolean {
  if (kernel.kind !== "reduce") return false;
  const [rows, length] = [pointsOf(kernel, "parallel"), pointsOf(kernel, "reduce")];
  return length >= rowsFrom && rows >= 2 && (rows >= leastRows || rows * length <= littleWork);
}
