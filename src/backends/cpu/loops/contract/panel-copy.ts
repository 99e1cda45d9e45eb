/** Panels of rhs that units copy for themselves, while their first tile reads them. */
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import type { CpuTarget } from "../../target.ts";
import { axesOf, extentOf } from "./arrange-axes.ts";
import type { Form } from "./choose-form.ts";
import type { TileShape } from "./tile-shape.ts";

/** Fewer rows of a tile have little use of a copy. */
const leastRows = 4;
/** More rows are many units, each of which would copy the same panels (1x1 convolutions of ResNet-50: 2 % slower). */
const mostRows = 512;

/**
 * Whether a contraction whose rhs should be packed can do that in its units: one axis of rows, one of columns (contiguous in
 * rhs, float32) and one of k, whole vectors or masks for the last columns. For an rhs that is another in every run a copy
 * before costs a pass over it; here its stores stand beside multiply-adds.
 */
export function copiesPanels(kernel: ContractKernel, { form, lanesAxis, columnAxis }: Form, tile: TileShape, target: CpuTarget): boolean {
  const { index, guards } = kernel.accesses[kernel.rhs]!;
  return (
    form === "broadcast" &&
    target.name !== "wasm" &&
    lanesAxis === columnAxis &&
    index.coefficients[lanesAxis] === 1 &&
    guards.length === 0 &&
    [kernel.lhs, kernel.rhs].every((access) => kernel.buffers[kernel.accesses[access]!.buffer]!.dtype === "float32") &&
    tile.rows >= leastRows &&
    // A single panel lies as a copy would.
    kernel.axes[lanesAxis]!.extent > tile.vectors * target.lanes &&
    extentOf(kernel, axesOf(kernel, "m")) <= mostRows &&
    ["m", "n", "k"].every((role) => axesOf(kernel, role as "m").length === 1) &&
    (target.maskedTails || kernel.axes[lanesAxis]!.extent % target.lanes === 0)
  );
}
