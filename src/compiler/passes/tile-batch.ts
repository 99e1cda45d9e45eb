/** Runs of kernels slice by slice of the batch, so that what one leaves is in cache when the next reads it. */
import { dtypes } from "../../dtype/index.ts";
import type { Draft, DraftStep } from "../draft.ts";
import { affineRange } from "../kernels/affine.ts";
import type { Access, Kernel } from "../kernels/kernel.ts";
import type { ScheduledKernel, Target } from "../target.ts";
import { isChecked } from "./kernel-graph.ts";
import { effectsOf } from "./order-steps.ts";

/** What decides how a block is cut. */
export interface TileOptions {
  readonly draft: Draft;
  /** Buffers that are read after the block. */
  readonly outputs: ReadonlySet<number>;
  readonly target: Target;
}

/** Temporaries must be this many times larger than what a slice may leave: the caches of the last level hold the rest. */
const worthwhile = 4;
const mostTrips = 64;

/** A kernel whose first axis walks whole slices of some buffers and does not move through the others. */
interface Sliceable {
  readonly bound: ScheduledKernel;
  readonly extent: number;
  readonly sliced: ReadonlySet<number>;
  readonly fixed: ReadonlySet<number>;
}

/**
 * Cuts runs of kernels with large temporaries into loops over slices of their first axis. The kernels' code is the same,
 * only the extent of that axis is another, and no sum runs along it: so are the bits.
 */
export function tileBatch(steps: readonly DraftStep[], options: TileOptions): readonly DraftStep[] {
  const sliceBytes = options.target.limits.sliceBytes ?? 0;
  if (sliceBytes === 0) return steps;
  const users = usersOf(steps, options.draft);
  const result: DraftStep[] = [];
  for (let at = 0; at < steps.length;) {
    const run = runFrom(steps, at, options, users);
    const trips = run === null ? null : tripsOf(run, options.draft, sliceBytes);
    const to = run?.to ?? at + 1;
    if (run !== null && trips !== null) result.push(loopOf(run, trips, options.draft));
    else result.push(...steps.slice(at, to));
    at = to;
  }
  return result;
}

/** Buffers that each step touches, and how many steps touch each buffer. */
interface Users {
  readonly touched: readonly ReadonlySet<number>[];
  readonly counts: ReadonlyMap<number, number>;
}

function usersOf(steps: readonly DraftStep[], draft: Draft): Users {
  const touched = steps.map((step) => {
    const { reads, writes } = effectsOf(step, draft);
    return new Set([...reads, ...writes].flatMap((buffer) => draft.roots(buffer)));
  });
  const counts = new Map<number, number>();
  for (const buffers of touched) for (const buffer of buffers) counts.set(buffer, (counts.get(buffer) ?? 0) + 1);
  return { touched, counts };
}

interface Run {
  /** The position after it. */
  readonly to: number;
  readonly kernels: readonly Sliceable[];
  /** Buffers that only the run uses, and their bytes. */
  readonly own: ReadonlySet<number>;
  readonly bytes: number;
}

/** The longest run of kernels from `from` on in which every buffer is walked in slices by all or by none. */
function runFrom(steps: readonly DraftStep[], from: number, options: TileOptions, users: Users): Run | null {
  const kernels: Sliceable[] = [];
  const sliced = new Set<number>();
  const fixed = new Set<number>();
  for (let to = from; to < steps.length; to++) {
    const next = sliceable(steps[to]!, options);
    if (next === null || [...next.sliced].some((b) => fixed.has(b)) || [...next.fixed].some((b) => sliced.has(b))) break;
    kernels.push(next);
    for (const buffer of next.sliced) sliced.add(buffer);
    for (const buffer of next.fixed) fixed.add(buffer);
  }
  if (kernels.length < 2) return null;
  const { draft, outputs } = options;
  const to = from + kernels.length;
  const uses = (buffer: number): number => users.touched.slice(from, to).filter((buffers) => buffers.has(buffer)).length;
  const own = new Set(
    [...sliced].filter((b) => draft.buffers[b]!.place === undefined && !outputs.has(b) && uses(b) === users.counts.get(b)),
  );
  return { to, kernels, own, bytes: [...own].reduce((sum, buffer) => sum + bytesOf(draft, buffer), 0) };
}

function bytesOf(draft: Draft, buffer: number): number {
  const { dtype, elements } = draft.buffers[buffer]!;
  return elements * dtypes[dtype].bytes;
}

/** Fewest slices whose temporaries fit; null where that gains nothing: operands that do not move are read for every slice. */
function tripsOf({ kernels, bytes }: Run, draft: Draft, sliceBytes: number): number | null {
  if (bytes < worthwhile * sliceBytes) return null;
  const read = new Set(kernels.flatMap(({ fixed }) => [...fixed]));
  const again = [...read].reduce((sum, buffer) => sum + bytesOf(draft, buffer), 0);
  for (let trips = 2; trips <= mostTrips; trips++) {
    if (bytes > trips * sliceBytes || kernels.some(({ extent }) => extent % trips !== 0)) continue;
    return again * trips <= bytes ? trips : null;
  }
  return null;
}

function sliceable(step: DraftStep, { draft, target }: TileOptions): Sliceable | null {
  if (step.kind !== "kernel") return null;
  const bound = step.kernel;
  const { kernel } = bound;
  if ((kernel.kind !== "map" && kernel.kind !== "reduce" && kernel.kind !== "contract") || isChecked(kernel)) return null;
  const first = kernel.axes[0];
  if (
    first === undefined ||
    first.role !== "parallel" ||
    !first.dynamic ||
    first.extent < 2 ||
    (kernel.kind === "contract" && kernel.roles[0] !== "m")
  )
    return null;
  const entries = [...("expression" in kernel ? kernel.expression : []), ...("epilogue" in kernel ? kernel.epilogue : [])];
  if (entries.some((entry) => entry.op === "position" && entry.index.coefficients[0] !== 0)) return null;
  const sliced = new Set<number>();
  const fixed = new Set<number>();
  for (const [position, access] of kernel.accesses.entries()) {
    const buffer = bound.buffers[access.buffer]!;
    const own = kernel.kind === "contract" ? target.stepOfFirstAxis?.(kernel, position) : undefined;
    if (own === null || access.guards.some(({ index }) => index.coefficients[0] !== 0)) return null;
    const reach = own ?? access.index.coefficients[0]!;
    if (reach === 0) {
      if (access.dynamic.some(({ offset }) => offset.coefficients[0] !== 0)) return null;
      fixed.add(buffer);
      continue;
    }
    if (reach * first.extent !== draft.buffers[buffer]!.elements || draft.buffers[buffer]!.place?.kind === "slice") return null;
    if (own === undefined && !staysInside(kernel, access)) return null;
    sliced.add(buffer);
  }
  const written = new Set(bound.buffers.filter((_, position) => kernel.buffers[position]!.use !== "read"));
  if ([...sliced].some((buffer) => fixed.has(buffer)) || [...fixed].some((buffer) => written.has(buffer))) return null;
  return { bound, extent: first.extent, sliced, fixed };
}

/** Whether an access stays, for one place on the first axis, within the elements that a step along that axis moves. */
function staysInside(kernel: Kernel, { index, guards, dynamic }: Access): boolean {
  if (dynamic.length > 0) return false;
  const extents = kernel.axes.map(({ extent }, axis) => (axis === 0 ? 1 : extent));
  const step = index.coefficients[0]!;
  const within = ([low, high]: readonly [number, number]): boolean => low >= 0 && high < step;
  if (within(affineRange(index, extents))) return true;
  // A guard says how far the axes that it looks at get together.
  let { constant } = index;
  let reach = 0;
  const coefficients = [...index.coefficients];
  for (const guard of guards) {
    const axis = guard.index.coefficients.findIndex((c, at) => c !== 0 && coefficients[at] !== 0);
    if (axis < 0) continue;
    const scale = coefficients[axis]! / guard.index.coefficients[axis]!;
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

/** The loop over the slices. */
function loopOf({ kernels, own }: Run, trips: number, draft: Draft): DraftStep {
  const loop = draft.newLoop();
  const parts = new Map<number, number>();
  const partOf = (buffer: number): number => {
    let part = parts.get(buffer);
    if (part === undefined) {
      const { dtype, elements } = draft.buffers[buffer]!;
      const place = { kind: "slice", of: buffer, loop, strideBytes: bytesOf(draft, buffer) / trips, reverse: false } as const;
      part = own.has(buffer) ? draft.add(dtype, elements / trips) : draft.add(dtype, elements / trips, place);
      parts.set(buffer, part);
    }
    return part;
  };
  const body = kernels.map(({ bound, sliced, extent }): DraftStep => {
    const { kernel } = bound;
    const axes = kernel.axes.map((axis, i) => (i === 0 ? { ...axis, extent: extent / trips } : axis));
    const buffers = kernel.buffers.map((buffer, position) =>
      sliced.has(bound.buffers[position]!) ? { ...buffer, elements: buffer.elements / trips } : buffer,
    );
    const ids = bound.buffers.map((buffer) => (sliced.has(buffer) ? partOf(buffer) : buffer));
    return { kind: "kernel", kernel: { ...bound, kernel: { ...kernel, axes, buffers }, buffers: ids } };
  });
  return { kind: "loop", loop, trips, condition: null, body };
}
