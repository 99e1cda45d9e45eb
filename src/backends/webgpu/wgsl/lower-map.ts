/** Maps: one invocation per point, or per word of results. */
import type { MapKernel } from "../../../compiler/kernels/kernel.ts";
import type { KernelCode, Surroundings } from "./kernel-code.ts";
import { ModuleWriter } from "./module-writer.ts";
import { countText, placeAt, pointsOf, splitPoint } from "./points.ts";
import { walkingOrder } from "./walking-order.ts";
import { forEachPoint, wholeWords } from "./whole-words.ts";

/** Invocations of a workgroup: more where there is work for many. */
export function groupSizeFor(points: number, { limits, joined }: Surroundings): number {
  // Joined kernels, large and small, have one form.
  return Math.min(limits.invocations, points >= 65536 && joined === undefined ? 256 : 64);
}

/** Lowers a map. */
export function lowerMap(kernel: MapKernel, surroundings: Surroundings): KernelCode {
  const axes = walkingOrder(kernel, [...kernel.axes.keys()], surroundings);
  const words = wholeWords(kernel, axes, surroundings);
  const writer = new ModuleWriter(kernel, surroundings, words.owned);
  const invocations = Math.ceil(pointsOf(kernel.axes) / words.points);
  const size = groupSizeFor(invocations, surroundings);
  const index = writer.let("point", `group * ${size}u + lane`);
  forEachPoint(writer, index, countText(writer, axes), words.points, (point) => {
    const place = placeAt(splitPoint(writer, point, axes));
    const values = writer.entries(kernel.expression, writer.storeRoots(kernel.stores), place);
    for (const { access, value } of kernel.stores) writer.store(access, place, values.get(value)!, values);
  });
  return writer.finish(size, Math.ceil(invocations / size));
}
