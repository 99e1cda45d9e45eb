/** Native threads: the calling one, and pthreads that run the driver's `work`. */
import { InternalError } from "../../../errors.ts";
import type { MemoryBlock, StageThreads } from "../runtime/machine.ts";
import { mapCode } from "./code-memory.ts";
import {
  commands,
  controlBytes,
  controlWords,
  helperBytes,
  helperWords,
  mostHelpers,
  threadNumber,
  walkBytes,
  walkModes,
  walkResults,
  walkWords,
} from "./control.ts";
import { emitDriver } from "./driver.ts";
import type { Mappings } from "./mappings.ts";
import type { NativeMemory } from "./native-memory.ts";
import { pageBytes } from "./system.ts";
import { Words } from "./words.ts";

/** Stack of a helper; generated code needs little, the C library's thread-local storage comes out of it. */
const stackBytes = 512 * 2 ** 10;
/** The caller looks again after this long, should a wake-up be lost to a debugger or a stopped thread. */
const callerSleepNanoseconds = 1_000_000;
/** Bytes before a thread's scratch memory, so that it is aligned like everything else. */
const scratchHead = 64;
const blockSignals = 2;
const setSignals = 2;

/** Runs stages on `count` threads. Results never depend on who runs a chunk. */
export class NativeThreads implements StageThreads {
  readonly count: number;
  readonly knowledge = 0;
  private readonly mappings: Mappings;
  private readonly memory: NativeMemory;
  private readonly control: Words;
  private readonly walkCode: (...values: number[]) => number;
  private readonly closeCode: (...values: number[]) => number;
  private readonly settleCode: (...values: number[]) => number;
  private readonly ticksCode: (...values: number[]) => number;
  private readonly workAddress: number;
  /** The driver's code for chunks of stages that run slices. */
  readonly slicesCode: number;
  /** A walk of one stage, for `solo` and `run`. */
  private readonly single: MemoryBlock;
  private readonly origin: { readonly ticks: number; readonly milliseconds: number };
  private isStarted = false;
  private failure: string | undefined;
  private scratchBytes = -1;
  private scratch: MemoryBlock[] = [];

  /** Throws BackendError where memory or functions cannot be had. */
  constructor(mappings: Mappings, memory: NativeMemory, count: number) {
    this.mappings = mappings;
    this.memory = memory;
    this.count = Math.min(count, mostHelpers + 1);
    const { system } = mappings;
    const bytes = Math.ceil(controlBytes / pageBytes) * pageBytes;
    const address = mappings.map(bytes, "control words");
    this.control = new Words(address, system.access.view(address, bytes));
    const driver = emitDriver();
    const code = mapCode(mappings, driver.bytes);
    const { offsets } = driver;
    const { access } = system;
    this.walkCode = access.bind(code.address + offsets.walk, ["address", "address"], "int32");
    this.closeCode = access.bind(code.address + offsets.close, ["address"], "void");
    this.settleCode = access.bind(code.address + offsets.settle, ["address"], "void");
    this.ticksCode = access.bind(code.address + offsets.ticks, [], "address");
    this.workAddress = code.address + offsets.work;
    this.slicesCode = code.address + offsets.slices;
    const { control } = this;
    control.setInt64(controlWords.join, system.symbol("pthread_join"));
    control.setInt64(controlWords.unmap, system.symbol("munmap"));
    control.setInt64(controlWords.timeout + 8, callerSleepNanoseconds);
    // The driver's code is given back by its last instruction, not through the list.
    mappings.forget(code.address);
    control.setInt64(controlWords.code, code.address);
    control.setInt64(controlWords.codeBytes, code.bytes);
    control.setInt64(controlWords.mappings, mappings.list);
    mappings.onCount = (entries) => control.setInt64(controlWords.mappingCount, entries);
    mappings.onCount(mappings.count);
    system.access.atThreadEnd(code.address + offsets.dispose, control.address);
    this.single = memory.block(walkBytes + commands.stage.bytes + commands.end.bytes, "a walk");
    this.origin = { ticks: this.ticks(), milliseconds: performance.now() };
  }

  /** Helpers that sleep now. */
  get sleeping(): number {
    return this.control.getInt32(controlWords.sleepers);
  }

  /** The time stamp counter. */
  ticks(): number {
    return this.ticksCode();
  }

  /** Ticks of the time stamp counter in a millisecond, as far as is known; 2.5 GHz in the first moment. */
  ticksPerMillisecond(): number {
    const elapsed = performance.now() - this.origin.milliseconds;
    return elapsed < 1 ? 2.5e6 : (this.ticks() - this.origin.ticks) / elapsed;
  }

  /** Runs the walk of a record on; see `walkResults`. */
  walk(record: number): number {
    return this.walkCode(record, this.control.address);
  }

  /** Takes the chunks that are left of the published stage away, and waits until those that were claimed are done. */
  settle(): void {
    this.settleCode(this.control.address);
  }

  start(): void {
    if (this.isStarted || this.count < 2) return;
    this.isStarted = true;
    const { control, mappings } = this;
    const { system } = mappings;
    const at = (word: number): number => control.address + word;
    const sigmask = system.bind("pthread_sigmask", ["int32", "address", "address"], "int32");
    const attributes = at(controlWords.attributes);
    system.bind("pthread_attr_init", ["address"], "int32")(attributes);
    system.bind("pthread_attr_setstacksize", ["address", "address"], "int32")(attributes, stackBytes);
    const create = system.bind("pthread_create", ["address", "address", "address", "address"], "int32");
    // Helpers take no signals: they inherit the mask.
    system.bind("sigfillset", ["address"], "int32")(at(controlWords.signals));
    sigmask(blockSignals, at(controlWords.signals), at(controlWords.oldSignals));
    for (let i = 0; i < this.count - 1; i++) {
      const helper = controlWords.firstHelper + i * helperBytes;
      control.setInt64(helper + helperWords.control, control.address);
      // The calling thread begins with the first chunk, and so does every other helper.
      control.setInt32(helper + helperWords.takesLast, i % 2 === 0 ? 1 : 0);
      const code = create(at(helper + helperWords.thread), attributes, this.workAddress, at(helper));
      if (code !== 0) {
        // Fewer threads: everything still runs.
        this.failure = `the system starts only ${i} helper threads (error ${code})`;
        break;
      }
      control.setInt32(controlWords.helpers, i + 1);
    }
    sigmask(setSignals, at(controlWords.oldSignals), 0);
    system.bind("pthread_attr_destroy", ["address"], "int32")(attributes);
  }

  reserveScratch(bytes: number): void {
    if (bytes <= this.scratchBytes) return;
    const blocks = Array.from({ length: this.count }, () => this.memory.block(scratchHead + bytes, "scratch memory of the threads"));
    for (const old of this.scratch) old.release();
    this.scratch = blocks;
    this.scratchBytes = bytes;
    blocks.forEach((block, i) => {
      block.setPointer(scratchHead + threadNumber, i);
      const word = i === 0 ? controlWords.scratch : controlWords.firstHelper + (i - 1) * helperBytes + helperWords.scratch;
      this.control.setInt64(word, block.address + scratchHead);
    });
  }

  solo(stage: number): void {
    this.walkStage(stage, walkModes.alone);
  }

  run(stage: number): void {
    this.walkStage(stage, walkModes.shared);
  }

  private walkStage(stage: number, mode: number): void {
    const { single } = this;
    single.setPointer(walkWords.command, single.address + walkBytes);
    single.setPointer(walkWords.deadline, 0);
    single.setPointer(walkWords.scratch, 0);
    single.setInt32(walkWords.mode, mode);
    single.setInt32(walkWords.phase, 0);
    single.setInt32(walkBytes, commands.stage.code);
    single.setInt32(walkBytes + commands.stage.writes, 0);
    single.setPointer(walkBytes + commands.stage.stage, stage);
    single.setInt32(walkBytes + commands.stage.bytes, commands.end.code);
    const result = this.walk(single.address);
    // Whoever runs stages one by one looks at the fault records too.
    if (result === walkResults.paused) throw new InternalError("x64 driver", "a walk without a deadline paused");
  }

  /** Ends the helpers and waits for their ends. Stages then run on the calling thread alone. */
  close(): Promise<void> {
    this.closeCode(this.control.address);
    return Promise.resolve();
  }

  /** Why there are fewer threads than asked for, if so. */
  get problem(): string | undefined {
    return this.failure;
  }
}
