/** Puts the steps of a block in running order and groups independent kernels into stages. */
import { dtypes } from "../../dtype/index.ts";
import { sameAffine } from "../kernels/affine.ts";
import type { Draft, DraftStep } from "../draft.ts";
import { rarePasses } from "../parts.ts";
import type { Limits, ScheduledKernel } from "../target.ts";
import { isChecked, readBuffers, storeAccesses, writtenBuffers } from "./kernel-graph.ts";

/** What a step reads and writes, seen from outside. */
interface Effects {
  readonly reads: Set<number>;
  readonly writes: Set<number>;
  readonly isChecked: boolean;
}

/** Buffers that a step touches; those inside a loop count as the buffers they are parts of. */
export function effectsOf(step: DraftStep, draft: Draft): Effects {
  const reads = new Set<number>();
  const writes = new Set<number>();
  let checked = false;
  const visit = (inner: DraftStep, isNested: boolean): void => {
    const add = (set: Set<number>, buffer: number): void => {
      set.add(buffer);
      if (isNested) for (const root of draft.roots(buffer)) set.add(root);
    };
    if (inner.kind === "kernel") {
      for (const buffer of readBuffers(inner.kernel)) add(reads, buffer);
      for (const buffer of writtenBuffers(inner.kernel)) add(writes, buffer);
      checked ||= isChecked(inner.kernel.kernel);
      return;
    }
    if (inner.condition !== null) add(reads, inner.condition);
    for (const next of inner.kind === "loop" ? inner.body : [...inner.then, ...inner.else]) visit(next, true);
  };
  visit(step, step.kind !== "kernel");
  return { reads, writes, isChecked: checked };
}

/** The new value of a state: the buffer that holds it, and the state's own buffer. */
export interface StateUpdate {
  readonly state: number;
  readonly value: number;
}

/** Steps of one block with what must run before each. */
export class StepGraph {
  readonly steps: DraftStep[];
  readonly #effects: Effects[];
  readonly #before: Set<number>[];
  readonly #draft: Draft;

  constructor(steps: readonly DraftStep[], draft: Draft) {
    this.#draft = draft;
    this.steps = [...steps];
    this.#effects = this.steps.map((step) => effectsOf(step, draft));
    this.#before = this.steps.map(() => new Set<number>());
    const writers = new Map<number, number[]>();
    const readers = new Map<number, number[]>();
    const push = (map: Map<number, number[]>, key: number, step: number): void => void (map.get(key)?.push(step) ?? map.set(key, [step]));
    this.#effects.forEach(({ reads, writes }, i) => {
      for (const buffer of reads) for (const writer of writers.get(buffer) ?? []) this.#before[i]!.add(writer);
      for (const buffer of writes) {
        for (const writer of writers.get(buffer) ?? []) if (!this.#areApart(writer, i, buffer)) this.#before[i]!.add(writer);
        for (const reader of readers.get(buffer) ?? []) if (reader !== i) this.#before[i]!.add(reader);
      }
      for (const buffer of reads) push(readers, buffer, i);
      for (const buffer of writes) push(writers, buffer, i);
    });
  }

  /** Whether two kernels write different parts of a buffer (pieces of a concatenation), where the back-end may start them as one. */
  #areApart(a: number, b: number, buffer: number): boolean {
    return (this.#draft.limits.gatheredPoints ?? 0) > 0 && rarePasses.get().writeApart(this.steps[a]!, this.steps[b]!, buffer);
  }

  #reaches(from: number, to: number): boolean {
    const seen = new Set<number>();
    const stack = [to];
    while (stack.length > 0) {
      const step = stack.pop()!;
      for (const earlier of this.#before[step]!) {
        if (earlier === from) return true;
        if (!seen.has(earlier)) {
          seen.add(earlier);
          stack.push(earlier);
        }
      }
    }
    return false;
  }

  /**
   * Lets the kernel that makes `update.value` write the state's own memory, where nobody needs the old version after it
   * and no index check comes later. Returns false, and changes nothing, where that cannot be.
   */
  writeInPlace(update: StateUpdate): boolean {
    const writers = this.#effects.flatMap(({ writes }, i) => (writes.has(update.value) ? [i] : []));
    if (writers.length !== 1) return false;
    const writer = writers[0]!;
    const step = this.steps[writer]!;
    if (step.kind !== "kernel" || !canDonate(step.kernel, update, this.#draft.limits)) return false;
    const earlier = this.#effects.flatMap((effects, i) =>
      i !== writer && (effects.reads.has(update.state) || effects.isChecked) ? [i] : [],
    );
    if (earlier.some((other) => this.#reaches(writer, other))) return false;
    for (const other of earlier) this.#before[writer]!.add(other);
    this.#effects[writer]!.writes.add(update.state);
    return true;
  }

  /**
   * Order by longest chain of predecessors: steps of one level are independent. What its readers do not need yet (packed
   * weights, random bits) comes as late as they allow, so that its memory is not taken from the first stage on.
   */
  levels(): DraftStep[][] {
    const level = new Array<number>(this.steps.length).fill(-1);
    const compute = (root: number): void => {
      const stack = [root];
      while (stack.length > 0) {
        const step = stack[stack.length - 1]!;
        const open = [...this.#before[step]!].filter((earlier) => level[earlier]! < 0);
        if (open.length > 0) {
          stack.push(...open);
          continue;
        }
        stack.pop();
        level[step] = Math.max(-1, ...[...this.#before[step]!].map((earlier) => level[earlier]!)) + 1;
      }
    };
    this.steps.forEach((_, i) => level[i]! < 0 && compute(i));
    this.#delay(level);
    const { gatheredPoints = 0 } = this.#draft.limits;
    if (gatheredPoints > 0 && level.length > 1) rarePasses.get().gatherEqual(this.steps, this.#before, level, gatheredPoints);
    const result: DraftStep[][] = [];
    this.steps.forEach((step, i) => (result[level[i]!] ??= []).push(step));
    return result;
  }

  /**
   * Whether a step reads much more of the arena than it writes: the gradient of a weight, which may wait for a decision about
   * all gradients (clipping, loss scaling). Late, it would keep what it reads until then.
   */
  #condenses(step: number): boolean {
    const { reads, writes } = this.#effects[step]!;
    const bytes = (buffers: Iterable<number>): number =>
      [...buffers].reduce((sum, buffer) => {
        const { place, dtype, elements } = this.#draft.buffers[buffer]!;
        return place === undefined ? sum + elements * dtypes[dtype].bytes : sum;
      }, 0);
    const made = this.steps[step]!;
    return made.kind === "kernel" && made.kernel.kernel.kind !== "map" && bytes(reads) >= 4 * bytes(writes);
  }

  /** Raises levels of steps to just below that of what follows them, but for those that make little of much. */
  #delay(level: number[]): void {
    const order = [...this.steps.keys()].sort((a, b) => level[a]! - level[b]!);
    const next = new Array<number>(this.steps.length).fill(Infinity);
    for (const step of order.reverse()) {
      if (next[step] !== Infinity && !this.#condenses(step)) level[step] = next[step]! - 1;
      for (const earlier of this.#before[step]!) next[earlier] = Math.min(next[earlier]!, level[step]!);
    }
  }
}

/**
 * Whether a kernel may write its output over the state: it reads the old version only where it writes the new one, and
 * for a reduction or a contraction only in the epilogue.
 */
function canDonate(bound: ScheduledKernel, { state, value }: StateUpdate, { contractsInPlace = false }: Limits): boolean {
  const { kernel, buffers } = bound;
  const position = buffers.indexOf(state);
  if (position < 0) return true;
  if (kernel.kind === "contract") {
    const isOperand = [kernel.lhs, kernel.rhs].some((access) => kernel.accesses[access]!.buffer === position);
    if (!contractsInPlace || isOperand) return false;
  } else if (kernel.kind !== "map" && kernel.kind !== "reduce") return false;
  if (
    kernel.kind === "reduce" &&
    kernel.expression.some((entry) => entry.op === "load" && kernel.accesses[entry.access]!.buffer === position)
  )
    return false;
  const target = buffers.indexOf(value);
  const stores = storeAccesses(kernel).map((access) => kernel.accesses[access]!);
  const store = stores.find((access) => access.buffer === target);
  if (store === undefined || store.dynamic.length > 0) return false;
  return kernel.accesses.every(
    (access) =>
      access.buffer !== position || (sameAffine(access.index, store.index) && access.guards.length === 0 && access.dynamic.length === 0),
  );
}
