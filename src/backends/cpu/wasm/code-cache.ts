/** Compiled kernels by key, shared between programs, each at one position of the function tables. */
import { InternalError } from "../../../errors.ts";
import type { LoopFunction } from "../loops/ir.ts";
import { emitModule, type EmitOptions } from "./emit.ts";
import type { Threads } from "./threads.ts";

/** Kernels that are kept although no program uses them. */
const keptKernels = 1024;

interface Entry {
  readonly index: number;
  users: number;
  readonly bytes: number;
}

/** Most recently used last (a Map keeps its order). Only entries without users are dropped. */
export class CodeCache {
  private readonly threads: Threads;
  private readonly options: EmitOptions;
  private readonly entries = new Map<string, Entry>();
  private readonly freeIndices: number[] = [];
  private nextIndex = 0;
  private unused = 0;
  /** Bytes of WebAssembly of the entries. */
  bytes = 0;

  constructor(threads: Threads, options: EmitOptions) {
    this.threads = threads;
    this.options = options;
  }

  /**
   * Table positions of kernels, by key. All that are missing are compiled in one module: `code` is asked for those only.
   * Each key counts as one use, to be ended by `release`.
   */
  acquire(kernels: readonly { readonly key: string; readonly code: () => LoopFunction }[]): number[] {
    const missing = new Map<string, () => LoopFunction>();
    for (const { key, code } of kernels) if (!this.entries.has(key)) missing.set(key, code);
    if (missing.size > 0) this.compile(missing);
    return kernels.map(({ key }) => {
      const entry = this.entries.get(key)!;
      if (entry.users++ === 0) this.unused--;
      this.entries.delete(key);
      this.entries.set(key, entry);
      return entry.index;
    });
  }

  /** Ends uses of kernels; the least recently used beyond the bound are dropped. */
  release(keys: readonly string[]): void {
    for (const key of keys) {
      const entry = this.entries.get(key);
      if (entry === undefined || entry.users === 0) throw new InternalError("kernel cache", "releases what was not acquired");
      if (--entry.users === 0) this.unused++;
    }
    if (this.unused > keptKernels) this.drop(this.unused - keptKernels);
  }

  private drop(count: number): void {
    const removed: number[] = [];
    for (const [key, entry] of this.entries) {
      if (removed.length === count) break;
      if (entry.users > 0) continue;
      removed.push(entry.index);
      this.entries.delete(key);
      this.bytes -= entry.bytes;
    }
    this.unused -= removed.length;
    this.freeIndices.push(...removed);
    this.threads.install(null, removed);
  }

  private compile(missing: ReadonlyMap<string, () => LoopFunction>): void {
    const functions = [...missing.values()].map((code, i): LoopFunction => ({ ...code(), name: `k${i}` }));
    const bytes = emitModule(functions, this.options);
    const module = new WebAssembly.Module(bytes);
    const added = [...missing.keys()].map((key, i) => ({ key, name: `k${i}`, index: this.freeIndices.pop() ?? this.nextIndex++ }));
    this.threads.install({ module, entries: added.map(({ name, index }) => ({ name, index })) }, []);
    const share = bytes.length / added.length;
    for (const { key, index } of added) this.entries.set(key, { index, users: 0, bytes: share });
    this.unused += added.length;
    this.bytes += bytes.length;
  }
}
