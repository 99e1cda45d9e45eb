/** Along which axes a kernel can be cut into slices of a batch, and which elements of its buffers a slice is. */
import type { Draft } from "../draft.ts";
import { affineRange } from "../kernels/affine.ts";
import type { Access, Axis, Entry, Kernel } from "../kernels/kernel.ts";
import type { ScheduledKernel, Target } from "../target.ts";
import { isChecked } from "./kernel-graph.ts";

/**
 * What of a buffer moves with the batch: of every `plane` elements the first `period`, of which each slice has as many. An
 * array [batch, ...] is one plane; [time, batch, ...] has one for each step.
 */
export interface Slicing {
  readonly period: number;
  readonly plane: number;
}

/** One way to cut a kernel. */
export interface SliceAxis {
  readonly axis: number;
  readonly extent: number;
  /** Buffers that move with the axis, by id. */
  readonly sliced: ReadonlyMap<number, Slicing>;
  /** Buffers that all slices read whole. */
  readonly fixed: ReadonlySet<number>;
  /** Buffers whose planes have to stay as far apart as they are. */
  readonly rigid: ReadonlySet<number>;
}

/** What kernels are looked at with. */
export interface SliceContext {
  readonly draft: Draft;
  readonly target: Target;
}

/** Accesses with the axes that they see: a kernel of rows has those of its stages. */
interface Space {
  readonly axes: readonly Axis[];
  readonly accesses: readonly Access[];
  readonly entries: readonly Entry[];
}

/** How one access moves when the axis does. */
interface Move {
  /** Elements for one place on the axis; 0: it stays. */
  readonly step: number;
  readonly access: Access;
  readonly axes: readonly Axis[];
  /** A schedule told the step: it knows the planes too. */
  readonly isRigid: boolean;
}

/** All ways to cut a kernel, outermost axis first: none where it may fail or walks memory unevenly. */
export function sliceAxes(bound: ScheduledKernel, context: SliceContext): readonly SliceAxis[] {
  const { kernel } = bound;
  if (isChecked(kernel)) return [];
  const spaces = spacesOf(kernel);
  if (spaces.length === 0) return [];
  return kernel.axes.flatMap((_, axis) => sliceAxis(bound, spaces, axis, context) ?? []);
}

function spacesOf(kernel: Kernel): readonly Space[] {
  switch (kernel.kind) {
    case "row":
      return kernel.stages.flatMap(spacesOf);
    case "map":
    case "reduce":
    case "contract": {
      const entries = [...("expression" in kernel ? kernel.expression : []), ...("epilogue" in kernel ? kernel.epilogue : [])];
      return [{ axes: kernel.axes, accesses: kernel.accesses, entries }];
    }
    case "cumulative":
    case "scatter":
    case "sort":
      return [];
  }
}

function sliceAxis(bound: ScheduledKernel, spaces: readonly Space[], axis: number, { draft, target }: SliceContext): SliceAxis | null {
  const { kernel } = bound;
  const { extent, role } = kernel.axes[axis]!;
  if (role !== "parallel" || extent < 2 || (kernel.kind === "contract" && kernel.roles[axis] !== "m")) return null;
  const moves = kernel.buffers.map((): Move[] => []);
  for (const { axes, accesses, entries } of spaces) {
    if (entries.some((entry) => entry.op === "position" && entry.index.coefficients[axis] !== 0)) return null;
    for (const [position, access] of accesses.entries()) {
      const own = kernel.kind === "contract" ? target.stepOfAxis?.(kernel, position, axis) : undefined;
      if (own === null || access.guards.some(({ index }) => index.coefficients[axis] !== 0)) return null;
      const step = own ?? access.index.coefficients[axis]!;
      if (step < 0 || access.dynamic.some(({ offset }) => step > 0 || offset.coefficients[axis] !== 0)) return null;
      // What stages of rows hand on in scratch memory is no buffer.
      moves[access.buffer]?.push({ step, access, axes, isRigid: own !== undefined });
    }
  }
  const sliced = new Map<number, Slicing>();
  const fixed = new Set<number>();
  const rigid = new Set<number>();
  for (const [position, buffer] of bound.buffers.entries()) {
    const own = moves[position]!;
    if (own.length === 0) continue;
    if (own.every(({ step }) => step === 0)) {
      if (kernel.buffers[position]!.use !== "read" || sliced.has(buffer)) return null;
      fixed.add(buffer);
      continue;
    }
    const slicing = slicingOf(own, axis, extent, draft.buffers[buffer]!.elements);
    const known = sliced.get(buffer);
    const joined = slicing === null ? null : known === undefined ? slicing : joinSlicings(known, slicing);
    if (joined === null || fixed.has(buffer)) return null;
    sliced.set(buffer, joined);
    if (own.some(({ isRigid }) => isRigid)) rigid.add(buffer);
  }
  return sliced.size === 0 ? null : { axis, extent, sliced, fixed, rigid };
}

/** What two kernels mean by a slice of one buffer; null: not the same. */
export function joinSlicings(a: Slicing, b: Slicing): Slicing | null {
  return a.period === b.period && a.plane === b.plane ? a : null;
}

/** The slices in which all accesses of a kernel walk a buffer; null: in none. */
function slicingOf(moves: readonly Move[], axis: number, extent: number, elements: number): Slicing | null {
  const { step } = moves[0]!;
  const period = step * extent;
  if (moves.some((move) => move.step !== step)) return null;
  let plane = 0;
  for (const { access, axes, isRigid } of moves) {
    if (isRigid) continue;
    const { coefficients } = access.index;
    const outer = coefficients.filter((c, at) => at !== axis && axes[at]!.extent > 1 && Math.abs(c) >= period);
    const start = startOf(access, axes, period);
    for (const distance of start >= period ? [...outer, start] : outer) plane = greatestDivisor(plane, Math.abs(distance));
  }
  if (plane === 0) plane = elements;
  // Planes that follow each other without room between them.
  if (plane % period === 0) plane = period;
  if (plane < period || (plane === period ? elements % period !== 0 : elements <= period)) return null;
  return moves.every((move) => move.isRigid || staysInside(move, axis, { period, plane })) ? { period, plane } : null;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The first element of an access but for its steps within planes. */
function startOf({ index }: Access, axes: readonly Axis[], period: number): number {
  const back = index.coefficients.reduce((sum, c, at) => (c <= -period ? sum + c * (axes[at]!.extent - 1) : sum), 0);
  return index.constant + back;
}

/** Whether an access stays, for one place on the axis and one plane, within the elements that a step along the axis moves. */
function staysInside({ access, axes, step }: Move, axis: number, { period, plane }: Slicing): boolean {
  const { guards } = access;
  const extents = axes.map(({ extent }) => extent);
  const start = startOf(access, axes, period);
  let constant = start >= period ? start % plane : start;
  const coefficients = access.index.coefficients.map((c, at) => (at === axis || (Math.abs(c) >= period && extents[at]! > 1) ? 0 : c));
  const within = ([low, high]: readonly [number, number]): boolean => low >= 0 && high < step;
  if (within(affineRange({ constant, coefficients }, extents))) return true;
  // A guard says how far the axes that it looks at get together.
  let reach = 0;
  for (const guard of guards) {
    const seen = guard.index.coefficients.findIndex((c, at) => c !== 0 && coefficients[at] !== 0);
    if (seen < 0) continue;
    const scale = coefficients[seen]! / guard.index.coefficients[seen]!;
    if (scale < 0 || guard.index.coefficients.some((c, at) => c !== 0 && coefficients[at] !== c * scale)) continue;
    guard.index.coefficients.forEach((c, at) => {
      if (c !== 0) coefficients[at] = 0;
    });
    constant -= scale * guard.index.constant;
    reach += scale * (guard.limit - 1);
  }
  const [low, high] = affineRange({ constant, coefficients }, extents);
  return within([low, high + reach]);
}
