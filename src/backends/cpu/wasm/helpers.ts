/** Workers that help the calling thread with its stages: loaded where there is memory to share. */
import { InternalError } from "../../../errors.ts";
import type { Platform, PlatformWorker } from "../../../platform/index.ts";
import { stageWords } from "../runtime/stage-format.ts";
import { controlWords, mailbox } from "./control.ts";
import type { Heap } from "./heap.ts";
import { emitHelperDriver, type HelperDriver } from "./helper-driver.ts";
import { type InstalledModule, type InstallMessage, type StartMessage, workerSource } from "./worker-source.ts";

/** What a worker that starts has to know: everything installed so far, and how many messages that stands for. */
export interface Knowledge {
  readonly installed: readonly InstalledModule[];
  readonly messages: number;
}

/** Workers over one shared heap, with the driver by which the calling thread and they share stages. */
export class Helpers {
  readonly #heap: Heap;
  readonly #platform: Pick<Platform, "mayBlock" | "startWorker">;
  readonly #imports: WebAssembly.Imports;
  readonly #module: WebAssembly.Module;
  readonly #driver: HelperDriver;
  #workers: PlatformWorker[] = [];

  /** `imports` are those of all modules: memory, the calling thread's table, functions. */
  constructor(heap: Heap, imports: WebAssembly.Imports, platform: Pick<Platform, "mayBlock" | "startWorker">) {
    this.#heap = heap;
    this.#platform = platform;
    this.#imports = imports;
    this.#module = new WebAssembly.Module(emitHelperDriver(platform.mayBlock));
    this.#driver = new WebAssembly.Instance(this.#module, imports).exports as WebAssembly.Exports & HelperDriver;
  }

  /** Starts so many workers, or as many as can be had. `fail` hears of one that did not start, or ended by an error. */
  start(count: number, { installed, messages }: Knowledge, fail: (error: unknown) => void): void {
    for (let i = 0; i < count; i++) {
      const at = mailbox(i) / 4;
      Atomics.store(this.#heap.i32, at, messages);
      Atomics.store(this.#heap.i32, at + 1, -1);
      const message: StartMessage = {
        memory: this.#heap.memory,
        driver: this.#module,
        mailbox: mailbox(i),
        installed,
        messages,
        math: Object.keys(this.#imports["math"]!),
      };
      try {
        const worker = this.#platform.startWorker(workerSource, message);
        worker.onFailure(fail);
        this.#workers.push(worker);
      } catch (error) {
        fail(error);
        return;
      }
    }
  }

  /** Workers that have handled this many messages. */
  ready(messages: number): number {
    return this.#workers.filter((_, i) => Atomics.load(this.#heap.i32, mailbox(i) / 4 + 1) === messages).length;
  }

  /** Sends the message that is number `messages`. */
  tell(message: InstallMessage, messages: number): void {
    this.#workers.forEach((worker, i) => {
      Atomics.store(this.#heap.i32, mailbox(i) / 4, messages);
      worker.postMessage(message);
    });
    this.#wake();
  }

  /** See `Threads.run`. `failure` is what a worker ended by. */
  run(stage: number, scratch: number, required: number, failure: Error | undefined): void {
    try {
      this.#driver.run(stage, scratch, required);
    } catch (error) {
      this.#drain(stage);
      throw error;
    }
    if (this.#heap.i32[controlWords.failed / 4] === 0) return;
    Atomics.store(this.#heap.i32, controlWords.failed / 4, 0);
    throw new InternalError("wasm worker", "generated code trapped", failure?.message ?? "in a worker thread");
  }

  /** After a trap on this thread: takes back what nobody claimed and waits for what others did. */
  #drain(stage: number): void {
    const ticket = new BigInt64Array(this.#heap.memory.buffer, controlWords.ticket, 1);
    const chunks = this.#heap.i32[(stage + stageWords.chunks) / 4]!;
    const left = Number(Atomics.and(ticket, 0, ~0xffffffffn) & 0xffffffffn);
    const claimed = chunks - left;
    while (Atomics.load(this.#heap.i32, controlWords.done / 4) < claimed - 1);
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #wake(): void {
    if (this.#workers.length === 0) return;
    Atomics.add(this.#heap.i32, controlWords.wake / 4, 1);
    Atomics.notify(this.#heap.i32, controlWords.wake / 4);
  }
}
