/**
 * GFLOP/s of contractions on one thread of the wasm generator, copies and combinations included, and their share of the
 * best multiply-add loop measured in the same process: `npx tsx bench/contract.ts [part of a name]`. Results are checked
 * at random places.
 */
import type { ContractKernel, Kernel } from "../src/compiler/kernels/kernel.ts";
import type { ScheduledKernel } from "../src/compiler/target.ts";
import { lowerContract } from "../src/backends/cpu/loops/contract/lower-contract.ts";
import { convolution, dense, filterGradient, inputGradient, matmul } from "../src/backends/cpu/loops/contract/sample-contractions.ts";
import { scheduleContract } from "../src/backends/cpu/loops/contract/schedule.ts";
import { Block, constant, fma, get } from "../src/backends/cpu/loops/block.ts";
import type { LoopFunction, LoweredKernel } from "../src/backends/cpu/loops/ir.ts";
import { lowerKernel } from "../src/backends/cpu/loops/lower.ts";
import type { CpuTarget } from "../src/backends/cpu/target.ts";
import { detectRelaxedSimd } from "../src/backends/cpu/wasm/detect.ts";
import { emitModule } from "../src/backends/cpu/wasm/emit.ts";
import { mathImports } from "../src/backends/cpu/wasm/emitted-functions.ts";
import { reservedBytes } from "../src/backends/cpu/wasm/memory-bounds.ts";

const relaxedFma = detectRelaxedSimd();
const target: CpuTarget = { name: "wasm", lanes: 4, registers: 16, fma: relaxedFma, maskedTails: false, l1Bytes: 32768, l2Bytes: 524288 };

type Entry = (block: number, from: number, to: number, scratch: number) => void;

function instantiate(functions: readonly LoopFunction[], memory: WebAssembly.Memory): Record<string, Entry> {
  const wasm = emitModule(functions, { relaxedFma, sharedMemory: false });
  return new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory }, math: mathImports }).exports as Record<string, Entry>;
}

/** Best GFLOP/s of loops of 8, 10 and 12 independent multiply-adds. */
function measurePeak(): () => number {
  const chains = [8, 10, 12].map((count): LoopFunction => {
    const body = new Block();
    const parameters = {
      block: { name: "block", type: "ptr" },
      from: { name: "from", type: "i32" },
      to: { name: "to", type: "i32" },
      scratch: { name: "scratch", type: "ptr" },
    } as const;
    const sums = Array.from({ length: count }, (_, i) => body.declare(`c${i}`, constant("f32v", i)));
    const x = body.declare("x", { op: "load", type: "f32v", storage: "f32", address: { base: get(parameters.block), offset: 0 } });
    const y = body.declare("y", { op: "load", type: "f32v", storage: "f32", address: { base: get(parameters.block), offset: 16 } });
    body.for("i", get(parameters.from), get(parameters.to), 1, (inside) => {
      for (const sum of sums) inside.set(sum, fma(get(x), get(y), get(sum)));
    });
    sums.forEach((sum, i) => body.store("f32", { base: get(parameters.scratch), offset: i * 16 }, get(sum)));
    return { name: `peak${count}`, ...parameters, body: body.body };
  });
  const memory = new WebAssembly.Memory({ initial: 64 });
  const exports = instantiate(chains, memory);
  return () => {
    let best = 0;
    for (const { name } of chains) {
      const count = Number(name.slice(4));
      for (let run = 0; run < 6; run++) {
        const start = performance.now();
        exports[name]!(reservedBytes, 0, 500_000, reservedBytes + 4096);
        best = Math.max(best, (500_000 * count * 8) / (performance.now() - start) / 1e6);
      }
    }
    return best;
  };
}

interface Placed {
  readonly kernel: Kernel;
  readonly lowered: LoweredKernel;
  readonly block: number;
  /** Runs every chunk, keeping each one's shortest time. */
  run: () => void;
  /** Sum of the chunks' shortest times, milliseconds: what the kernel takes when nothing interrupts it. */
  time: () => number;
}

function lower(kernel: Kernel): LoweredKernel {
  return kernel.kind === "contract" ? lowerContract(kernel, target) : lowerKernel(kernel, target);
}

/** Compiles a contraction with everything around it; gives its pieces and its operands in memory. */
function place(kernel: ContractKernel): { readonly pieces: Placed[]; readonly buffers: Float32Array[] } {
  const scheduled = scheduleContract({ kernel, buffers: kernel.buffers.map((_, i) => i), scalars: [] }, target);
  let at = reservedBytes;
  const take = (bytes: number): number => {
    const found = at;
    at = Math.ceil((at + bytes + 64) / 64) * 64;
    return found;
  };
  const own = kernel.buffers.map((buffer) => take(buffer.elements * 4));
  const temporaries = scheduled.temporaries.map((temporary) => take(temporary.elements * 4));
  const lowered = scheduled.kernels.map((bound) => lower(bound.kernel));
  const blocks = scheduled.kernels.map(() => take(256));
  const scratch = take(Math.max(...lowered.map((l) => l.scratchBytes)));
  const memory = new WebAssembly.Memory({ initial: Math.ceil(at / 65536) + 1 });
  const exports = instantiate(
    lowered.map((l, i) => ({ ...l.code, name: `f${i}` })),
    memory,
  );
  const view = new DataView(memory.buffer);
  const pieces = scheduled.kernels.map((bound: ScheduledKernel, i): Placed => {
    let slot = blocks[i]!;
    const put = (value: number): void => {
      view.setInt32(slot, value, true);
      slot += 8;
    };
    for (const id of bound.buffers) put(id < 0 ? temporaries[-1 - id]! : own[id]!);
    for (const axis of bound.kernel.axes) if (axis.dynamic) put(axis.extent);
    put(take(0));
    const { units, grain } = lowered[i]!;
    const shortest = new Float64Array(Math.ceil(units / grain)).fill(Infinity);
    const run = (): void => {
      let last = performance.now();
      for (let from = 0, chunk = 0; from < units; from += grain, chunk++) {
        exports[`f${i}`]!(blocks[i]!, from, Math.min(units, from + grain), scratch);
        const now = performance.now();
        if (now - last < shortest[chunk]!) shortest[chunk] = now - last;
        last = now;
      }
    };
    return {
      kernel: bound.kernel,
      lowered: lowered[i]!,
      block: blocks[i]!,
      run,
      time: () => shortest.reduce((sum, time) => sum + time, 0),
    };
  });
  const buffers = kernel.buffers.map((buffer, i) => new Float32Array(memory.buffer, own[i], buffer.elements));
  let seed = 1;
  kernel.buffers.forEach((buffer, i) => {
    for (let j = 0; j < buffer.elements; j++) {
      seed = (Math.imul(seed, 1103515245) + 12345) | 0;
      buffers[i]![j] = buffer.use === "write" ? NaN : seed / 2 ** 32;
    }
  });
  return { pieces, buffers };
}

/** Largest error at random places, relative to the root of k (operands are within 0.5). */
function check(kernel: ContractKernel, buffers: readonly Float32Array[]): number {
  const at = (access: number, point: readonly number[]): number | null => {
    const { index, guards } = kernel.accesses[access]!;
    const value = (f: typeof index): number => f.coefficients.reduce((sum, c, axis) => sum + c * (point[axis] ?? 0), f.constant);
    return guards.every((guard) => value(guard.index) >= 0 && value(guard.index) < guard.limit) ? value(index) : null;
  };
  const parallel = kernel.axes.filter((axis) => axis.role === "parallel");
  const reduced = kernel.axes.filter((axis) => axis.role === "reduce");
  const steps = reduced.reduce((product, axis) => product * axis.extent, 1);
  let worst = 0;
  for (let sample = 0; sample < Math.max(20, Math.min(400, 2e6 / steps)); sample++) {
    const point = parallel.map((axis) => Math.floor(Math.random() * axis.extent));
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      let rest = step;
      const inner = reduced.map(() => 0);
      for (let i = reduced.length - 1; i >= 0; i--) {
        inner[i] = rest % reduced[i]!.extent;
        rest = Math.floor(rest / reduced[i]!.extent);
      }
      const full = [...point, ...inner];
      const l = at(kernel.lhs, full);
      const r = at(kernel.rhs, full);
      if (l !== null && r !== null) sum += buffers[0]![l]! * buffers[1]![r]!;
    }
    if (kernel.epilogue.length > 1) sum = Math.max(0, sum + buffers[3]![at(3, point)!]!);
    const error = Math.abs(sum - buffers[2]![at(2, point)!]!) / Math.sqrt(steps);
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

const resnet = { batch: 8, height: 56, width: 56, inputs: 64, outputs: 64, window: 3, dynamic: true } as const;
const lenet1 = { batch: 128, height: 28, width: 28, inputs: 1, outputs: 6, window: 5, dynamic: true } as const;
const lenet2 = { batch: 128, height: 14, width: 14, inputs: 6, outputs: 16, window: 5, padding: 0, dynamic: true } as const;
const mnist1 = { batch: 128, height: 28, width: 28, inputs: 1, outputs: 32, window: 3, padding: 0, dynamic: true } as const;
const mnist2 = { batch: 128, height: 13, width: 13, inputs: 32, outputs: 64, window: 3, padding: 0, dynamic: true } as const;
const stem = { batch: 2, height: 112, width: 112, inputs: 3, outputs: 64, window: 7, stride: 2, padding: 3, dynamic: true } as const;
const deep = { batch: 8, height: 7, width: 7, inputs: 512, outputs: 512, window: 3, dynamic: true } as const;
const pointwise = { batch: 4, height: 28, width: 28, inputs: 128, outputs: 256, window: 1, dynamic: true } as const;
const depthwise = { batch: 4, height: 56, width: 56, inputs: 64, outputs: 64, window: 3, groups: 64, dynamic: true } as const;
const weights = (batch: number, outputs: number, inputs: number): ContractKernel => ({
  ...matmul(inputs, outputs, batch, { lhsTransposed: true, dynamic: "k" }),
  label: `dense weight gradient ${batch}x${inputs}->${outputs}`,
});
const inputsOf = (batch: number, outputs: number, inputs: number): ContractKernel => ({
  ...matmul(batch, inputs, outputs, { rhsTransposed: true, dynamic: "m" }),
  label: `dense input gradient ${batch}x${inputs}->${outputs}`,
});
const layer = (batch: number, outputs: number, inputs: number): ContractKernel[] => [
  dense(batch, outputs, inputs),
  inputsOf(batch, outputs, inputs),
  weights(batch, outputs, inputs),
];
const cases: ContractKernel[] = [
  matmul(512, 512, 512),
  matmul(1024, 1024, 1024),
  convolution(resnet),
  inputGradient(resnet),
  filterGradient(resnet),
  ...[lenet1, lenet2, mnist1, mnist2].flatMap((shape) => [convolution(shape), inputGradient(shape), filterGradient(shape)]),
  ...layer(128, 120, 400),
  ...layer(128, 84, 120),
  ...layer(128, 10, 84),
  ...layer(128, 10, 1600),
  ...layer(32, 64, 100),
  ...layer(32, 64, 784),
  ...layer(128, 512, 784),
  convolution(stem),
  filterGradient(stem),
  ...[deep, pointwise].flatMap((shape) => [convolution(shape), inputGradient(shape), filterGradient(shape)]),
  { ...convolution(depthwise), label: "depthwise 3x3 64 56x56 batch 4" },
  matmul(1, 1000, 2048),
  matmul(1000, 1, 2048),
];

const only = process.argv[2] ?? "";
const peakOf = measurePeak();
console.log(`${process.version}, ${relaxedFma ? "relaxed multiply-add" : "multiply and add"}`);
for (const kernel of cases) {
  if (!kernel.label.includes(only)) continue;
  const { pieces, buffers } = place(kernel);
  const flop = 2 * kernel.axes.reduce((product, axis) => product * axis.extent, 1);
  const started = performance.now();
  let peak = 0;
  for (let run = 0; run < 400 && (run < 8 || performance.now() - started < 600); run++) {
    for (const piece of pieces) piece.run();
    if (run % 8 === 0) peak = Math.max(peak, peakOf());
  }
  const times = pieces.map((piece) => piece.time());
  const total = times.reduce((sum, time) => sum + time, 0);
  const parts = pieces
    .map((piece, i) => `${piece.kernel.label.split("/")[1] ?? "main"} ${((100 * times[i]!) / total).toFixed(0)}%`)
    .join(" ");
  const schedule = pieces
    .map((piece) =>
      piece.kernel.kind === "contract" ? (piece.kernel.schedule as { tile: { rows: number; vectors: number }; form: string }) : null,
    )
    .find((s) => s !== null);
  const tile =
    schedule === undefined || schedule === null ? "reduction" : `${schedule.form} ${schedule.tile.rows}x${schedule.tile.vectors}`;
  const main = pieces.findIndex((piece) => piece.kernel.kind === "contract");
  const error = check(kernel, buffers);
  const rate = flop / total / 1e6;
  const mainRate = main < 0 ? 0 : flop / times[main]! / 1e6;
  console.log(
    `${kernel.label.padEnd(52)} ${(total * 1000).toFixed(0).padStart(8)} us ${rate.toFixed(1).padStart(6)} GFLOP/s ${((100 * rate) / peak).toFixed(0).padStart(4)}% of ${peak.toFixed(1)} (main ${((100 * mainRate) / peak).toFixed(0)}%)  ${tile}  ${parts}  ${pieces[main]?.lowered.units ?? 0}/${pieces[main]?.lowered.grain ?? 0}${error < 1e-5 ? "" : `  WRONG ${error}`}`,
  );
}
