/** Packing the right operand into panels: `[..., panel, k..., lane]`, as wide as the register tile and padded with zeros. */
import type { Access, Axis, Guard, MapKernel } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import type { Affine } from "../../../../graph/index.ts";
import type { CpuTarget } from "../../target.ts";
import { axesOf } from "./arrange-axes.ts";
import { copiedDType } from "./copied-dtype.ts";
import { type Binding, replaceOperand } from "./pad-operand.ts";

/** The packed contraction, the copies to run first, and the distance of panels in elements. */
export interface Packed {
  readonly bound: Binding;
  readonly copies: readonly ScheduledKernel[];
  readonly temporary: Temporary;
  readonly panelStride: number;
}

/**
 * Packs rhs along axis `lanesAxis` into panels of `width`. In the packed access the lanes axis has coefficient 1 and
 * stands for the place inside a panel only. Full panels and the last, partly filled one are separate copies, so that
 * the first has no guards.
 */
export function packPanels(bound: Binding, lanesAxis: number, width: number, temporaryId: number, target: CpuTarget): Packed {
  const { kernel } = bound;
  const source = kernel.accesses[kernel.rhs]!;
  const dtype = copiedDType(kernel.buffers[source.buffer]!.dtype, "rhs", target);
  const lanesExtent = kernel.axes[lanesAxis]!.extent;
  const panels = Math.ceil(lanesExtent / width);
  const isUsed = (axis: number): boolean => source.index.coefficients[axis] !== 0;
  const outer = [...axesOf(kernel, "batch"), ...axesOf(kernel, "n")].filter((axis) => axis !== lanesAxis && isUsed(axis));
  const k = axesOf(kernel, "k");
  // A dynamic k axis is outermost, so that no stride depends on it.
  const leading = k.filter((axis) => kernel.axes[axis]!.dynamic);
  const inner = k.filter((axis) => !kernel.axes[axis]!.dynamic);
  const order = [...leading, ...outer, -1, ...inner, -2];
  const extents = order.map((axis) => (axis === -1 ? panels : axis === -2 ? width : kernel.axes[axis]!.extent));
  const strides = new Array<number>(order.length).fill(1);
  for (let i = order.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * extents[i + 1]!;
  const elements = extents.reduce((product, extent) => product * extent, 1);
  const panelStride = strides[order.indexOf(-1)]!;

  const copy = (first: number, count: number, valid: number): ScheduledKernel => {
    // One panel needs no panel axis, and lanes beyond the operand only need zeros.
    const lane = source.index.coefficients[lanesAxis]!;
    const load: Access = {
      buffer: 0,
      index: {
        constant: source.index.constant + first * width * lane,
        coefficients: order.map((axis) => (axis === -1 ? width * lane : axis === -2 ? lane : source.index.coefficients[axis]!)),
      },
      guards:
        valid === width
          ? []
          : [{ index: { constant: 0, coefficients: order.map((axis) => (axis === -2 ? 1 : 0)) }, limit: valid } satisfies Guard],
      fill: 0,
      dynamic: [],
    };
    const store: Access = { buffer: 1, index: { constant: first * panelStride, coefficients: strides }, guards: [], fill: 0, dynamic: [] };
    const axes = order.map((axis, i): Axis => ({
      extent: axis === -1 ? count : extents[i]!,
      role: "parallel",
      dynamic: axis >= 0 && kernel.axes[axis]!.dynamic,
    }));
    // Runs of k stand outside the panels, so that one run of rows is read to its end while it is in the cache.
    const last = order.length - 2;
    const run = order[last]! >= 0 && lane === 1 && count > 1 && !axes[last]!.dynamic ? runOf(axes[last]!.extent) : 1;
    type Walk = { readonly i: number; readonly extent: number; readonly step: number };
    const walks: Walk[] = axes.map((axis, i) => ({ i, extent: axis.extent, step: 1 }));
    if (run > 1) {
      walks[last] = { i: last, extent: run, step: 1 };
      walks.splice(order.indexOf(-1), 0, { i: last, extent: axes[last]!.extent / run, step: run });
    }
    const kept = walks.filter(({ i, extent }) => extent !== 1 || axes[i]!.dynamic || i === order.length - 1);
    const project = (f: Affine): Affine => ({ constant: f.constant, coefficients: kept.map(({ i, step }) => f.coefficients[i]! * step) });
    const projected = (access: Access): Access => ({
      ...access,
      index: project(access.index),
      guards: access.guards.map((guard) => ({ ...guard, index: project(guard.index) })),
    });
    const map: MapKernel = {
      kind: "map",
      label: `${kernel.label}/pack`,
      axes: kept.map(({ i, extent }) => ({ ...axes[i]!, extent })),
      buffers: [
        { ...kernel.buffers[source.buffer]!, use: "read" },
        { dtype, use: "write", elements },
      ],
      accesses: [projected(load), projected(store)],
      scalars: [],
      expression: [{ op: "load", access: 0, dtype: "float32" }],
      stores: [{ access: 1, value: 0 }],
    };
    return { kernel: map, buffers: [bound.buffers[source.buffer]!, temporaryId], scalars: [] };
  };
  const full = Math.floor(lanesExtent / width);
  const copies: ScheduledKernel[] = [];
  if (full > 0) copies.push(copy(0, full, width));
  if (full < panels) copies.push(copy(full, 1, lanesExtent - full * width));

  const coefficients = kernel.axes.map((_, axis) => (axis === lanesAxis ? 1 : order.includes(axis) ? strides[order.indexOf(axis)]! : 0));
  const access: Access = { buffer: kernel.buffers.length, index: { constant: 0, coefficients }, guards: [], fill: 0, dynamic: [] };
  return {
    bound: replaceOperand(bound, "rhs", access, elements, temporaryId, dtype),
    copies,
    temporary: { dtype, elements },
    panelStride,
  };
}

/** Whether packing only copies: with one panel per row of rhs, as wide as the row, every element stays where it is. */
export function isPlainCopy({ copies }: Packed): boolean {
  const [copy] = copies;
  if (copies.length !== 1 || copy === undefined) return false;
  const [load, store] = copy.kernel.accesses;
  return (
    load!.guards.length === 0 &&
    load!.index.constant === 0 &&
    load!.index.coefficients.every((c, axis) => c === store!.index.coefficients[axis])
  );
}

/** Rows of k that are packed panel by panel before the next ones: a divisor of the extent; 1: none fits. */
function runOf(extent: number): number {
  for (let run = 32; run >= 8; run--) if (extent % run === 0 && extent > run) return run;
  return 1;
}
