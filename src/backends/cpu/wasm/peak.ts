/** What the machine can do at most from WebAssembly: the yardstick that profiles and benchmarks compare with. */
import { add, address, Block, constant, fma, get } from "../loops/block.ts";
import type { LoopFunction, ValueType, Variable } from "../loops/ir.ts";
import { detectRelaxedSimd } from "./detect.ts";
import { emitModule } from "./emit.ts";

/** Accumulators of the loop: enough to hide the latency of a multiply-add, few enough for 16 registers. */
const accumulators = 12;
const lanes = 4;

/**
 * GFLOP/s of multiply-adds in registers on the calling thread (a multiply-add counts as 2), the best of several repeats
 * that take about `milliseconds` altogether, after warming up until the optimising compiler has taken over.
 */
export function measurePeak(options: { readonly relaxedFma?: boolean; readonly milliseconds?: number } = {}): number {
  const relaxedFma = options.relaxedFma ?? detectRelaxedSimd();
  const parameter = (name: string, type: ValueType): Variable => ({ name, type });
  const [block, from, to, scratch] = [
    parameter("block", "ptr"),
    parameter("from", "i32"),
    parameter("to", "i32"),
    parameter("scratch", "ptr"),
  ] as const;
  const body = new Block();
  const factor = body.let({ op: "load", type: "f32v", storage: "f32", address: address(get(block)) });
  const sums = Array.from({ length: accumulators }, (_, i) => body.declare(`sum${i}`, constant("f32v", i)));
  body.for("i", get(from), get(to), 1, (inner) => {
    for (const sum of sums) inner.set(sum, fma(get(sum), factor, factor));
  });
  body.store(
    "f32",
    address(get(block), 16),
    sums.map((sum) => get(sum)).reduce((a, b) => add(a, b)),
  );
  const peak: LoopFunction = { name: "peak", block, from, to, scratch, body: body.body };
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Float32Array(memory.buffer).fill(0.5, 0, 4);
  const run = new WebAssembly.Instance(new WebAssembly.Module(emitModule([peak], { relaxedFma, sharedMemory: false })), { env: { memory } })
    .exports["peak"] as (block: number, from: number, to: number, scratch: number) => void;
  const turns = 20000;
  const end = performance.now() + (options.milliseconds ?? 300);
  let best = Infinity;
  while (performance.now() < end) {
    const start = performance.now();
    run(0, 0, turns, 0);
    best = Math.min(best, performance.now() - start);
  }
  return (turns * accumulators * lanes * 2) / best / 1e6;
}
