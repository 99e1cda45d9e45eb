import { describe, expect, it } from "vitest";
import { address, Block, get, i32, loadPtr } from "../loops/block.ts";
import type { LoopFunction, ValueType, Variable } from "../loops/ir.ts";
import { CodeCache } from "../runtime/code-cache.ts";
import { jobBytes, jobWords, stageWords } from "../runtime/stage-format.ts";
import "./complete.ts";
import { Heap } from "./heap.ts";
import { ModuleStore } from "./module-store.ts";
import { Threads } from "./threads.ts";

/** Stores `value` at the pointer in slot 0. */
function storing(value: number): LoopFunction {
  const variable = (name: string, type: ValueType): Variable => ({ name, type });
  const block = variable("block", "ptr");
  const body = new Block();
  body.store("i32", address(loadPtr(get(block), 0)), i32(value));
  return {
    name: "any",
    block,
    from: variable("from", "i32"),
    to: variable("to", "i32"),
    scratch: variable("scratch", "ptr"),
    body: body.body,
  };
}

function setUp(): { cache: CodeCache; result: (index: number) => number } {
  const heap = new Heap(false);
  const threads = new Threads(heap, 1);
  const cache = new CodeCache(new ModuleStore(threads, { relaxedFma: false, sharedMemory: false }));
  const out = heap.allocate(4, "a word");
  const block = heap.allocate(8, "a block");
  const stage = heap.block(stageWords.firstJob + jobBytes, "a stage");
  heap.i32[block / 4] = out;
  const result = (index: number): number => {
    stage.setInt32(stageWords.chunks, 1);
    stage.setInt32(stageWords.jobs, 1);
    const job = stageWords.firstJob;
    stage.setPointer(job + jobWords.function, index);
    stage.setPointer(job + jobWords.block, block);
    for (const word of [jobWords.units, jobWords.grain, jobWords.chunks]) stage.setInt32(job + word, 1);
    threads.solo(stage.address);
    return heap.i32[out / 4]!;
  };
  return { cache, result };
}

describe("CodeCache", () => {
  it("compiles each kernel once and shares it", () => {
    const { cache, result } = setUp();
    let compiled = 0;
    const kernel = (key: string, value: number): { key: string; code: () => LoopFunction } => ({
      key,
      code: () => {
        compiled++;
        return storing(value);
      },
    });
    const first = cache.acquire([kernel("a", 1), kernel("b", 2), kernel("a", 1)]);
    expect(first[0]).toBe(first[2]);
    const second = cache.acquire([kernel("b", 2), kernel("c", 3)]);
    expect(second[0]).toBe(first[1]);
    expect(compiled).toBe(3);
    expect([first[0]!, first[1]!, second[1]!].map(result)).toEqual([1, 2, 3]);
    expect(cache.bytes).toBeGreaterThan(0);
  });

  it("drops the least recently used of what nobody uses, and never what is used", () => {
    const { cache, result } = setUp();
    const [held] = cache.acquire([{ key: "held", code: () => storing(7) }]);
    for (let round = 0; round < 30; round++) {
      const kernels = Array.from({ length: 50 }, (_, i) => ({ key: `k${round * 50 + i}`, code: () => storing(round * 50 + i) }));
      const indices = cache.acquire(kernels);
      expect(result(indices[49]!)).toBe(round * 50 + 49);
      cache.release(kernels.map(({ key }) => key));
    }
    expect(result(held!)).toBe(7);
    let isCompiled = false;
    cache.acquire([{ key: "k0", code: () => ((isCompiled = true), storing(0)) }]);
    expect(isCompiled).toBe(true);
    isCompiled = false;
    cache.acquire([{ key: "k1499", code: () => ((isCompiled = true), storing(0)) }]);
    expect(isCompiled).toBe(false);
    expect(() => cache.release(["unknown"])).toThrow(/E_INTERNAL/);
  });
});
