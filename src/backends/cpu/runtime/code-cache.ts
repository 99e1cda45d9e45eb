/** Compiled kernels by key, shared between programs. */
import { InternalError } from "../../../errors.ts";
import type { LoopFunction } from "../loops/ir.ts";

/** Kernels that are kept although no program uses them. */
const keptKernels = 1024;

/** Where the code of kernels is put. */
export interface CodeStore {
  /** Generates and installs functions: what a job names each by, and the bytes of all. */
  install(functions: readonly LoopFunction[]): { readonly references: readonly number[]; readonly bytes: number };
  /** Forgets functions. No stage runs them any more. */
  remove(references: readonly number[]): void;
}

interface Entry {
  readonly reference: number;
  users: number;
  readonly bytes: number;
}

/** Most recently used last (a Map keeps its order). Only entries without users are dropped. */
export class CodeCache {
  readonly #store: CodeStore;
  readonly #entries = new Map<string, Entry>();
  #unused = 0;
  /** Bytes of code of the entries. */
  bytes = 0;

  constructor(store: CodeStore) {
    this.#store = store;
  }

  /**
   * What jobs name kernels by, by key. All that are missing are generated at once: `code` is asked for those only.
   * Each key counts as one use, to be ended by `release`.
   */
  acquire(kernels: readonly { readonly key: string; readonly code: () => LoopFunction }[]): number[] {
    const missing = new Map<string, () => LoopFunction>();
    for (const { key, code } of kernels) if (!this.#entries.has(key)) missing.set(key, code);
    if (missing.size > 0) this.#compile(missing);
    return kernels.map(({ key }) => {
      const entry = this.#entries.get(key)!;
      if (entry.users++ === 0) this.#unused--;
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      return entry.reference;
    });
  }

  /** Ends uses of kernels; the least recently used beyond the bound are dropped. */
  release(keys: readonly string[]): void {
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry === undefined || entry.users === 0) throw new InternalError("kernel cache", "releases what was not acquired");
      if (--entry.users === 0) this.#unused++;
    }
    if (this.#unused > keptKernels) this.#drop(this.#unused - keptKernels);
  }

  #drop(count: number): void {
    const removed: number[] = [];
    for (const [key, entry] of this.#entries) {
      if (removed.length === count) break;
      if (entry.users > 0) continue;
      removed.push(entry.reference);
      this.#entries.delete(key);
      this.bytes -= entry.bytes;
    }
    this.#unused -= removed.length;
    this.#store.remove(removed);
  }

  #compile(missing: ReadonlyMap<string, () => LoopFunction>): void {
    const functions = [...missing.values()].map((code, i): LoopFunction => ({ ...code(), name: `k${i}` }));
    const { references, bytes } = this.#store.install(functions);
    const share = bytes / missing.size;
    let position = 0;
    for (const key of missing.keys()) this.#entries.set(key, { reference: references[position++]!, users: 0, bytes: share });
    this.#unused += missing.size;
    this.bytes += bytes;
  }
}
