/** Writes a run of kernels and loops as a loop over slices of the batch, with what it leaves behind in memory of one slice. */
import { dtypes } from "../../dtype/index.ts";
import type { Draft, DraftStep } from "../draft.ts";
import type { Access, Kernel } from "../kernels/kernel.ts";
import type { ScheduledKernel, Target } from "../target.ts";
import { effectsOf } from "./order-steps.ts";
import { type Placed, placeOf } from "./place-by-life.ts";
import type { Slicing } from "./slice-axes.ts";
import type { SliceRun } from "./slice-run.ts";

const lineBytes = 64;

/** What decides how a run is cut. */
export interface CutOptions {
  readonly draft: Draft;
  readonly target: Target;
  /** Slices. Divides the extent of every axis that is cut. */
  readonly trips: number;
  /** Slices that may run at the same time. */
  readonly lanes: number;
  /** Buffers that nothing but the run touches. */
  readonly own: ReadonlySet<number>;
}

/** Where a slice keeps what is its own. */
export interface SliceMemory {
  /** Bytes of one slice. */
  readonly bytes: number;
  readonly offsets: ReadonlyMap<number, number>;
}

/** Elements of a slice's part of a plane, and from one plane to the next, in memory of its own. */
function ownPlanes(
  { period, plane }: Slicing,
  elements: number,
  trips: number,
  elementBytes: number,
): { planes: number; distance: number } {
  const planes = Math.ceil(elements / plane);
  const part = period / trips;
  if (planes === 1) return { planes, distance: part };
  // An odd number of lines, so that planes do not meet in the first cache.
  const lines = Math.ceil((part * elementBytes) / lineBytes);
  return { planes, distance: ((lines | 1) * lineBytes) / elementBytes };
}

/** Places the buffers of one slice; those that are not there at the same time share bytes. */
export function planSlice(run: SliceRun, draft: Draft, own: ReadonlySet<number>, trips: number): SliceMemory {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  run.steps.forEach((step, at) => {
    const { reads, writes } = effectsOf(step, draft);
    for (const root of [...reads, ...writes].flatMap((buffer) => draft.roots(buffer))) {
      if (!first.has(root)) first.set(root, at);
      last.set(root, at);
    }
  });
  const lasting = [...own].map((buffer) => {
    const { dtype, elements } = draft.buffers[buffer]!;
    const { planes, distance } = ownPlanes(run.sliced.get(buffer)!, elements, trips, dtypes[dtype].bytes);
    const bytes = Math.ceil((planes * distance * dtypes[dtype].bytes) / lineBytes) * lineBytes;
    return { buffer, bytes, from: first.get(buffer)!, to: last.get(buffer)! };
  });
  lasting.sort((a, b) => b.bytes - a.bytes || a.buffer - b.buffer);
  const placed: Placed[] = [];
  const offsets = new Map<number, number>();
  let end = 0;
  for (const one of lasting) {
    const start = placeOf(one, placed);
    offsets.set(one.buffer, start);
    placed.push({ from: one.from, to: one.to, start, end: start + one.bytes });
    end = Math.max(end, start + one.bytes);
  }
  return { bytes: end, offsets };
}

/** The loop over the slices. */
export function cutSlices(run: SliceRun, options: CutOptions): DraftStep {
  return new Cutter(run, options).loop();
}

class Cutter {
  readonly #run: SliceRun;
  readonly #options: CutOptions;
  readonly #draft: Draft;
  readonly #loop: number;
  readonly #memory: SliceMemory;
  readonly #region: number;
  readonly #parts = new Map<number, number>();

  constructor(run: SliceRun, options: CutOptions) {
    this.#run = run;
    this.#options = options;
    this.#draft = options.draft;
    this.#loop = this.#draft.newLoop();
    this.#memory = planSlice(run, this.#draft, options.own, options.trips);
    this.#region = this.#draft.add("uint8", this.#memory.bytes * options.lanes);
  }

  loop(): DraftStep {
    const { trips, lanes } = this.#options;
    return { kind: "loop", loop: this.#loop, trips, condition: null, lanes, body: this.#run.steps.map((step) => this.#cut(step)) };
  }

  #cut(step: DraftStep): DraftStep {
    if (step.kind === "kernel") return { kind: "kernel", kernel: this.#cutKernel(step.kernel) };
    return step.kind === "loop" ? { ...step, body: step.body.map((inner) => this.#cut(inner)) } : step;
  }

  /** The buffer that a slice has instead of `buffer`. */
  #partOf(buffer: number, slicing: Slicing): number {
    let part = this.#parts.get(buffer);
    if (part === undefined) this.#parts.set(buffer, (part = this.#newPart(buffer, slicing)));
    return part;
  }

  #newPart(buffer: number, slicing: Slicing): number {
    const draft = this.#draft;
    const { trips, own } = this.#options;
    const { dtype, elements, place } = draft.buffers[buffer]!;
    const { bytes } = dtypes[dtype];
    const size = this.#partElements(buffer, slicing);
    if (place?.kind === "alternate") {
      const [even, odd] = [this.#partOf(place.even, slicing), this.#partOf(place.odd, slicing)];
      return draft.add(dtype, size, { ...place, even, odd });
    }
    if (place?.kind === "slice") {
      const of = this.#partOf(place.of, slicing);
      const planes = place.strideBytes / bytes / slicing.plane;
      return draft.add(dtype, size, { ...place, of, strideBytes: planes * this.#distance(buffer, slicing) * bytes });
    }
    if (own.has(buffer)) {
      const { bytes: strideBytes, offsets } = this.#memory;
      return draft.add(dtype, size, { kind: "lane", of: this.#region, offset: offsets.get(buffer)!, strideBytes });
    }
    const strideBytes = (slicing.period / trips) * bytes;
    return draft.add(dtype, elements - (trips - 1) * (slicing.period / trips), {
      kind: "slice",
      of: buffer,
      loop: this.#loop,
      strideBytes,
      reverse: false,
    });
  }

  /** Elements from one plane to the next in a slice's part of a buffer. */
  #distance(buffer: number, slicing: Slicing): number {
    const root = this.#draft.roots(buffer)[0]!;
    if (!this.#options.own.has(root)) return slicing.plane;
    const { dtype, elements } = this.#draft.buffers[root]!;
    const { planes, distance } = ownPlanes(slicing, elements, this.#options.trips, dtypes[dtype].bytes);
    return planes === 1 ? slicing.plane : distance;
  }

  #partElements(buffer: number, slicing: Slicing): number {
    const { elements } = this.#draft.buffers[buffer]!;
    const part = slicing.period / this.#options.trips;
    const planes = Math.ceil(elements / slicing.plane);
    const isOwn = this.#draft.roots(buffer).every((root) => this.#options.own.has(root));
    // From the first element to the last.
    return isOwn ? (planes - 1) * this.#distance(buffer, slicing) + part : elements - slicing.period + part;
  }

  #cutKernel(bound: ScheduledKernel): ScheduledKernel {
    const { trips, target } = this.#options;
    const { axis, extent, sliced } = this.#run.axes.get(bound)!;
    const buffers = bound.buffers.map((buffer) => {
      const slicing = sliced.get(buffer);
      return slicing === undefined ? buffer : this.#partOf(buffer, slicing);
    });
    const moved = (position: number, access: Access): Access => {
      const buffer = bound.buffers[position];
      const slicing = buffer === undefined ? undefined : sliced.get(buffer);
      if (slicing === undefined) return access;
      const distance = this.#distance(buffer!, slicing);
      return distance === slicing.plane ? access : withPlanes(access, slicing, distance);
    };
    const cut = <K extends Kernel>(kernel: K): K => ({
      ...kernel,
      axes: kernel.axes.map((one, i) => (i === axis ? { ...one, extent: extent / trips } : one)),
      buffers: kernel.buffers.map((one, position) =>
        buffers[position] === undefined || buffers[position] === bound.buffers[position]
          ? one
          : { ...one, elements: this.#draft.buffers[buffers[position]]!.elements },
      ),
      accesses: kernel.accesses.map((access) => moved(access.buffer, access)),
    });
    const { kernel } = bound;
    const next = cut(kernel);
    if (next.kind === "row") return { ...bound, buffers, kernel: { ...next, stages: next.stages.map(cut) } };
    if (next.kind !== "contract" || target.cutContract === undefined) return { ...bound, buffers, kernel: next };
    return { ...bound, buffers, kernel: target.cutContract(next, axis) };
  }
}

/** An access to planes that are `distance` apart. */
function withPlanes(access: Access, { period, plane }: Slicing, distance: number): Access {
  const planes = (elements: number): number => {
    if (Math.abs(elements) < period) return elements;
    const whole = Math.trunc(elements / plane);
    return whole * distance + (elements - whole * plane);
  };
  const { constant, coefficients } = access.index;
  return { ...access, index: { constant: planes(constant), coefficients: coefficients.map(planes) } };
}
