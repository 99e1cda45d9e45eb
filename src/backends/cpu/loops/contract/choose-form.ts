/** What the lanes of a contraction's vectors run along. */
import { affineRange } from "../../../../compiler/kernels/affine.ts";
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { rareKernels } from "../parts.ts";
import { axesOf, extentOf, swapOperands } from "./arrange-axes.ts";

/** The form of a contraction, and the kernel as that form sees it (operands may have changed sides). */
export interface Form {
  readonly kernel: ContractKernel;
  readonly form: "broadcast" | "elementwise" | "dot";
  readonly lanesAxis: number;
  readonly columnAxis: number | null;
  readonly rowAxes: readonly number[];
}

/** Below this many rows per column, rearranging rhs costs more than summing lanes does. */
const fewRows = 48;

/** The places of results that a contraction stores next to one another. */
export function contiguousAxis(kernel: ContractKernel): number | undefined {
  const { coefficients } = kernel.accesses[kernel.stores[0]!.access]!.index;
  return axesOf(kernel, "n").find((axis) => coefficients[axis] === 1);
}

/** Lanes along the axis of k that both operands have contiguous; null where there is none. */
export function dotForm(kernel: ContractKernel): Form | null {
  const [lhs, rhs] = [kernel.lhs, kernel.rhs].map((operand) => kernel.accesses[operand]!.index.coefficients);
  const lanesAxis = axesOf(kernel, "k").findLast((axis) => lhs![axis] === 1 && rhs![axis] === 1);
  const [rowAxes, columns] = [axesOf(kernel, "m"), axesOf(kernel, "n")];
  if (lanesAxis === undefined || rowAxes.length + columns.length === 0) return null;
  const columnAxis = columns.length === 0 ? null : columns.reduce((a, b) => (kernel.axes[b]!.extent > kernel.axes[a]!.extent ? b : a));
  return { kernel, form: "dot", lanesAxis, columnAxis, rowAxes };
}

/** The form that suits the operands' layouts best; null: none does. */
export function chooseForm(kernel: ContractKernel, target: CpuTarget): Form | null {
  const lanesAxis = contiguousAxis(kernel);
  if (lanesAxis === undefined) {
    const swapped = swapOperands(kernel);
    return contiguousAxis(swapped) === undefined ? rareKernels.get().chooseOtherForm(kernel) : chooseForm(swapped, target);
  }
  const rowAxes = axesOf(kernel, "m");
  const dot = dotForm(kernel);
  const isShort = target.name !== "wasm" && dot !== null && rareKernels.get().fillsBetter(kernel, lanesAxis, dot.lanesAxis, target.lanes);
  const isApart = kernel.accesses[kernel.rhs]!.index.coefficients[lanesAxis] !== 1 && extentOf(kernel, rowAxes) < fewRows;
  if (dot !== null && (isShort || isApart)) return dot;
  return { kernel, form: "broadcast", lanesAxis, columnAxis: lanesAxis, rowAxes };
}

/** Whether an operand's elements are each read at few points (windows that overlap read them often). */
export function isDense(kernel: ContractKernel, side: "lhs" | "rhs"): boolean {
  const { index } = kernel.accesses[kernel[side]]!;
  const extents = kernel.axes.map((axis) => axis.extent);
  const [low, high] = affineRange(index, extents);
  const points = extents.reduce((product, extent, axis) => (index.coefficients[axis] === 0 ? product : product * extent), 1);
  return points <= 1.5 * (high - low + 1);
}
