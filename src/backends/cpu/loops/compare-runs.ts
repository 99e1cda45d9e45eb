/** Compares runs of a kernel: the naive meaning, the interpreted IR, and wasm. */
import type { Kernel } from "../../../compiler/kernels/kernel.ts";
import { type DType, isFloat, type TypedArray } from "../../../dtype/index.ts";
import type { CpuTarget } from "../target.ts";
import type { LoweredKernel } from "./ir.ts";
import { type NaiveFault, runNaive } from "./naive-kernel.ts";
import { Random } from "./random-kernel.ts";
import { fillBuffers, runInterpreted, runWasm } from "./run-lowered.ts";

/** Targets that differ in lanes, masks and fusing. The first is what wasm has. */
export const testTargets: readonly CpuTarget[] = [
  { name: "wasm", lanes: 4, registers: 16, fma: false, maskedTails: false, l1Bytes: 32768, l2Bytes: 1 << 20 },
  { name: "avx2", lanes: 8, registers: 16, fma: true, maskedTails: false, l1Bytes: 32768, l2Bytes: 1 << 20 },
  { name: "avx512", lanes: 16, registers: 32, fma: true, maskedTails: true, l1Bytes: 32768, l2Bytes: 1 << 20 },
];

/** Small values: whole and half numbers as floats, so that sums of few are exact; int32 in [-3, 4]. */
export function smallValue(random: Random, dtype: DType): number {
  if (dtype === "bool") return random.whole(0, 1);
  if (dtype === "uint8") return random.whole(0, 20);
  if (dtype === "int32" || dtype === "int8") return random.whole(-3, 4);
  return random.whole(-8, 8) / 2;
}

/** Where a run differs from the naive one, or null. `tolerance` is relative to the larger of 1 and the value. */
export function findDifference(
  kernel: Kernel,
  lower: (target: CpuTarget) => LoweredKernel,
  seed: number,
  tolerance: number,
): string | null {
  const make = (): { buffers: TypedArray[]; scalars: number[] } => {
    const random = new Random(seed + 1);
    const buffers = fillBuffers(kernel, (dtype) => smallValue(random, dtype));
    return { buffers, scalars: kernel.scalars.map((dtype) => smallValue(random, dtype)) };
  };
  const expected = make();
  const fault = runNaive(kernel, expected);
  const check = (name: string, buffers: readonly TypedArray[], found: NaiveFault | null): string | null => {
    if ((fault === null) !== (found === null)) return `${name}: fault ${JSON.stringify(found)}, expected ${JSON.stringify(fault)}`;
    if (fault !== null) return null;
    for (let b = 0; b < buffers.length; b++) {
      const isExact = !isFloat(kernel.buffers[b]!.dtype);
      for (let i = 0; i < buffers[b]!.length; i++) {
        const x = buffers[b]![i]!;
        const y = expected.buffers[b]![i]!;
        if (Object.is(x, y) || x === y) continue;
        if (!isExact && Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y))) continue;
        return `${name}: buffer ${b} element ${i} is ${x}, expected ${y}`;
      }
    }
    return null;
  };
  for (const target of testTargets) {
    const lowered = lower(target);
    const data = make();
    let found: NaiveFault | null;
    try {
      found = runInterpreted(kernel, lowered, target, data);
    } catch (error) {
      return `${target.name}: ${String(error)}`;
    }
    const problem = check(`${target.name} (interpreted)`, data.buffers, found);
    if (problem !== null) return problem;
    if (target.name !== "wasm") continue;
    const again = make();
    const wasmFault = runWasm(kernel, lowered, again);
    const wasmProblem = check("wasm", again.buffers, wasmFault);
    if (wasmProblem !== null) return wasmProblem;
  }
  return null;
}
