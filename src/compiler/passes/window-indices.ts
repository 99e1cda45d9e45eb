/** A position inside a window, taken apart. */
import type { WindowGeometry } from "../../graph/index.ts";
import type { Entry } from "../kernels/kernel.ts";

/** Axes along which a window has more than one element. */
export function slidingAxes(geometry: WindowGeometry): number[] {
  return geometry.window.flatMap((extent, axis) => (extent > 1 ? [axis] : []));
}

/** Entries of the offset along each sliding axis, from the entry of a row-major position inside the window. */
export function windowPosition(
  geometry: WindowGeometry,
  position: number,
  add: (entry: Entry) => number,
): { axis: number; entry: number }[] {
  const parts: { axis: number; entry: number }[] = [];
  let stride = 1;
  const axes = slidingAxes(geometry);
  for (const axis of [...axes].reverse()) {
    const extent = geometry.window[axis]!;
    const constant = (value: number): number => add({ op: "constant", value, dtype: "int32" });
    let entry = position;
    if (stride > 1) entry = add({ op: "scalar", f: "divide", args: [entry, constant(stride)], dtype: "int32" });
    if (axis !== axes[0]) entry = add({ op: "scalar", f: "remainder", args: [entry, constant(extent)], dtype: "int32" });
    parts.push({ axis, entry });
    stride *= extent;
  }
  return parts;
}
