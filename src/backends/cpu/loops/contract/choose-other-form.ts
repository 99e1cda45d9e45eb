/** Forms of contractions whose results are not contiguous along the columns of rhs, and of those with few columns. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { axesOf, extentOf, swapOperands } from "./arrange-axes.ts";
import { dotForm, type Form } from "./choose-form.ts";

/** Instructions that bring the lanes of one sum together, in multiply-adds. */
const reductionCost = 8;

/** Whether lanes along k are filled so much better than lanes along the columns that summing them at the end pays. */
export function fillsBetter(kernel: ContractKernel, lanesAxis: number, dotAxis: number, lanes: number): boolean {
  const filled = (extent: number): number => extent / (Math.ceil(extent / lanes) * lanes);
  const columns = kernel.axes[lanesAxis]!.extent;
  const along = kernel.axes[dotAxis]!.extent;
  const steps = (extentOf(kernel, axesOf(kernel, "k")) / Math.max(1, along)) * Math.ceil(along / lanes);
  return columns < lanes && (filled(along) * steps) / (steps + reductionCost) > 1.25 * filled(columns);
}

/** The form of a contraction without contiguous columns on either side: along channels, or along k; null: none. */
export function chooseOtherForm(kernel: ContractKernel): Form | null {
  const seen = axesOf(kernel, "m").length === 0 ? swapOperands(kernel) : kernel;
  const [lhs, out] = [seen.lhs, seen.stores[0]!.access].map((access) => seen.accesses[access]!.index.coefficients);
  const rowAxes = axesOf(seen, "m");
  const channel = axesOf(seen, "batch").find((axis) => out![axis] === 1 && lhs![axis] === 1);
  if (channel !== undefined) return { kernel: seen, form: "elementwise", lanesAxis: channel, columnAxis: channel, rowAxes };
  const form = dotForm(seen);
  if (form !== null) return form;
  const widest = axesOf(seen, "n")
    .filter((axis) => seen.axes[axis]!.extent > 1)
    .reduce<number | null>((a, b) => (a === null || seen.axes[b]!.extent > seen.axes[a]!.extent ? b : a), null);
  return widest === null ? null : { kernel: seen, form: "broadcast", lanesAxis: widest, columnAxis: widest, rowAxes };
}
