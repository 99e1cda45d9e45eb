/** The threads that run stages: the calling one, and workers that help it. */
import { InternalError } from "../../../errors.ts";
import { platform, type PlatformWorker } from "../../../platform/index.ts";
import type { StageThreads } from "../runtime/machine.ts";
import { stageWords } from "../runtime/stage-format.ts";
import { controlWords, type Driver, emitDriver, mailbox } from "./driver.ts";
import { mathImports } from "./emit.ts";
import type { Heap } from "./heap.ts";
import { type InstalledModule, type InstallMessage, type StartMessage, workerSource } from "./worker-source.ts";

/** The driver's exports; `run` and `work` only over shared memory. */
type DriverExports = WebAssembly.Exports & Driver;

/** Most threads at all (mailboxes). */
export const mostThreads = 64;

/**
 * Runs stages on `count` threads over one heap. Workers start when `start` is first called; until each has acknowledged
 * the kernels of a stage, that stage runs without it. Results never depend on who runs a chunk.
 */
export class Threads implements StageThreads {
  readonly count: number;
  private readonly heap: Heap;
  private readonly driverModule: WebAssembly.Module;
  private readonly driver: DriverExports;
  private readonly table: WebAssembly.Table;
  private readonly imports: WebAssembly.Imports;
  private readonly installed = new Map<WebAssembly.Module, InstalledModule>();
  /** Messages that every worker was sent, or would have been. */
  private messages = 0;
  private workers: PlatformWorker[] = [];
  private isStarted = false;
  private failure: Error | undefined;
  private scratchBytes = 0;
  /** Scratch of the calling thread, then of each worker. */
  private scratch: number[] = [];

  constructor(heap: Heap, count: number) {
    this.heap = heap;
    this.count = heap.isShared ? count : 1;
    this.table = new WebAssembly.Table({ element: "anyfunc", initial: 256 });
    this.imports = { env: { memory: heap.memory, table: this.table }, math: mathImports };
    this.driverModule = new WebAssembly.Module(emitDriver({ sharedMemory: heap.isShared, mayBlock: platform.mayBlock }));
    this.driver = new WebAssembly.Instance(this.driverModule, this.imports).exports as DriverExports;
    for (let i = 0; i < this.count; i++) this.scratch.push(0);
  }

  /** Workers that know every kernel installed so far. */
  get ready(): number {
    let ready = 0;
    for (let i = 0; i < this.workers.length; i++) {
      if (Atomics.load(this.heap.i32, mailbox(i) / 4 + 1) === this.messages) ready++;
    }
    return ready;
  }

  /** Number that a stage's `required` takes so that only workers which know all kernels of now run it. */
  get knowledge(): number {
    return this.messages;
  }

  /** Starts the workers, once. They do not keep the process alive. */
  start(): void {
    if (this.isStarted || this.count < 2) return;
    this.isStarted = true;
    for (let i = 0; i < this.count - 1; i++) {
      const at = mailbox(i) / 4;
      Atomics.store(this.heap.i32, at, this.messages);
      Atomics.store(this.heap.i32, at + 1, -1);
      const message: StartMessage = {
        memory: this.heap.memory,
        driver: this.driverModule,
        mailbox: mailbox(i),
        installed: [...this.installed.values()],
        messages: this.messages,
        math: Object.keys(mathImports),
      };
      try {
        const worker = platform.startWorker(workerSource, message);
        worker.onFailure((error) => {
          this.failure ??= error;
        });
        this.workers.push(worker);
      } catch (error) {
        // Fewer threads: everything still runs.
        this.failure ??= error instanceof Error ? error : new Error(String(error));
        return;
      }
    }
  }

  /** Puts functions of a new module into every thread's table, and empties positions that are no longer used. */
  install(installed: InstalledModule | null, removed: readonly number[]): void {
    for (const index of removed) this.table.set(index, null);
    if (installed !== null) {
      const { exports } = new WebAssembly.Instance(installed.module, this.imports);
      for (const { name, index } of installed.entries) {
        if (index >= this.table.length) this.table.grow(index + 256 - this.table.length);
        this.table.set(index, exports[name]);
      }
      this.installed.set(installed.module, installed);
    }
    if (removed.length > 0) this.forget(new Set(removed));
    this.messages++;
    const message: InstallMessage = { installed: installed === null ? [] : [installed], removed };
    this.workers.forEach((worker, i) => {
      Atomics.store(this.heap.i32, mailbox(i) / 4, this.messages);
      worker.postMessage(message);
    });
    this.wake();
  }

  /** Drops modules whose functions were all removed. */
  private forget(removed: ReadonlySet<number>): void {
    for (const [module, { entries }] of this.installed) {
      const left = entries.filter((entry) => !removed.has(entry.index));
      if (left.length === 0) this.installed.delete(module);
      else if (left.length < entries.length) this.installed.set(module, { module, entries: left });
    }
  }

  /** Makes sure that every thread has this much scratch. Not while a stage runs. */
  reserveScratch(bytes: number): void {
    if (bytes <= this.scratchBytes) return;
    const places = this.scratch.map(() => this.heap.allocate(bytes, "scratch memory of the threads"));
    for (const old of this.scratch) if (old !== 0) this.heap.release(old);
    this.scratch = places;
    this.scratchBytes = bytes;
    for (let i = 1; i < this.count; i++) Atomics.store(this.heap.i32, mailbox(i - 1) / 4 + 2, places[i]! | 0);
  }

  /** Runs the stage whose descriptor stands at `stage` on this thread only. */
  solo(stage: number): void {
    this.driver.solo(stage, this.scratch[0]!);
  }

  /**
   * Runs a stage with the help of the workers that have handled `required` messages. Throws InternalError where a kernel
   * trapped in a worker, or what a kernel trapped with on this thread.
   */
  run(stage: number, required: number): void {
    try {
      this.driver.run(stage, this.scratch[0]!, required);
    } catch (error) {
      this.drain(stage);
      throw error;
    }
    if (this.heap.i32[controlWords.failed / 4] !== 0) this.throwFailure();
  }

  private throwFailure(): never {
    Atomics.store(this.heap.i32, controlWords.failed / 4, 0);
    throw new InternalError("wasm worker", "generated code trapped", this.failure?.message ?? "in a worker thread");
  }

  /** After a trap on this thread: takes back what nobody claimed and waits for what others did. */
  private drain(stage: number): void {
    const ticket = new BigInt64Array(this.heap.memory.buffer, controlWords.ticket, 1);
    const chunks = this.heap.i32[(stage + stageWords.chunks) / 4]!;
    const left = Number(Atomics.and(ticket, 0, ~0xffffffffn) & 0xffffffffn);
    const claimed = chunks - left;
    while (Atomics.load(this.heap.i32, controlWords.done / 4) < claimed - 1);
  }

  /** Ends the workers. Stages then run on this thread alone. */
  async close(): Promise<void> {
    const { workers } = this;
    this.workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  /** Why there are fewer threads than asked for, if so. */
  get problem(): string | undefined {
    return this.failure?.message;
  }

  private wake(): void {
    if (this.workers.length === 0) return;
    Atomics.add(this.heap.i32, controlWords.wake / 4, 1);
    Atomics.notify(this.heap.i32, controlWords.wake / 4);
  }
}
