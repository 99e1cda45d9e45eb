import { readdirSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { MemoryBlock } from "../runtime/machine.ts";
import { jobBytes, jobWords, stageWords } from "../runtime/stage-format.ts";
import { whereNative } from "../../../testing/native-instruction-sets.ts";
import { Assembler, mem, r32, r64, rcx, rdi, rdx, rsi, rsp } from "./assembler/index.ts";
import { CodeMemory } from "./code-memory.ts";
import { openHost } from "./host.ts";
import { Mappings } from "./mappings.ts";
import { NativeMemory } from "./native-memory.ts";
import { NativeThreads } from "./native-threads.ts";

const eax = r32(0);
const esi = r32(6);

/** `lock inc` of counters[unit] (slot 0) for the units and of starts[from] (slot 1), after some time. */
function countUnits(a: Assembler): void {
  const wait = a.label();
  const next = a.label();
  a.emit("mov", eax, 3000);
  a.bind(wait);
  a.emit("dec", eax);
  a.emit("jne", wait);
  a.emit("mov", r64(8), mem({ base: rdi }));
  a.emit("mov", r64(9), mem({ base: rdi, disp: 8 }));
  a.emit("lock inc", mem({ base: r64(9), index: rsi, scale: 4, size: 4 }));
  a.bind(next);
  a.emit("lock inc", mem({ base: r64(8), index: rsi, scale: 4, size: 4 }));
  a.emit("inc", esi);
  a.emit("cmp", rsi, rdx);
  a.emit("jb", next);
  a.emit("ret");
}

/** Stores the scratch pointer in pointers[from] (slot 0), after some time. */
function tellScratch(a: Assembler): void {
  const wait = a.label();
  a.emit("mov", eax, 30_000);
  a.bind(wait);
  a.emit("dec", eax);
  a.emit("jne", wait);
  a.emit("mov", r64(8), mem({ base: rdi }));
  a.emit("mov", mem({ base: r64(8), index: rsi, scale: 8 }), rcx);
  a.emit("ret");
}

/** Stores MXCSR and the stack pointer at the pointer in slot 0. */
function tellState(a: Assembler): void {
  a.emit("mov", r64(8), mem({ base: rdi }));
  a.emit("stmxcsr", mem({ base: r64(8), size: 4 }));
  a.emit("mov", mem({ base: r64(8), disp: 8 }), rsp);
  a.emit("ret");
}

const kernels = [countUnits, tellScratch, tellState];

interface Bench {
  readonly memory: NativeMemory;
  readonly mappings: Mappings;
  readonly threads: NativeThreads;
  readonly code: readonly number[];
  /** A stage of one job per listed kernel. */
  readonly stage: (jobs: readonly number[], units: number, grain: number, block: number) => number;
  readonly blockOf: (...pointers: number[]) => number;
}

whereNative("native threads", () => {
  const open: NativeThreads[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((threads) => threads.close()));
  });

  function setUp(threadCount: number): Bench {
    const mappings = new Mappings(openHost().system);
    const memory = new NativeMemory(mappings);
    const threads = new NativeThreads(mappings, memory, threadCount);
    open.push(threads);
    const store = new CodeMemory(mappings, () => {
      const a = new Assembler();
      const offsets = kernels.map((write) => {
        a.align(16);
        const start = a.position;
        write(a);
        return start;
      });
      return { bytes: a.finish(), offsets };
    });
    const code = store.install([]).references;
    const stage: Bench["stage"] = (jobs, units, grain, block) => {
      const place = memory.block(stageWords.firstJob + jobBytes * jobs.length, "a stage");
      const chunks = Math.ceil(units / grain);
      for (let word = 0; word < stageWords.firstJob; word += 4) place.setInt32(word, 0);
      place.setInt32(stageWords.chunks, chunks * jobs.length);
      place.setInt32(stageWords.jobs, jobs.length);
      jobs.forEach((kernel, i) => {
        const job = stageWords.firstJob + i * jobBytes;
        place.setPointer(job + jobWords.function, code[kernel]!);
        place.setPointer(job + jobWords.block, block);
        place.setInt32(job + jobWords.units, units);
        place.setInt32(job + jobWords.grain, grain);
        place.setInt32(job + jobWords.chunks, chunks);
      });
      return place.address;
    };
    const blockOf = (...pointers: number[]): number => {
      const place = memory.block(8 * pointers.length, "a block");
      pointers.forEach((pointer, i) => place.setPointer(8 * i, pointer));
      return place.address;
    };
    return { memory, mappings, threads, code, stage, blockOf };
  }

  const counters = (memory: NativeMemory, length: number): { readonly block: MemoryBlock; readonly values: () => number[] } => {
    const block = memory.block(4 * length, "counters");
    const view = memory.view("int32", block.address, length).fill(0);
    return { block, values: () => Array.from(view) };
  };

  describe("NativeThreads", () => {
    for (const threadCount of [1, 2, 4]) {
      it(`runs every chunk of every job exactly once on ${threadCount} threads`, async () => {
        const { memory, threads, stage, blockOf } = setUp(threadCount);
        const units = 103;
        const done = counters(memory, units);
        const starts = counters(memory, units);
        const descriptor = stage([0, 0], units, 10, blockOf(done.block.address, starts.block.address));
        threads.start();
        const repeats = 100;
        for (let i = 0; i < repeats; i++) {
          threads.run(descriptor);
          // Helpers go to sleep in some of the pauses.
          if (i % 25 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
        }
        expect(done.values()).toEqual(new Array(units).fill(2 * repeats));
        expect(starts.values()).toEqual(Array.from({ length: units }, (_, i) => (i % 10 === 0 ? 2 * repeats : 0)));
        threads.solo(descriptor);
        expect(done.values()).toEqual(new Array(units).fill(2 * repeats + 2));
      });
    }

    it("gives every thread a scratch of its own", async () => {
      const { memory, threads, stage, blockOf } = setUp(2);
      threads.reserveScratch(64);
      threads.start();
      const seen = memory.block(64, "pointers");
      const descriptor = stage([1], 8, 1, blockOf(seen.address));
      const scratches = new Set<number>();
      for (let i = 0; i < 500 && scratches.size < 2; i++) {
        threads.run(descriptor);
        for (let unit = 0; unit < 8; unit++) scratches.add(seen.getInt32(8 * unit));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(scratches.size).toBe(2);
    });

    it("flushes subnormals in kernels, aligns their stack, and leaves JavaScript's arithmetic as it was", () => {
      const { memory, threads, stage, blockOf } = setUp(1);
      const out = memory.block(64, "words");
      threads.solo(stage([2], 1, 1, blockOf(out.address)));
      expect(out.getInt32(0) & 0x8040).toBe(0x8040);
      // At the entry of a function the stack is 8 off a multiple of 16: the return address.
      expect(out.getInt32(8) & 15).toBe(8);
      const tiny = [Number.MIN_VALUE, 2e-320];
      expect(tiny[0]! + tiny[1]!).toBeGreaterThan(2e-320);
    });

    it("sleeps when there is nothing to do, and ends its helpers", async () => {
      // By their numbers: threads of programs that other tests dropped may end meanwhile.
      const before = new Set(readdirSync("/proc/self/task"));
      const { memory, threads, stage, blockOf } = setUp(3);
      const done = counters(memory, 8);
      threads.start();
      const helpers = readdirSync("/proc/self/task").filter((id) => !before.has(id));
      expect(helpers).toHaveLength(2);
      threads.run(stage([0], 8, 1, blockOf(done.block.address, done.block.address)));
      while (threads.sleeping < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      await threads.close();
      await threads.close();
      expect(readdirSync("/proc/self/task").filter((id) => helpers.includes(id))).toEqual([]);
      // What runs later runs here.
      threads.run(stage([0], 8, 1, blockOf(done.block.address, done.block.address)));
      expect(done.values().reduce((a, b) => a + b)).toBe(2 * 16);
    });
  });

  describe("CodeMemory", () => {
    const pagesAt = async (address: number): Promise<string | undefined> => {
      const { readFileSync } = await import("node:fs");
      const lines = readFileSync("/proc/self/maps", "utf8").split("\n");
      return lines.find((line) => {
        const [from, to] = line
          .split(" ")[0]!
          .split("-")
          .map((text) => parseInt(text, 16));
        return from! <= address && address < to!;
      });
    };

    it("keeps code executable and not writable, and unmaps it with its last function", async () => {
      const mappings = new Mappings(openHost().system);
      const store = new CodeMemory(mappings, (list) => {
        const a = new Assembler();
        const offsets = list.map(() => {
          const start = a.position;
          a.emit("ret");
          return start;
        });
        return { bytes: a.finish(), offsets };
      });
      const variable = { name: "", type: "ptr" } as const;
      const f = { name: "f", block: variable, from: variable, to: variable, scratch: variable, body: [] };
      const { references, bytes } = store.install([f, f]);
      expect(bytes).toBe(4096);
      expect(await pagesAt(references[0]!)).toContain("r-xp");
      const held = mappings.bytes;
      store.remove([references[0]!]);
      expect(mappings.bytes).toBe(held);
      store.remove([references[1]!]);
      expect(mappings.bytes).toBe(held - 4096);
    });
  });
});
