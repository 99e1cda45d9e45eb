import { afterEach, describe, expect, it } from "vitest";
import { add, address, advance, Block, get, i32, load, loadPtr, ne } from "../loops/block.ts";
import type { Expr, LoopFunction, ValueType, Variable } from "../loops/ir.ts";
import { jobBytes, jobWords, stageWords } from "../runtime/stage-format.ts";
import "./complete.ts";
import { emitModule } from "./emit.ts";
import { Heap } from "./heap.ts";
import { Threads } from "./threads.ts";

interface Arguments {
  readonly block: Expr;
  readonly from: Expr;
  readonly to: Expr;
  readonly scratch: Expr;
}

function loopFunction(name: string, build: (body: Block, parameters: Arguments) => void): LoopFunction {
  const variable = (name: string, type: ValueType): Variable => ({ name, type });
  const variables = {
    block: variable("block", "ptr"),
    from: variable("from", "i32"),
    to: variable("to", "i32"),
    scratch: variable("scratch", "ptr"),
  };
  const body = new Block();
  build(body, { block: get(variables.block), from: get(variables.from), to: get(variables.to), scratch: get(variables.scratch) });
  return { name, ...variables, body: body.body };
}

/** Adds 1 to counters[unit] and 1 to starts[from]; spins a while so that other threads get their share. */
const count = loopFunction("count", (body, { block, from, to }) => {
  const counters = body.let(loadPtr(block, 0));
  const starts = body.let(loadPtr(block, 1));
  const spins = body.declare("spins", i32(3000));
  body.while(get(spins), (inner) => inner.set(spins, add(get(spins), i32(-1))));
  const bump = (inner: Block, pointer: Expr, index: Expr): void => {
    const at = address(advance(pointer, index, 4));
    inner.store("i32", at, add(load("i32", at), i32(1)));
  };
  body.for("unit", from, to, 1, (inner, unit) => bump(inner, counters, unit));
  bump(body, starts, from);
});

/** Traps (loads far outside) on threads whose scratch is not the pointer in slot 1. */
const trapElsewhere = loopFunction("trap", (body, { block, scratch }) => {
  const spins = body.declare("spins", i32(20000));
  body.while(get(spins), (inner) => inner.set(spins, add(get(spins), i32(-1))));
  body.if(ne(scratch, loadPtr(block, 1)), (then) => {
    then.store("i32", address(loadPtr(block, 0)), load("i32", address({ op: "const", type: "ptr", value: -16 })));
  });
});

const open: Threads[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((threads) => threads.close()));
});

function setUp(threadCount: number): {
  heap: Heap;
  threads: Threads;
  stage: (functions: readonly number[], units: number, grain: number, block: number) => number;
} {
  const heap = new Heap(threadCount > 1);
  const threads = new Threads(heap, threadCount);
  open.push(threads);
  const stage = (functions: readonly number[], units: number, grain: number, block: number): number => {
    const place = heap.allocate(stageWords.firstJob + jobBytes * functions.length, "a stage") / 4;
    const chunks = Math.ceil(units / grain);
    heap.i32[place + stageWords.chunks / 4] = chunks * functions.length;
    heap.i32[place + stageWords.jobs / 4] = functions.length;
    functions.forEach((f, i) => {
      const job = place + (stageWords.firstJob + i * jobBytes) / 4;
      heap.i32[job + jobWords.function / 4] = f;
      heap.i32[job + jobWords.block / 4] = block;
      heap.i32[job + jobWords.units / 4] = units;
      heap.i32[job + jobWords.grain / 4] = grain;
      heap.i32[job + jobWords.chunks / 4] = chunks;
    });
    return place * 4;
  };
  return { heap, threads, stage };
}

function install(threads: Threads, heap: Heap, f: LoopFunction, index: number): void {
  const module = new WebAssembly.Module(emitModule([f], { relaxedFma: false, sharedMemory: heap.isShared }));
  threads.install({ module, entries: [{ name: f.name, index }] }, []);
}

function blockOf(heap: Heap, ...pointers: number[]): number {
  const place = heap.allocate(8 * pointers.length, "a block");
  pointers.forEach((pointer, i) => (heap.i32[place / 4 + 2 * i] = pointer));
  return place;
}

async function untilReady(threads: Threads, workers: number): Promise<void> {
  const end = Date.now() + 20_000;
  while (threads.ready < workers) {
    if (Date.now() > end) throw new Error("the workers did not start");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("Threads", () => {
  for (const threadCount of [1, 2, 4]) {
    it(`runs every chunk of every job exactly once on ${threadCount} threads`, async () => {
      const { heap, threads, stage } = setUp(threadCount);
      const units = 103;
      const grain = 10;
      const counters = heap.allocate(4 * units, "counters");
      const starts = heap.allocate(4 * units, "starts");
      const block = blockOf(heap, counters, starts);
      install(threads, heap, count, 3);
      threads.start();
      // The first rounds run while workers are still starting, the later ones with them.
      for (let round = 0; round < 2; round++) {
        heap.i32.fill(0, counters / 4, counters / 4 + units);
        heap.i32.fill(0, starts / 4, starts / 4 + units);
        const descriptor = stage([3], units, grain, block);
        const repeats = 50;
        for (let i = 0; i < repeats; i++) {
          if (threadCount === 1) threads.solo(descriptor);
          else threads.run(descriptor, threads.knowledge);
        }
        expect(Array.from(heap.i32.subarray(counters / 4, counters / 4 + units))).toEqual(new Array(units).fill(repeats));
        expect(Array.from(heap.i32.subarray(starts / 4, starts / 4 + units))).toEqual(
          Array.from({ length: units }, (_, i) => (i % grain === 0 ? repeats : 0)),
        );
        await untilReady(threads, threadCount - 1);
      }
    });
  }

  it("runs the chunks of several jobs, one after another on one thread", () => {
    const { heap, threads, stage } = setUp(1);
    const counters = heap.allocate(400, "counters");
    const starts = heap.allocate(400, "starts");
    heap.i32.fill(0, counters / 4, counters / 4 + 100);
    install(threads, heap, count, 0);
    threads.solo(stage([0, 0, 0], 7, 3, blockOf(heap, counters, starts)));
    expect(Array.from(heap.i32.subarray(counters / 4, counters / 4 + 8))).toEqual([3, 3, 3, 3, 3, 3, 3, 0]);
  });

  it("lets workers take part once they know a kernel, also one that came after they started", async () => {
    const { heap, threads, stage } = setUp(2);
    threads.start();
    await untilReady(threads, 1);
    threads.reserveScratch(64);
    const mainScratch = heap.allocate(64, "unused");
    const seen = heap.allocate(64, "seen");
    // Stores the scratch pointer at slot 0's place: seen[unit] differs between threads.
    const mark = loopFunction("mark", (body, { block, from, scratch }) => {
      const spins = body.declare("spins", i32(20000));
      body.while(get(spins), (inner) => inner.set(spins, add(get(spins), i32(-1))));
      body.store("i32", address(advance(loadPtr(block, 0), from, 4)), { op: "convert", type: "i32", x: scratch });
    });
    install(threads, heap, mark, 700);
    const descriptor = stage([700], 8, 1, blockOf(heap, seen, mainScratch));
    await untilReady(threads, 1);
    const scratches = new Set<number>();
    for (let i = 0; i < 200 && scratches.size < 2; i++) {
      threads.run(descriptor, threads.knowledge);
      for (let unit = 0; unit < 8; unit++) scratches.add(heap.i32[seen / 4 + unit]!);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(scratches.size).toBe(2);
  });

  it("keeps workers away from stages whose kernels they have not acknowledged", async () => {
    const { heap, threads, stage } = setUp(2);
    const place = heap.allocate(64, "a word");
    install(threads, heap, trapElsewhere, 0);
    threads.reserveScratch(64);
    threads.start();
    await untilReady(threads, 1);
    // A count that no worker has reached: all chunks run here, where the kernel does not trap.
    const descriptor = stage([0], 50, 1, blockOf(heap, place, mainScratchOf(threads, heap, stage)));
    threads.run(descriptor, threads.knowledge + 1);
  });

  it("reports a trap in a worker, and runs on", async () => {
    const { heap, threads, stage } = setUp(2);
    const place = heap.allocate(64, "a word");
    install(threads, heap, trapElsewhere, 0);
    threads.reserveScratch(64);
    threads.start();
    await untilReady(threads, 1);
    const descriptor = stage([0], 200, 1, blockOf(heap, place, mainScratchOf(threads, heap, stage)));
    expect(() => {
      for (let i = 0; i < 100; i++) threads.run(descriptor, 0);
    }).toThrow(/E_INTERNAL {2}wasm worker: generated code trapped/);
    // The worker is gone; this thread does the work alone.
    threads.run(descriptor, 0);
  });

  it("takes a stage back when a kernel traps on the calling thread", async () => {
    const { heap, threads, stage } = setUp(2);
    const place = heap.allocate(64, "a word");
    install(threads, heap, trapElsewhere, 0);
    install(threads, heap, count, 1);
    const counters = heap.allocate(64, "counters");
    heap.i32.fill(0, counters / 4, counters / 4 + 16);
    const trapping = stage([0], 20, 1, blockOf(heap, place, 1));
    expect(() => threads.run(trapping, 0)).toThrow(WebAssembly.RuntimeError);
    threads.run(stage([1], 4, 1, blockOf(heap, counters, heap.allocate(64, "starts"))), 0);
    expect(Array.from(heap.i32.subarray(counters / 4, counters / 4 + 4))).toEqual([1, 1, 1, 1]);
  });
});

/** The scratch pointer of the calling thread, as a kernel sees it. */
function mainScratchOf(
  threads: Threads,
  heap: Heap,
  stage: (functions: readonly number[], units: number, grain: number, block: number) => number,
): number {
  const place = heap.allocate(64, "a word");
  const tell = loopFunction("tell", (body, { block, scratch }) => {
    body.store("i32", address(loadPtr(block, 0)), { op: "convert", type: "i32", x: scratch });
  });
  install(threads, heap, tell, 99);
  threads.solo(stage([99], 1, 1, blockOf(heap, place)));
  return heap.i32[place / 4]!;
}
