/** Which maps only transpose. */
import type { MapKernel } from "../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../target.ts";
import { coefficient } from "./expression.ts";

/** The axes that a copy's source and its result are contiguous along. */
export interface Transposition {
  readonly along: number;
  readonly across: number;
}

/** The axes of a prepared map that copies float32 from one order of axes to another, whole vectors of both; null: another map. */
export function transpositionOf(kernel: MapKernel, { lanes }: CpuTarget): Transposition | null {
  const { axes, accesses, buffers, expression, stores } = kernel;
  const [entry] = expression;
  if (expression.length !== 1 || stores.length !== 1 || entry!.op !== "load") return null;
  const [from, to] = [accesses[entry!.access]!, accesses[stores[0]!.access]!];
  const isPlain = [from, to].every(
    ({ buffer, guards, dynamic }) => buffers[buffer]!.dtype === "float32" && guards.length === 0 && dynamic.length === 0,
  );
  if (!isPlain) return null;
  const find = (f: (axis: number) => boolean): number =>
    axes.findIndex(({ extent, dynamic }, axis) => !dynamic && extent >= lanes && f(axis));
  const along = find((axis) => coefficient(from.index, axis) === 1 && coefficient(to.index, axis) >= lanes);
  const across = find((axis) => coefficient(to.index, axis) === 1 && coefficient(from.index, axis) >= lanes);
  return along < 0 || across < 0 ? null : { along, across };
}
