/** Dependencies between the kernels of a straight run of steps, while passes join kernels. */
import { InternalError } from "../../errors.ts";
import type { Access, Kernel } from "../kernels/kernel.ts";
import type { ScheduledKernel } from "../target.ts";

/** Accesses through which a kernel stores. */
export function storeAccesses(kernel: Kernel): readonly number[] {
  if (kernel.kind === "row") throw new InternalError(kernel.label, "the stores of rows are those of their stages");
  return "store" in kernel ? [kernel.store] : kernel.stores.map((store) => store.access);
}

/** Accesses through which a kernel loads. */
export function loadAccesses(kernel: Kernel): readonly number[] {
  const loads = new Set<number>();
  const lists = [...("expression" in kernel ? [kernel.expression] : []), ...("epilogue" in kernel ? [kernel.epilogue] : [])];
  for (const list of lists) for (const entry of list) if (entry.op === "load") loads.add(entry.access);
  if (kernel.kind === "contract") loads.add(kernel.lhs).add(kernel.rhs);
  // A scatter reads what it adds to.
  if (kernel.kind === "scatter") loads.add(kernel.store);
  return [...loads];
}

/** Whether a kernel stores over part of a buffer that it does not load: what stands there must have been written before. */
export function isUpdated(kernel: Kernel, buffer: number): boolean {
  if (kernel.buffers[buffer]!.use !== "readwrite") return false;
  return !loadAccesses(kernel).some((access) => kernel.accesses[access]!.buffer === buffer);
}

/** What the passes ask of every kernel again and again. */
const readsOf = new WeakMap<ScheduledKernel, ReadonlySet<number>>();
const writesOf = new WeakMap<ScheduledKernel, ReadonlySet<number>>();

function buffersOf(bound: ScheduledKernel, accesses: readonly number[]): ReadonlySet<number> {
  return new Set(accesses.map((access) => bound.buffers[bound.kernel.accesses[access]!.buffer]!));
}

function usedAs(bound: ScheduledKernel, use: "read" | "write"): ReadonlySet<number> {
  return new Set(bound.buffers.filter((_, position) => bound.kernel.buffers[position]!.use === use));
}

/** Buffers a kernel reads, or stores over in part. */
export function readBuffers(bound: ScheduledKernel): ReadonlySet<number> {
  let reads = readsOf.get(bound);
  if (reads === undefined && bound.kernel.kind === "row") readsOf.set(bound, (reads = usedAs(bound, "read")));
  if (reads === undefined) {
    const updated = bound.buffers.filter((_, position) => isUpdated(bound.kernel, position));
    readsOf.set(bound, (reads = new Set([...buffersOf(bound, loadAccesses(bound.kernel)), ...updated])));
  }
  return reads;
}

/** Buffers a kernel writes. */
export function writtenBuffers(bound: ScheduledKernel): ReadonlySet<number> {
  let writes = writesOf.get(bound);
  if (writes === undefined && bound.kernel.kind === "row") writesOf.set(bound, (writes = usedAs(bound, "write")));
  if (writes === undefined) writesOf.set(bound, (writes = buffersOf(bound, storeAccesses(bound.kernel))));
  return writes;
}

/** Whether an access can go wrong at run time. */
export function isChecked(kernel: Kernel): boolean {
  return kernel.accesses.some((access: Access) => access.dynamic.some((term) => term.mode === "check"));
}

/** A set of kernels that passes join; edges follow the data. */
export class KernelGraph {
  /** Kernels in an order that respects the data; joined ones are gone. */
  readonly kernels: Set<ScheduledKernel> = new Set<ScheduledKernel>();
  readonly #readersOf = new Map<number, Set<ScheduledKernel>>();
  readonly #writersOf = new Map<number, Set<ScheduledKernel>>();

  constructor(kernels: readonly ScheduledKernel[]) {
    for (const kernel of kernels) this.add(kernel);
  }

  add(bound: ScheduledKernel): void {
    this.kernels.add(bound);
    for (const buffer of readBuffers(bound)) index(this.#readersOf, buffer).add(bound);
    for (const buffer of writtenBuffers(bound)) index(this.#writersOf, buffer).add(bound);
  }

  remove(bound: ScheduledKernel): void {
    this.kernels.delete(bound);
    for (const buffer of bound.buffers) {
      this.#readersOf.get(buffer)?.delete(bound);
      this.#writersOf.get(buffer)?.delete(bound);
    }
  }

  readers(buffer: number): ReadonlySet<ScheduledKernel> {
    return index(this.#readersOf, buffer);
  }

  writers(buffer: number): ReadonlySet<ScheduledKernel> {
    return index(this.#writersOf, buffer);
  }

  /** Kernels whose results a kernel needs. */
  producers(bound: ScheduledKernel): Set<ScheduledKernel> {
    const found = new Set<ScheduledKernel>();
    for (const buffer of readBuffers(bound)) for (const writer of this.writers(buffer)) if (writer !== bound) found.add(writer);
    return found;
  }

  /** Whether `from` reaches `to` through at least one other kernel. */
  hasDetour(from: ScheduledKernel, to: ScheduledKernel): boolean {
    const seen = new Set<ScheduledKernel>();
    const stack = [...this.producers(to)].filter((kernel) => kernel !== from);
    while (stack.length > 0) {
      const kernel = stack.pop()!;
      if (seen.has(kernel)) continue;
      seen.add(kernel);
      for (const producer of this.producers(kernel)) {
        if (producer === from) return true;
        stack.push(producer);
      }
    }
    return false;
  }

  /** Whether `to` needs `from`, directly or not. */
  reaches(from: ScheduledKernel, to: ScheduledKernel): boolean {
    return this.producers(to).has(from) || this.hasDetour(from, to);
  }
}

function index<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key);
  if (set === undefined) map.set(key, (set = new Set()));
  return set;
}
