/** The threads that run stages: the calling one, and workers that help it. */
import { withParts } from "../../../parts/part.ts";
import { type Platform, platform } from "../../../platform/index.ts";
import type { StageThreads } from "../runtime/machine.ts";
import { mailbox } from "./control.ts";
import type { Driver } from "./driver.ts";
import { mathImports } from "./emitted-functions.ts";
import type { Heap } from "./heap.ts";
import type * as helperModule from "./helpers.ts";
import { generatorOfCode } from "./parts.ts";
import type { InstalledModule } from "./worker-source.ts";

type DriverExports = WebAssembly.Exports & Driver;

/** Most threads at all (mailboxes). */
export const mostThreads = 64;

/**
 * Runs stages on `count` threads over one heap. Workers start when `start` is first called; until each has acknowledged
 * the kernels of a stage, that stage runs without it. Results never depend on who runs a chunk.
 */
export class Threads implements StageThreads {
  readonly count: number;
  readonly #heap: Heap;
  #driver: DriverExports | undefined;
  readonly #table: WebAssembly.Table;
  readonly #imports: WebAssembly.Imports;
  readonly #installed = new Map<WebAssembly.Module, InstalledModule>();
  /** Messages that every worker was sent, or would have been. */
  #messages = 0;
  #helpers: helperModule.Helpers | undefined;
  #state: "new" | "started" | "closed" = "new";
  #failure: Error | undefined;
  #scratchBytes = 0;
  /** Scratch of the calling thread, then of each worker. */
  #scratch: number[] = [];

  constructor(heap: Heap, count: number) {
    this.#heap = heap;
    this.count = heap.isShared ? count : 1;
    this.#table = new WebAssembly.Table({ element: "anyfunc", initial: 256 });
    this.#imports = { env: { memory: heap.memory, table: this.#table }, math: mathImports };
    for (let i = 0; i < this.count; i++) this.#scratch.push(0);
  }

  /** Workers that know every kernel installed so far. */
  get ready(): number {
    return this.#helpers?.ready(this.#messages) ?? 0;
  }

  /** Number that a stage's `required` takes so that only workers which know all kernels of now run it. */
  get knowledge(): number {
    return this.#messages;
  }

  /**
   * Starts the workers, once. They do not keep the process alive. What they need is loaded first, where it is not there:
   * until then this thread runs alone, as it does while they start.
   */
  start(): void {
    if (this.#state !== "new" || this.count < 2) return;
    this.#state = "started";
    const loaded = withParts(() => generatorOfCode.get().helperThreads.get());
    if (loaded instanceof Promise) loaded.then((part) => this.#employ(part)).catch((error: unknown) => this.#fail(error));
    else this.#employ(loaded);
  }

  #employ(part: typeof helperModule): void {
    if (this.#state === "closed") return;
    // One by one: what a page's platform has is in a bundle only where it is named.
    const host: Pick<Platform, "mayBlock" | "startWorker"> = {
      mayBlock: platform.mayBlock,
      startWorker: (source, data) => platform.startWorker(source, data),
    };
    const helpers = new part.Helpers(this.#heap, this.#imports, host);
    this.#helpers = helpers;
    const everything = { installed: [...this.#installed.values()], messages: this.#messages };
    // Fewer threads: everything still runs.
    helpers.start(this.count - 1, everything, (error) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Puts functions of a new module into every thread's table, and empties positions that are no longer used. */
  install(installed: InstalledModule | null, removed: readonly number[]): void {
    for (const index of removed) this.#table.set(index, null);
    if (installed !== null) {
      const { exports } = new WebAssembly.Instance(installed.module, this.#imports);
      for (const { name, index } of installed.entries) {
        if (index >= this.#table.length) this.#table.grow(index + 256 - this.#table.length);
        this.#table.set(index, exports[name]);
      }
      this.#installed.set(installed.module, installed);
    }
    if (removed.length > 0) this.#forget(new Set(removed));
    this.#messages++;
    this.#helpers?.tell({ installed: installed === null ? [] : [installed], removed }, this.#messages);
  }

  /** Drops modules whose functions were all removed. */
  #forget(removed: ReadonlySet<number>): void {
    for (const [module, { entries }] of this.#installed) {
      const left = entries.filter((entry) => !removed.has(entry.index));
      if (left.length === 0) this.#installed.delete(module);
      else if (left.length < entries.length) this.#installed.set(module, { module, entries: left });
    }
  }

  /** Makes sure that every thread has this much scratch. Not while a stage runs. */
  reserveScratch(bytes: number): void {
    if (bytes <= this.#scratchBytes) return;
    const places = this.#scratch.map(() => this.#heap.allocate(bytes, "scratch memory of the threads"));
    for (const old of this.#scratch) if (old !== 0) this.#heap.release(old);
    this.#scratch = places;
    this.#scratchBytes = bytes;
    for (let i = 1; i < this.count; i++) Atomics.store(this.#heap.i32, mailbox(i - 1) / 4 + 2, places[i]! | 0);
  }

  /** Runs the stage whose descriptor stands at `stage` on this thread only. */
  solo(stage: number): void {
    // Whoever has a stage has its kernels, and with them what writes the driver.
    this.#driver ??= this.#makeDriver();
    this.#driver.solo(stage, this.#scratch[0]!);
  }

  #makeDriver(): DriverExports {
    const driver = new WebAssembly.Module(generatorOfCode.get().emitDriver(this.#heap.isShared));
    return new WebAssembly.Instance(driver, this.#imports).exports as DriverExports;
  }

  /**
   * Runs a stage with the help of the workers that have handled `required` messages. Throws InternalError where a kernel
   * trapped in a worker, or what a kernel trapped with on this thread.
   */
  run(stage: number, required: number): void {
    if (this.#helpers === undefined) this.solo(stage);
    else this.#helpers.run(stage, this.#scratch[0]!, required, this.#failure);
  }

  /** Ends the workers. Stages then run on this thread alone. */
  async close(): Promise<void> {
    this.#state = "closed";
    const helpers = this.#helpers;
    await helpers?.close();
  }

  /** Why there are fewer threads than asked for, if so. */
  get problem(): string | undefined {
    return this.#failure?.message;
  }
}
