/** Windows whose columns and channels were merged into one axis of k, taken apart again. */
import { mapAffine } from "../../../../compiler/kernels/collapse.ts";
import type { Axis, ContractKernel, ContractRole } from "../../../../compiler/kernels/kernel.ts";
import { axesOf } from "./arrange-axes.ts";

const windowExtent = 3;

/**
 * Where an image has no padding, a row of a window is one run of memory: `window * channels` steps of k while places step
 * by `channels`. The same kernel with an axis for the window; the kernel itself where there is no such run.
 */
export function splitWindow(kernel: ContractKernel): ContractKernel {
  const { coefficients } = kernel.accesses[kernel.lhs]!.index;
  const steps = new Set(axesOf(kernel, "m").map((axis) => coefficients[axis]!));
  const run = axesOf(kernel, "k").find((axis) => {
    const { extent } = kernel.axes[axis]!;
    const isFree = kernel.accesses.every(({ guards }) => guards.every(({ index }) => index.coefficients[axis] === 0));
    return isFree && coefficients[axis] === 1 && extent > windowExtent && extent % windowExtent === 0 && steps.has(extent / windowExtent);
  });
  if (run === undefined) return kernel;
  const channels = kernel.axes[run]!.extent / windowExtent;
  const split = <T>(list: readonly T[], window: T, channel: T): T[] => [...list.slice(0, run), window, channel, ...list.slice(run + 1)];
  const axis = (extent: number): Axis => ({ extent, role: "reduce", dynamic: false });
  const roles = split<ContractRole>(kernel.roles, "k", "k");
  const parts = mapAffine(kernel, split(kernel.axes, axis(windowExtent), axis(channels)), ({ constant, coefficients: c }) => ({
    constant,
    // Epilogues see no axes of k, but some are written over all axes.
    coefficients: c.length > run ? split(c, c[run]! * channels, c[run]!) : c,
  }));
  return { ...parts, roles };
}
