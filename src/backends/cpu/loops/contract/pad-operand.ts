/** Zero-padded copies of operands, so that the loops of a contraction need no guards. */
import type { DType } from "../../../../dtype/index.ts";
import { affineRange } from "../../../../compiler/kernels/affine.ts";
import type { Access, Axis, ContractKernel, MapKernel } from "../../../../compiler/kernels/kernel.ts";
import type { ScheduledKernel, Temporary } from "../../../../compiler/target.ts";
import type { Affine } from "../../../../graph/index.ts";
import type { CpuTarget } from "../../target.ts";
import { stepsConflict } from "./cache-conflict.ts";
import { copiedDType } from "./copied-dtype.ts";

/** A coordinate of an operand: which affine function of the contraction's axes it is, and its stride in the buffer. */
interface Coordinate {
  readonly stride: number;
  /** Value as a function of the axes, and the range it takes. */
  readonly index: Affine;
  readonly low: number;
  readonly extent: number;
  /** Guarded: the valid range is [0, limit). */
  readonly limit: number | null;
  readonly dynamic: boolean;
}

/** Program buffers a contraction is bound to, growing as temporaries join. */
export interface Binding {
  readonly kernel: ContractKernel;
  readonly buffers: readonly number[];
  readonly scalars: readonly number[];
}

/** One dimension of a padded copy. */
export interface PaddedCoordinate {
  /** Elements from one place to the next: of the operand, and of its copy. */
  readonly stride: number;
  readonly step: number;
  /** The operand's place that the copy starts at; below 0 where zeros stand before it. */
  readonly low: number;
  /** 1 for the outermost dimension where its extent is only known at run time. */
  readonly extent: number;
  /** Places [0, limit) exist; null: all do. */
  readonly limit: number | null;
}

/** How a padded copy lies, outermost dimension first. */
export interface PaddedLayout {
  readonly coordinates: readonly PaddedCoordinate[];
  /** Where the operand starts in its buffer. */
  readonly constant: number;
}

/** An operand copied: the copy to run first, its buffer, and the contraction that reads it. */
export interface Copied {
  readonly bound: Binding;
  readonly copy: ScheduledKernel;
  readonly temporary: Temporary;
}

/** What preparing an operand gives. */
export interface Prepared extends Copied {
  readonly layout: PaddedLayout;
}

/** Elements that keep apart rows which meet in the cache. */
const gap = 16;

/**
 * Replaces an operand by a copy in which the places outside its guards hold zero, and whose rows do not meet in the
 * cache. `temporaryId` names the copy's buffer. Returns null where the guards are no coordinates of the operand (then
 * the caller falls back to a reduction).
 */
export function padOperand(bound: Binding, side: "lhs" | "rhs", temporaryId: number, target: CpuTarget): Prepared | null {
  const { kernel } = bound;
  const access = kernel.accesses[kernel[side]]!;
  const dtype = copiedDType(kernel.buffers[access.buffer]!.dtype, side, target);
  const coordinates = coordinatesOf(kernel, access);
  if (coordinates === null) return null;
  const rank = coordinates.length;
  const strides = new Array<number>(rank).fill(1);
  for (let i = rank - 2; i >= 0; i--) {
    strides[i] = strides[i + 1]! * coordinates[i + 1]!.extent;
    if (stepsConflict(strides[i]!, target)) strides[i]! += gap;
  }
  const elements = rank === 0 ? 1 : strides[0]! * coordinates[0]!.extent;

  // The copy: axis i runs over coordinate i, from its lowest value.
  const own = (i: number, constant: number): Affine => ({ constant, coefficients: coordinates.map((_, j) => (i === j ? 1 : 0)) });
  const source: Access = {
    buffer: 0,
    index: {
      constant: rest(access, coordinates) + coordinates.reduce((sum, c) => sum + c.stride * c.low, 0),
      coefficients: coordinates.map((c) => c.stride),
    },
    guards: coordinates.flatMap((c, i) =>
      c.limit === null || (c.low >= 0 && c.low + c.extent <= c.limit) ? [] : [{ index: own(i, c.low), limit: c.limit }],
    ),
    fill: 0,
    dynamic: [],
  };
  const destination: Access = { buffer: 1, index: { constant: 0, coefficients: strides }, guards: [], fill: 0, dynamic: [] };
  const copy: MapKernel = {
    kind: "map",
    label: `${kernel.label}/pad`,
    axes: coordinates.map((c): Axis => ({ extent: c.extent, role: "parallel", dynamic: c.dynamic })),
    buffers: [
      { ...kernel.buffers[access.buffer]!, use: "read" },
      { dtype, use: "write", elements },
    ],
    accesses: [source, destination],
    scalars: [],
    expression: [{ op: "load", access: 0, dtype: "float32" }],
    stores: [{ access: 1, value: 0 }],
  };
  const padded: Access = {
    buffer: kernel.buffers.length,
    index: {
      constant: coordinates.reduce((sum, c, i) => sum + strides[i]! * (c.index.constant - c.low), 0),
      coefficients: kernel.axes.map((_, axis) => coordinates.reduce((sum, c, i) => sum + strides[i]! * c.index.coefficients[axis]!, 0)),
    },
    guards: [],
    fill: 0,
    dynamic: [],
  };
  return {
    bound: replaceOperand(bound, side, padded, elements, temporaryId, dtype),
    copy: { kernel: copy, buffers: [bound.buffers[access.buffer]!, temporaryId], scalars: [] },
    temporary: { dtype, elements },
    layout: {
      coordinates: coordinates.map(({ stride, low, extent, limit, dynamic }, i) => ({
        stride,
        step: strides[i]!,
        low,
        extent: dynamic ? 1 : extent,
        limit,
      })),
      constant: rest(access, coordinates),
    },
  };
}

/** The contraction with operand `side` read from a new buffer of `elements` elements. */
export function replaceOperand(
  bound: Binding,
  side: "lhs" | "rhs",
  access: Access,
  elements: number,
  temporaryId: number,
  dtype: DType,
): Binding {
  const { kernel } = bound;
  return {
    kernel: {
      ...kernel,
      buffers: [...kernel.buffers, { dtype, use: "read", elements }],
      accesses: [...kernel.accesses, access],
      [side]: kernel.accesses.length,
    },
    buffers: [...bound.buffers, temporaryId],
    scalars: bound.scalars,
  };
}

/** Constant part of the index that belongs to no coordinate. */
function rest(access: Access, coordinates: readonly Coordinate[]): number {
  return access.index.constant - coordinates.reduce((sum, c) => sum + c.stride * c.index.constant, 0);
}

/** Splits an access into guarded coordinates and groups of axes that step through one unguarded coordinate; null where that fails. */
function coordinatesOf(kernel: ContractKernel, access: Access): Coordinate[] | null {
  const extents = kernel.axes.map((axis) => axis.extent);
  const left = [...access.index.coefficients];
  const found: Coordinate[] = [];
  for (const guard of access.guards) {
    const axes = [...extents.keys()].filter((axis) => guard.index.coefficients[axis] !== 0);
    // An axis that no other guard looks at gives the coordinate's stride.
    const witness = axes.find((axis) => access.guards.every((other) => other === guard || other.index.coefficients[axis] === 0));
    if (witness === undefined) return null;
    const stride = left[witness]! / guard.index.coefficients[witness]!;
    if (!Number.isInteger(stride) || stride === 0) return null;
    for (const axis of axes) left[axis]! -= stride * guard.index.coefficients[axis]!;
    const [low, high] = affineRange(guard.index, extents);
    found.push({ stride, index: guard.index, low, extent: high - low + 1, limit: guard.limit, dynamic: false });
  }
  const guarded = (axis: number): boolean => access.guards.some((guard) => guard.index.coefficients[axis] !== 0);
  // What a guard's coordinate does not explain must not move along with it.
  if ([...left.keys()].some((axis) => left[axis] !== 0 && guarded(axis))) return null;
  found.push(...unguarded(kernel, left));
  // A dynamic coordinate is outermost, so that no stride depends on it.
  return found.sort((a, b) => Number(b.dynamic) - Number(a.dynamic) || Math.abs(b.stride) - Math.abs(a.stride));
}

/** Axes whose steps overlap (output place and window place of one spatial axis) form one coordinate. */
function unguarded(kernel: ContractKernel, coefficients: readonly number[]): Coordinate[] {
  const rank = coefficients.length;
  const order = [...coefficients.keys()]
    .filter((axis) => coefficients[axis] !== 0)
    .sort((a, b) => Math.abs(coefficients[a]!) - Math.abs(coefficients[b]!));
  const groups: { axes: number[]; reach: number }[] = [];
  for (const axis of order) {
    const step = Math.abs(coefficients[axis]!);
    const { extent, dynamic } = kernel.axes[axis]!;
    const group = groups.at(-1);
    const reach = step * (extent - 1);
    if (group !== undefined && step <= group.reach && !dynamic) {
      group.axes.push(axis);
      group.reach += reach;
    } else groups.push({ axes: [axis], reach });
  }
  return groups.map(({ axes }): Coordinate => {
    const stride = axes.map((axis) => Math.abs(coefficients[axis]!)).reduce(gcd);
    const index: Affine = {
      constant: 0,
      coefficients: new Array<number>(rank).fill(0).map((_, axis) => (axes.includes(axis) ? coefficients[axis]! / stride : 0)),
    };
    const [low, high] = affineRange(
      index,
      kernel.axes.map((axis) => axis.extent),
    );
    return { stride, index, low, extent: high - low + 1, limit: null, dynamic: axes.length === 1 && kernel.axes[axes[0]!]!.dynamic };
  });
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
