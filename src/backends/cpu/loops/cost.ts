/** Estimates that steer lowering: how heavy a body is, how long an element takes. Functions of the kernel and lanes only. */
import type { Access, Axis, Entry, Store } from "../../../compiler/kernels/kernel.ts";
import { type Analysis, coefficient, elementBytes, hasAxis, storageOf } from "./expression.ts";

const heavyOperations = new Set([
  "power",
  "atan2",
  "exp",
  "expm1",
  "log",
  "log1p",
  "tanh",
  "sigmoid",
  "erf",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "asinh",
  "acosh",
  "atanh",
]);
const slowOperations = new Set(["divide", "remainder", "sqrt", "rsqrt"]);

/** Instructions that one entry costs, about. */
function entryWeight(entry: Entry): number {
  if (entry.op === "threefry") return 80;
  if (entry.op === "load") return 1;
  if (entry.op === "position") return 2;
  if (entry.op !== "scalar") return 0;
  return heavyOperations.has(entry.f) ? 16 : slowOperations.has(entry.f) ? 4 : 1;
}

/** Instructions of the entries that change along `axis`, about. */
export function bodyWeight(analysis: Analysis, axis: number): number {
  return analysis.entries.reduce(
    (sum, entry, i) => sum + (analysis.uses[i]! > 0 && hasAxis(analysis.depends[i]!, axis) ? entryWeight(entry) : 0),
    0,
  );
}

/** How many vectors of a map's innermost loop are worked on at once. */
export function unrollFor(weight: number): number {
  return weight <= 6 ? 4 : weight <= 14 ? 2 : 1;
}

/** Nanoseconds for one element: memory traffic or arithmetic, whichever is longer. */
export function elementNanoseconds(analysis: Analysis, axis: number, stores: readonly Store[], vector: boolean, lanes: number): number {
  const { kernel } = analysis;
  let bytes = 0;
  for (const access of touched(analysis, stores)) {
    if (coefficient(access.index, axis) !== 0 || access.dynamic.length > 0)
      bytes += elementBytes[storageOf[kernel.buffers[access.buffer]!.dtype]];
  }
  const weight = bodyWeight(analysis, axis) + stores.length;
  const perInstruction = vector ? 0.35 / lanes : 0.5;
  return Math.max(bytes / 10, weight * perInstruction, 0.05);
}

/** Accesses of needed loads and of stores. */
export function touched(analysis: Analysis, stores: readonly Store[]): Access[] {
  return [...usedAccesses(analysis, stores)].map((position) => analysis.kernel.accesses[position]!);
}

/** Positions of the accesses of needed loads and of stores. */
export function usedAccesses(analysis: Analysis, stores: readonly Store[]): Set<number> {
  const used = new Set(stores.map((store) => store.access));
  analysis.entries.forEach((entry, i) => {
    if (entry.op === "load" && analysis.uses[i]! > 0) used.add(entry.access);
  });
  return used;
}

/** Extent that decisions about an axis may use: dynamic ones count as large, since their code is shared. */
export function knownExtent(axis: Axis): number {
  return axis.dynamic ? 4096 : axis.extent;
}

/**
 * Cost of walking `axis` innermost, per element: vectors of contiguous data are cheap, wide strides dear. The unit is
 * what a vector of four lanes costs for each of them; the last vector of a row costs as much as a full one.
 */
export function walkCost(analysis: Analysis, axis: number, stores: readonly Store[], vector: boolean, lanes: number): number {
  const extent = knownExtent(analysis.kernel.axes[axis]!);
  let cost = 0;
  for (const access of touched(analysis, stores)) {
    const step = Math.abs(coefficient(access.index, axis));
    if (step === 0) cost += 0.2;
    else if (vector) cost += 1;
    else cost += 3 + Math.min(step - 1, 16) / 4;
  }
  const weight = bodyWeight(analysis, axis) * (vector ? 1 : Math.min(lanes, 4));
  const share = vector ? (Math.ceil(extent / lanes) * 4) / Math.max(1, extent) : 1;
  // Each row costs some steps of its own.
  return (cost + weight * 0.3) * share + 8 / Math.max(1, extent);
}
