/** Runs of kernels and loops in which every buffer moves along the batch in the same slices, or not at all. */
import type { Draft, DraftStep } from "../draft.ts";
import { dtypes } from "../../dtype/index.ts";
import type { ScheduledKernel } from "../target.ts";
import { effectsOf } from "./order-steps.ts";
import { joinSlicings, type SliceAxis, sliceAxes, type SliceContext, type Slicing } from "./slice-axes.ts";

/** A run that can be cut. */
export interface SliceRun {
  /** The positions that it takes up: from, to (behind the last). */
  readonly from: number;
  readonly to: number;
  /** Steps that need nothing of the run and go before it. */
  readonly before: readonly DraftStep[];
  readonly steps: readonly DraftStep[];
  /** How each kernel is cut, those in loops among them. */
  readonly axes: ReadonlyMap<ScheduledKernel, SliceAxis>;
  /** Slicing of every buffer that moves (by what slices and carries of loops are parts of), */
  readonly sliced: ReadonlyMap<number, Slicing>;
  /** buffers that are read whole by every slice, */
  readonly fixed: ReadonlySet<number>;
  /** and those whose planes must stay as far apart as they are. */
  readonly rigid: ReadonlySet<number>;
}

/** What is known so far, and how to forget the last of it. */
class Assignment {
  readonly axes: Map<ScheduledKernel, SliceAxis> = new Map<ScheduledKernel, SliceAxis>();
  readonly sliced: Map<number, Slicing> = new Map<number, Slicing>();
  readonly fixed: Set<number> = new Set<number>();
  readonly rigid: Set<number> = new Set<number>();
  readonly #log: (() => unknown)[] = [];

  get mark(): number {
    return this.#log.length;
  }

  /** Back to how it was at a mark. */
  forget(mark: number): void {
    while (this.#log.length > mark) this.#log.pop()!();
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    if (map.has(key)) return;
    map.set(key, value);
    this.#log.push(() => map.delete(key));
  }

  add<K>(set: Set<K>, key: K): void {
    if (set.has(key)) return;
    set.add(key);
    this.#log.push(() => set.delete(key));
  }
}

/** The kernels of a loop; null where something in it cannot be cut. */
function kernelsOf(step: DraftStep): ScheduledKernel[] | null {
  if (step.kind === "kernel") return [step.kernel];
  if (step.kind === "branch" || step.condition !== null || step.lanes !== undefined) return null;
  const kernels: ScheduledKernel[] = [];
  for (const inner of step.body) {
    const found = kernelsOf(inner);
    if (found === null) return null;
    kernels.push(...found);
  }
  return kernels;
}

/** Finds runs among the steps of a block. */
export class RunFinder {
  readonly #steps: readonly DraftStep[];
  readonly #context: SliceContext;
  readonly #draft: Draft;
  readonly #candidates = new Map<ScheduledKernel, readonly SliceAxis[]>();
  /** Buffers that arguments reach: what is made of weights alone has no batch. */
  readonly #reached = new Set<number>();

  constructor(steps: readonly DraftStep[], context: SliceContext) {
    this.#steps = steps;
    this.#context = context;
    this.#draft = context.draft;
    this.#draft.buffers.forEach(({ place }, buffer) => {
      if (place?.kind === "argument") this.#reached.add(buffer);
    });
    for (const step of steps) {
      const { reads, writes } = effectsOf(step, this.#draft);
      if ([...reads].some((buffer) => this.#reached.has(buffer))) for (const buffer of writes) this.#reached.add(buffer);
    }
  }

  /** The longest runs that begin with a step, one for each way to cut it; none where arguments do not reach it. */
  runsFrom(from: number): SliceRun[] {
    const step = this.#steps[from]!;
    const first = this.#firstKernel(step);
    if (first === null || ![...effectsOf(step, this.#draft).writes].some((buffer) => this.#reached.has(buffer))) return [];
    return this.#candidatesOf(first).flatMap((candidate) => this.#run(from, first, candidate) ?? []);
  }

  #firstKernel(step: DraftStep): ScheduledKernel | null {
    if (step.kind === "kernel") return step.kernel;
    const inner = step.kind === "loop" ? step.body[0] : undefined;
    return inner === undefined ? null : this.#firstKernel(inner);
  }

  #candidatesOf(kernel: ScheduledKernel): readonly SliceAxis[] {
    let found = this.#candidates.get(kernel);
    if (found === undefined) this.#candidates.set(kernel, (found = sliceAxes(kernel, this.#context)));
    return found;
  }

  #run(from: number, first: ScheduledKernel, candidate: SliceAxis): SliceRun | null {
    const known = new Assignment();
    if (!this.#cut(first, candidate, known)) return null;
    const steps: DraftStep[] = [];
    const between: DraftStep[] = [];
    let before = 0;
    let to = from;
    const touched = new Set<number>();
    const written = new Set<number>();
    for (let at = from; at < this.#steps.length; at++) {
      const step = this.#steps[at]!;
      const { reads, writes } = effectsOf(step, this.#draft);
      const [read, write] = [reads, writes].map((buffers) => [...buffers].flatMap((buffer) => this.#draft.roots(buffer))) as [
        number[],
        number[],
      ];
      const { mark } = known;
      if (this.#take(step, known)) {
        steps.push(step);
        to = at + 1;
        before = between.length;
        for (const buffer of [...read, ...write]) touched.add(buffer);
        for (const buffer of write) written.add(buffer);
        continue;
      }
      known.forget(mark);
      // What needs nothing of the run, and leaves it alone, comes before it.
      if (read.some((buffer) => written.has(buffer)) || write.some((buffer) => touched.has(buffer))) break;
      between.push(step);
    }
    const { axes, sliced, fixed, rigid } = known;
    return steps.length === 0 ? null : { from, to, before: between.slice(0, before), steps, axes, sliced, fixed, rigid };
  }

  /** Whether a step can be cut as the run is. What it settles is noted in `known`, also where it cannot. */
  #take(step: DraftStep, known: Assignment): boolean {
    if (step.kind === "kernel") return this.#takeKernel(step.kernel, known, false) === "taken";
    const kernels = kernelsOf(step);
    if (kernels === null) return false;
    // First those that meet the run, and through them others.
    let open = [...kernels];
    let isApart = true;
    while (open.length > 0) {
      const results = open.map((kernel) => this.#takeKernel(kernel, known, false));
      if (results.includes("clash")) return false;
      const left = open.filter((_, i) => results[i] === "apart");
      if (left.length < open.length) isApart = false;
      else if (isApart || this.#takeKernel(left.shift()!, known, true) !== "taken") return false;
      open = left;
    }
    return true;
  }

  /** Whether a kernel is cut with the run; apart: it has nothing to do with it, and was not asked to `join`. */
  #takeKernel(kernel: ScheduledKernel, known: Assignment, joins: boolean): "taken" | "apart" | "clash" {
    if (known.axes.has(kernel)) return "taken";
    const candidates = this.#candidatesOf(kernel);
    const possible = joins ? candidates : candidates.filter((one) => this.#meets(one, known) || this.#walksArgument(one));
    for (const candidate of possible) {
      const { mark } = known;
      if (this.#cut(kernel, candidate, known)) return "taken";
      known.forget(mark);
    }
    return possible.length > 0 || candidates.length === 0 ? "clash" : "apart";
  }

  #meets({ sliced }: SliceAxis, known: Assignment): boolean {
    return [...sliced.keys()].some((buffer) => this.#draft.roots(buffer).some((root) => known.sliced.has(root)));
  }

  /** Whether the axis is the batch of an argument: then it belongs to the run, though nothing of it was seen before. */
  #walksArgument({ sliced }: SliceAxis): boolean {
    return [...sliced].some(([buffer, { period }]) => {
      const { place, elements } = this.#draft.buffers[buffer]!;
      return place?.kind === "argument" && period === elements;
    });
  }

  /** Notes how a kernel is cut; false where a buffer would move in two ways. */
  #cut(kernel: ScheduledKernel, candidate: SliceAxis, known: Assignment): boolean {
    known.set(known.axes, kernel, candidate);
    for (const [buffer, slicing] of candidate.sliced) {
      if (!this.#slice(buffer, slicing, candidate.rigid.has(buffer), known)) return false;
    }
    for (const root of [...candidate.fixed].flatMap((buffer) => this.#draft.roots(buffer))) {
      if (known.sliced.has(root)) return false;
      known.add(known.fixed, root);
    }
    return true;
  }

  #slice(buffer: number, slicing: Slicing, isRigid: boolean, known: Assignment): boolean {
    const { place, dtype, elements } = this.#draft.buffers[buffer]!;
    if (place?.kind === "alternate") {
      // Both keep their planes where they are, or one could be moved and the other not.
      const keeps = isRigid || slicing.plane < elements;
      return [place.even, place.odd].every((part) => this.#slice(part, slicing, keeps, known));
    }
    if (place?.kind === "slice") {
      // The parts that a loop walks through are planes, or several.
      return (place.strideBytes / dtypes[dtype].bytes) % slicing.plane === 0 && this.#slice(place.of, slicing, isRigid, known);
    }
    const before = known.sliced.get(buffer);
    if (known.fixed.has(buffer) || (before !== undefined && joinSlicings(before, slicing) === null)) return false;
    known.set(known.sliced, buffer, slicing);
    if (isRigid) known.add(known.rigid, buffer);
    return true;
  }
}
