/** Which points of an iteration space neighbouring invocations take: those whose elements are neighbours in memory. */
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import { storeAccesses } from "../../../compiler/passes/kernel-graph.ts";
import { dtypes } from "../../../dtype/index.ts";
import type { Surroundings } from "./kernel-code.ts";
import { pointsOf } from "./points.ts";
import { wholeWords } from "./whole-words.ts";

/** Invocations that devices run together, and bytes that they fetch at once, about. */
const together = 32;
const sectorBytes = 32;
/** The order is changed where it leaves less than this part of what is touched. */
const clearly = 0.6;

/** Accesses of a kernel at one result, with how often each happens; those whose place data decides are left out. */
function weighedAccesses(kernel: Kernel): { readonly access: number; readonly times: number }[] {
  const reduced = pointsOf(kernel.axes.filter(({ role }) => role === "reduce"));
  const loads = (list: "expression" | "epilogue", times: number): { access: number; times: number }[] => {
    const entries = list in kernel ? (kernel as Extract<Kernel, { kind: "reduce" }>)[list] : [];
    return entries.flatMap((entry) => (entry.op === "load" ? [{ access: entry.access, times }] : []));
  };
  const stores = storeAccesses(kernel).map((access) => ({ access, times: 1 }));
  return [...loads("expression", reduced), ...loads("epilogue", 1), ...stores].filter(
    ({ access }) => kernel.accesses[access]!.dynamic.length === 0,
  );
}

/** Sectors that the first invocations touch in all accesses, where axes are walked in this order. */
function sectorsOf(kernel: Kernel, order: readonly number[], accesses: ReturnType<typeof weighedAccesses>): number {
  const positions = Array.from({ length: Math.min(together, pointsOf(order.map((axis) => kernel.axes[axis]!))) }, (_, lane) => {
    let rest = lane;
    const at = new Array<number>(kernel.axes.length).fill(0);
    for (const axis of [...order].reverse()) {
      at[axis] = rest % kernel.axes[axis]!.extent;
      rest = Math.floor(rest / kernel.axes[axis]!.extent);
    }
    return at;
  });
  return accesses.reduce((sum, { access, times }) => {
    const { index, buffer } = kernel.accesses[access]!;
    const { bytes } = dtypes[kernel.buffers[buffer]!.dtype];
    const touched = positions.map((at) => {
      const element = index.coefficients.reduce((place, c, axis) => place + c * (at[axis] ?? 0), 0);
      return Math.floor((element * bytes) / sectorBytes);
    });
    return sum + times * new Set(touched).size;
  }, 0);
}

/**
 * `axes` (outermost first) in the order in which their points are numbered: as they are, or with another one innermost where
 * neighbours then touch less memory (channels of a depthwise convolution, which are its outermost axis) and no word is written in
 * parts that was written whole.
 */
export function walkingOrder(kernel: Kernel, axes: readonly number[], surroundings: Surroundings): readonly number[] {
  const accesses = weighedAccesses(kernel);
  const { owned } = wholeWords(kernel, axes, surroundings);
  let best = axes;
  let fewest = sectorsOf(kernel, axes, accesses);
  for (const inner of axes.slice(0, -1)) {
    if (kernel.axes[inner]!.extent === 1) continue;
    const order = [...axes.filter((axis) => axis !== inner), inner];
    if (wholeWords(kernel, order, surroundings).owned.size < owned.size) continue;
    const sectors = sectorsOf(kernel, order, accesses);
    if (sectors < clearly * fewest) [best, fewest] = [order, sectors];
  }
  return best;
}
