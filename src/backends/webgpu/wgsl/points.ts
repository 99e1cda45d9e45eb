/** Points of an iteration space: which invocation does which. */
import type { Axis } from "../../../compiler/kernels/kernel.ts";
import type { ModuleWriter, Place } from "./module-writer.ts";

/** Number of points. */
export function pointsOf(axes: readonly Axis[]): number {
  return axes.reduce((product, { extent }) => product * extent, 1);
}

/** u32 text of the number of points of some axes, read at run time where one is dynamic. */
export function countText(writer: ModuleWriter, axes: readonly number[]): string {
  const { kernel } = writer;
  const dynamic = axes.filter((axis) => kernel.axes[axis]!.dynamic);
  const fixed = axes.filter((axis) => !kernel.axes[axis]!.dynamic).reduce((product, axis) => product * kernel.axes[axis]!.extent, 1);
  const factors = dynamic.map((axis) => `u32(${writer.extent(axis)})`);
  return factors.length === 0 ? `${fixed}u` : fixed === 1 ? factors.join(" * ") : `${factors.join(" * ")} * ${fixed}u`;
}

/** Positions on some axes (outermost first) of point `index` (u32) in row-major order, as names of i32 values. */
export function splitPoint(writer: ModuleWriter, index: string, axes: readonly number[]): Map<number, string> {
  const found = new Map<number, string>();
  const moving = axes.filter((axis) => writer.kernel.axes[axis]!.extent !== 1 || writer.kernel.axes[axis]!.dynamic);
  for (const axis of axes) if (!moving.includes(axis)) found.set(axis, "0i");
  let rest = index;
  for (let i = moving.length - 1; i >= 0; i--) {
    const axis = moving[i]!;
    if (i === 0) {
      found.set(axis, writer.let("a", `i32(${rest})`));
      break;
    }
    const extent = writer.kernel.axes[axis]!.dynamic ? `u32(${writer.extent(axis)})` : `${writer.kernel.axes[axis]!.extent}u`;
    found.set(axis, writer.let("a", `i32(${rest} % ${extent})`));
    rest = writer.let("r", `${rest} / ${extent}`);
  }
  return found;
}

/** A place with known positions; other axes stand at 0. */
export function placeAt(positions: ReadonlyMap<number, string>): Place {
  return { axis: (axis) => positions.get(axis) ?? "0i" };
}

/** Opens nested loops over axes in row-major order; the names of their counters. Close as many blocks as there are loops. */
export function openLoops(
  writer: ModuleWriter,
  axes: readonly number[],
): { readonly positions: Map<number, string>; readonly loops: number } {
  const positions = new Map<number, string>();
  let loops = 0;
  for (const axis of axes) {
    const { extent, dynamic } = writer.kernel.axes[axis]!;
    if (extent === 1 && !dynamic) {
      positions.set(axis, "0i");
      continue;
    }
    const name = writer.fresh("k");
    writer.line(`for (var ${name} = 0i; ${name} < ${writer.extent(axis)}; ${name}++) {`);
    positions.set(axis, name);
    loops++;
  }
  return { positions, loops };
}

/** Closes blocks. */
export function close(writer: ModuleWriter, blocks: number): void {
  for (let i = 0; i < blocks; i++) writer.line("}");
}
