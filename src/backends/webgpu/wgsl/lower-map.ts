/** Maps: one invocation per point. */
import type { MapKernel } from "../../../compiler/kernels/kernel.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { ModuleWriter } from "./module-writer.ts";
import { countText, placeAt, pointsOf, splitPoint } from "./points.ts";

/** Invocations of a workgroup: more where there is work for many. */
export function groupSizeFor(points: number, limit: number): number {
  return Math.min(limit, points >= 65536 ? 256 : 64);
}

/** Lowers a map. */
export function lowerMap(kernel: MapKernel, surroundings: Surroundings): KernelCode {
  const writer = new ModuleWriter(kernel, surroundings);
  const axes = [...kernel.axes.keys()];
  const points = pointsOf(kernel.axes);
  const size = groupSizeFor(points, surroundings.limits.invocations);
  const index = writer.let("point", `group * ${size}u + lane`);
  writer.line(`if (${index} >= ${countText(writer, axes)}) { return; }`);
  const place = placeAt(splitPoint(writer, index, axes));
  const values = writer.entries(kernel.expression, writer.storeRoots(kernel.stores), place);
  for (const { access, value } of kernel.stores) writer.store(access, place, values.get(value)!, values);
  return writer.finish(size, Math.ceil(points / size));
}
