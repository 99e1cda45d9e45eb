/** What the machine can do at most through its generator: the yardstick that profiles and benchmarks compare with. */
import { add, address, advance, constant, fma, get, loadPtr, loadVector } from "../loops/block.ts";
import { functionFrame } from "../loops/function-frame.ts";
import type { LoopFunction } from "../loops/ir.ts";
import type { CpuTarget } from "../target.ts";
import type { Machine } from "./machine.ts";
import { jobBytes, jobWords, stageWords } from "./stage-format.ts";

/** Peaks of all threads together. */
export interface MachinePeak {
  /** Multiply-adds in registers, each counted as 2 operations. */
  readonly gflops: number;
  /** Reading memory that fits no cache. */
  readonly gigabytes: number;
}

/** Multiply-adds that hide each other's latency, few enough for every register file. */
const accumulators = 12;
const turns = 4096;
const streamBytes = 64 * 2 ** 20;
const chunkBytes = 2 ** 16;

/** `from..to` counts turns of `accumulators` independent multiply-adds of whole vectors. */
export function peakLoop(): LoopFunction {
  const frame = functionFrame("peak");
  const { body, from, to } = frame;
  const factor = body.let(loadVector("f32", address(frame.parameters, 64)));
  const sums = Array.from({ length: accumulators }, (_, i) => body.declare(`sum${i}`, constant("f32v", i)));
  body.for("i", from, to, 1, (inner) => {
    for (const sum of sums) inner.set(sum, fma(get(sum), factor, factor));
  });
  body.store(
    "f32",
    address(frame.scratch),
    sums.map((sum) => get(sum)).reduce((a, b) => add(a, b)),
  );
  return frame.finish();
}

/** Adds up chunks [from, to) of the floats at the pointer in slot 0. */
function streamLoop(lanes: number): LoopFunction {
  const frame = functionFrame("stream");
  const { body, from, to } = frame;
  const base = body.let(loadPtr(frame.parameters, 0));
  const sums = Array.from({ length: 4 }, (_, i) => body.declare(`sum${i}`, constant("f32v", 0)));
  const step = 4 * lanes * sums.length;
  body.for("chunk", from, to, 1, (outer, chunk) => {
    const start = outer.let(advance(base, chunk, chunkBytes));
    outer.for("i", constant("i32", 0), constant("i32", chunkBytes / step), 1, (inner, i) => {
      const at = inner.let(advance(start, i, step));
      sums.forEach((sum, k) => inner.set(sum, add(get(sum), loadVector("f32", address(at, 4 * lanes * k)))));
    });
  });
  body.store(
    "f32",
    address(frame.scratch),
    sums.map((sum) => get(sum)).reduce((a, b) => add(a, b)),
  );
  return frame.finish();
}

/** Measures for about `milliseconds`. Keeps nothing. */
export function measureMachinePeak(machine: Machine, target: CpuTarget, milliseconds = 300): MachinePeak {
  const { memory, threads, code } = machine;
  threads.reserveScratch(256);
  threads.start();
  const keys = ["peak of arithmetic", "peak of memory"];
  const [peak, stream] = code.acquire([
    { key: keys[0]!, code: peakLoop },
    { key: keys[1]!, code: () => streamLoop(target.lanes) },
  ]) as [number, number];
  const stage = memory.block(stageWords.firstJob + jobBytes, "a stage");
  const block = memory.block(128, "a block");
  const data = memory.block(streamBytes, "a measurement");
  for (let i = 0; i < 16; i++) block.setFloat32(64 + 4 * i, 0.5);
  block.setPointer(0, data.address);
  memory.view("float32", data.address, streamBytes / 4).fill(1);
  const best = (reference: number, units: number, grain: number): number => {
    const chunks = units / grain;
    for (let word = 0; word < stageWords.firstJob; word += 4) stage.setInt32(word, 0);
    stage.setInt32(stageWords.chunks, chunks);
    stage.setInt32(stageWords.jobs, 1);
    const job = stageWords.firstJob;
    stage.setPointer(job + jobWords.function, reference);
    stage.setPointer(job + jobWords.block, block.address);
    stage.setInt32(job + jobWords.units, units);
    stage.setInt32(job + jobWords.grain, grain);
    stage.setInt32(job + jobWords.chunks, chunks);
    const end = performance.now() + milliseconds / 2;
    let least = Infinity;
    do {
      const start = performance.now();
      if (threads.count > 1) threads.run(stage.address, threads.knowledge);
      else threads.solo(stage.address);
      least = Math.min(least, performance.now() - start);
    } while (performance.now() < end);
    return least;
  };
  const chunks = 8 * threads.count;
  const arithmetic = best(peak, turns * chunks, turns);
  const reading = best(stream, streamBytes / chunkBytes, 8);
  for (const used of [stage, block, data]) used.release();
  code.release(keys);
  return {
    gflops: (turns * chunks * accumulators * target.lanes * 2) / arithmetic / 1e6,
    gigabytes: streamBytes / reading / 1e6,
  };
}
