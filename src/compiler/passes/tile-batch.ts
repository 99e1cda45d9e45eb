/** Runs of kernels slice by slice of the batch, so that what one leaves is in cache when the next reads it. */
import { dtypes } from "../../dtype/index.ts";
import type { Draft, DraftStep } from "../draft.ts";
import type { Target } from "../target.ts";
import { cutSlices, planSlice } from "./cut-slices.ts";
import { effectsOf } from "./order-steps.ts";
import { RunFinder, type SliceRun } from "./slice-run.ts";

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
/** Most multiply-adds (or other steps) of a slice that a thread runs without a pause: some milliseconds. */
const longestSlice = 2 ** 29;
/** Rows of contractions in loops, below which register tiles are too small. */
const fewestRows = 8;

/** A run with what decides whether and how it is cut. */
interface Plan {
  readonly run: SliceRun;
  readonly trips: number;
  readonly own: ReadonlySet<number>;
}

/**
 * Cuts runs of kernels with large temporaries, and loops along with them, into slices of the batch. The kernels' code is
 * the same but for the extent of the axis that is cut, and no sum runs along it: so are the bits.
 */
export function tileBatch(steps: readonly DraftStep[], options: TileOptions): readonly DraftStep[] {
  if ((options.target.limits.sliceBytes ?? 0) === 0) return steps;
  const finder = new RunFinder(steps, options);
  const users = usersOf(steps, options.draft);
  const { lanes = 1 } = options.target.limits;
  const result: DraftStep[] = [];
  for (let at = 0; at < steps.length;) {
    const runs = finder.runsFrom(at);
    const plan = bestOf(runs.flatMap((run) => planOf(run, options, users) ?? []));
    if (plan !== null) {
      const { run, trips, own } = plan;
      result.push(...run.before, cutSlices(run, { ...options, trips, own, lanes: Math.min(lanes, trips) }));
      at = run.to;
      continue;
    }
    // What is found from a step in the middle of a run is a part of that run.
    const to = Math.max(at + 1, ...runs.map((run) => (run.steps.length > 1 && run.before.length === 0 ? run.to : at + 1)));
    result.push(...steps.slice(at, to));
    at = to;
  }
  return result;
}

/** How many steps touch each buffer. */
function usersOf(steps: readonly DraftStep[], draft: Draft): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const step of steps) for (const root of rootsOf(step, draft)) counts.set(root, (counts.get(root) ?? 0) + 1);
  return counts;
}

function rootsOf(step: DraftStep, draft: Draft): ReadonlySet<number> {
  const { reads, writes } = effectsOf(step, draft);
  return new Set([...reads, ...writes].flatMap((buffer) => draft.roots(buffer)));
}

function bytesOf(buffers: Iterable<number>, draft: Draft): number {
  let sum = 0;
  for (const buffer of buffers) {
    const { dtype, elements } = draft.buffers[buffer]!;
    sum += elements * dtypes[dtype].bytes;
  }
  return sum;
}

function bestOf(plans: readonly Plan[]): Plan | null {
  return plans.reduce<Plan | null>((best, plan) => (best === null || plan.run.steps.length > best.run.steps.length ? plan : best), null);
}

function planOf(run: SliceRun, { draft, outputs, target }: TileOptions, users: ReadonlyMap<number, number>): Plan | null {
  if (run.axes.size < 2) return null;
  const { sliceBytes = 0, lanes = 1 } = target.limits;
  const counts = usersOf(run.steps, draft);
  const written = new Set(run.steps.flatMap((step) => [...effectsOf(step, draft).writes].flatMap((buffer) => draft.roots(buffer))));
  // What only the run touches in this block may have been written before it: first states that are prepared.
  const isOwn = (buffer: number): boolean =>
    draft.buffers[buffer]!.place === undefined &&
    !outputs.has(buffer) &&
    written.has(buffer) &&
    counts.get(buffer) === users.get(buffer) &&
    (!run.rigid.has(buffer) || run.sliced.get(buffer)!.plane >= draft.buffers[buffer]!.elements);
  const own = new Set([...run.sliced.keys()].filter(isOwn));
  const plan = { run, own, lanes, sliceBytes, bytes: bytesOf(own, draft), again: bytesOf(run.fixed, draft) };
  const trips = run.steps.some(({ kind }) => kind === "loop") ? tripsOfLoops(plan) : tripsOfKernels(plan, draft);
  return trips === null ? null : { run, trips, own };
}

/** What numbers of slices are judged by. */
interface Judged {
  readonly run: SliceRun;
  readonly own: ReadonlySet<number>;
  readonly lanes: number;
  readonly sliceBytes: number;
  /** Bytes of the temporaries, and of operands that do not move: they are read for every slice. */
  readonly bytes: number;
  readonly again: number;
}

function* evenTrips({ run, lanes }: Judged): Generator<number> {
  const extents = [...run.axes.values()].map(({ extent }) => extent);
  const work = lanes > 1 ? workOf(run.steps) : 0;
  for (let trips = Math.max(2, lanes); trips <= Math.max(mostTrips, lanes); trips++) {
    if (extents.every((extent) => extent % trips === 0) && work / trips <= longestSlice) yield trips;
  }
}

/** Fewest slices whose temporaries fit into the second cache; null where that gains nothing. */
function tripsOfKernels(judged: Judged, draft: Draft): number | null {
  const { run, own, lanes, sliceBytes, bytes, again } = judged;
  if (bytes < worthwhile * sliceBytes) return null;
  for (const trips of evenTrips(judged)) {
    const isEven = trips % lanes === 0 || trips >= 4 * lanes;
    if (isEven && planSlice(run, draft, own, trips).bytes <= sliceBytes) return again * trips <= bytes ? trips : null;
  }
  return null;
}

/**
 * Slices of loops: several threads take rows of the batch through all turns, where they would wait for one another at every
 * stage of each. Twice as many slices as threads, or as many; null where every thread would read more weights in every turn
 * than its cache holds, or has too few rows.
 */
function tripsOfLoops(judged: Judged): number | null {
  const { run, lanes, sliceBytes, again } = judged;
  if (lanes === 1 || again > sliceBytes) return null;
  const rows = [...run.axes].flatMap(([{ kernel }, { extent }]) => (kernel.kind === "contract" ? [extent] : []));
  const possible = [...evenTrips(judged)].filter((trips) => trips % lanes === 0 && rows.every((extent) => extent / trips >= fewestRows));
  return possible.find((trips) => trips >= 2 * lanes) ?? possible[0] ?? null;
}

/** Points of all iteration spaces. */
function workOf(steps: readonly DraftStep[]): number {
  return steps.reduce((sum, step) => {
    if (step.kind === "kernel") return sum + step.kernel.kernel.axes.reduce((product, { extent }) => product * extent, 1);
    if (step.kind === "loop") return sum + step.trips * workOf(step.body);
    return sum + Math.max(workOf(step.then), workOf(step.else));
  }, 0);
}
