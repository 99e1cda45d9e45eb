/** What the lanes of a contraction's vectors run along. */
import { affineRange } from "../../../../compiler/kernels/affine.ts";
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
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

/** Instructions that bring the lanes of one sum together, in multiply-adds. */
const reductionCost = 8;

/** Whether lanes along k are filled so much better than lanes along the columns that summing them at the end pays. */
function fillsBetter(kernel: ContractKernel, lanesAxis: number, dotAxis: number, lanes: number): boolean {
  const filled = (extent: number): number => extent / (Math.ceil(extent / lanes) * lanes);
  const columns = kernel.axes[lanesAxis]!.extent;
  const along = kernel.axes[dotAxis]!.extent;
  const steps = (extentOf(kernel, axesOf(kernel, "k")) / Math.max(1, along)) * Math.ceil(along / lanes);
  return columns < lanes && (filled(along) * steps) / (steps + reductionCost) > 1.25 * filled(columns);
}

/** The form that suits the operands' layouts best; null: none does. */
export function chooseForm(kernel: ContractKernel, target: CpuTarget): Form | null {
  const out = (k: ContractKernel): readonly number[] => k.accesses[k.stores[0]!.access]!.index.coefficients;
  const contiguous = (k: ContractKernel): number | undefined => axesOf(k, "n").find((axis) => out(k)[axis] === 1);
  let seen = kernel;
  if (contiguous(seen) === undefined) {
    const swapped = swapOperands(kernel);
    if (contiguous(swapped) !== undefined || axesOf(kernel, "m").length === 0) seen = swapped;
  }
  const lhs = seen.accesses[seen.lhs]!.index.coefficients;
  const rhs = seen.accesses[seen.rhs]!.index.coefficients;
  const rowAxes = axesOf(seen, "m");
  const columns = axesOf(seen, "n");
  const dotAxis = axesOf(seen, "k").findLast((axis) => lhs[axis] === 1 && rhs[axis] === 1);
  const lanesAxis = contiguous(seen);
  const dot = (): Form | null => {
    if (dotAxis === undefined || rowAxes.length + columns.length === 0) return null;
    const columnAxis = columns.length === 0 ? null : columns.reduce((a, b) => (seen.axes[b]!.extent > seen.axes[a]!.extent ? b : a));
    return { kernel: seen, form: "dot", lanesAxis: dotAxis, columnAxis, rowAxes };
  };
  if (lanesAxis !== undefined) {
    const isShort = target.name !== "wasm" && dotAxis !== undefined && fillsBetter(seen, lanesAxis, dotAxis, target.lanes);
    if (isShort || (rhs[lanesAxis] !== 1 && extentOf(seen, rowAxes) < fewRows)) {
      const form = dot();
      if (form !== null) return form;
    }
    return { kernel: seen, form: "broadcast", lanesAxis, columnAxis: lanesAxis, rowAxes };
  }
  const channel = axesOf(seen, "batch").find((axis) => out(seen)[axis] === 1 && lhs[axis] === 1);
  if (channel !== undefined) return { kernel: seen, form: "elementwise", lanesAxis: channel, columnAxis: channel, rowAxes };
  const form = dot();
  if (form !== null) return form;
  const widest = columns
    .filter((axis) => seen.axes[axis]!.extent > 1)
    .reduce<number | null>((a, b) => (a === null || seen.axes[b]!.extent > seen.axes[a]!.extent ? b : a), null);
  return widest === null ? null : { kernel: seen, form: "broadcast", lanesAxis: widest, columnAxis: widest, rowAxes };
}

/** Whether an operand's elements are each read at few points (windows that overlap read them often). */
export function isDense(kernel: ContractKernel, side: "lhs" | "rhs"): boolean {
  const { index } = kernel.accesses[kernel[side]]!;
  const extents = kernel.axes.map((axis) => axis.extent);
  const [low, high] = affineRange(index, extents);
  const points = extents.reduce((product, extent, axis) => (index.coefficients[axis] === 0 ? product : product * extent), 1);
  return points <= 1.5 * (high - low + 1);
}
