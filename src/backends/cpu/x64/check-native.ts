/** Compares kernels run as machine code with what they mean: for tests. */
import { expect } from "vitest";
import type { ContractKernel, Kernel } from "../../../compiler/kernels/kernel.ts";
import { type DType, hostArray, isFloat, type TypedArray } from "../../../dtype/index.ts";
import { smallValue, testTargets } from "../loops/compare-runs.ts";
import { scheduleContract } from "../loops/contract/schedule.ts";
import { lowerKernel } from "../loops/lower.ts";
import { type NaiveMemory, runNaive } from "../loops/naive-kernel.ts";
import { Random, type RandomOptions } from "../loops/random-kernel.ts";
import { fillBuffers } from "../loops/run-lowered.ts";
import type { InstructionSet } from "./host.ts";
import { runNative, whyNotNative } from "./run-machine-code.ts";

/** The kinds of code that this machine runs; says why it runs the others not. */
export const kinds: readonly InstructionSet[] = (["avx512", "avx2"] as const).filter((kind) => {
  const reason = whyNotNative(kind);
  if (reason !== null) console.log(`${kind} code is not run: ${reason}`);
  return reason === null;
});
const targets = { avx2: testTargets[1]!, avx512: testTargets[2]! };

const dtypes: readonly DType[] = ["float32", "float32", "int32", "int8", "uint8", "bool"];

/** What random kernels are made of. */
export function randomOptions(seed: number): RandomOptions {
  const others: readonly DType[] = seed % 10 === 0 ? ["float64"] : seed % 5 === 3 ? ["float16", "bfloat16"] : [];
  return { dtypes: [...dtypes, ...others], largest: 250, allowFaults: seed % 3 === 0 };
}

function data(kernel: Kernel, seed: number): { buffers: TypedArray[]; scalars: number[] } {
  const random = new Random(seed + 1);
  const buffers = fillBuffers(kernel, (dtype) => smallValue(random, dtype));
  return { buffers, scalars: kernel.scalars.map((dtype) => smallValue(random, dtype)) };
}

function expectEqual(kernel: Kernel, found: NaiveMemory, expected: NaiveMemory, where: string): void {
  expected.buffers.forEach((buffer, b) => {
    const isExact = !isFloat(kernel.buffers[b]!.dtype);
    buffer.forEach((y, i) => {
      const x = found.buffers[b]![i]!;
      if (Object.is(x, y) || x === y || (!isExact && Math.abs(x - y) <= 1e-5 * Math.max(1, Math.abs(y)))) return;
      expect.fail(`${where}: buffer ${b} element ${i} is ${x}, not ${y}`);
    });
  });
}

/** Runs a kernel on random data and compares. */
export function checkKernel(kernel: Kernel, seed: number, kind: InstructionSet): void {
  const expected = data(kernel, seed);
  const found = data(kernel, seed);
  const fault = runNaive(kernel, expected);
  const foundFault = runNative(kernel, lowerKernel(kernel, targets[kind]), found, kind);
  expect(foundFault === null, `seed ${seed}`).toBe(fault === null);
  if (fault === null) expectEqual(kernel, found, expected, `seed ${seed}`);
}

/** Schedules, runs and compares a contraction. Difference allowed: 2^-24 per rounding times the sum of |a b|, taken in float64. */
export function checkContraction(kernel: ContractKernel, seed: number, kind: InstructionSet): void {
  const target = targets[kind];
  const make = (f: (x: number) => number): TypedArray[] => {
    const random = new Random(seed);
    return kernel.buffers.map((buffer) => {
      const array = new Float32Array(buffer.elements);
      return buffer.use === "write" ? array.fill(NaN) : array.map(() => f(random.unit() - 0.5));
    });
  };
  const expected = make((x) => x);
  const magnitudes = make(Math.abs);
  const buffers = make((x) => x);
  runNaive(kernel, { buffers: expected, scalars: [] });
  runNaive(kernel, { buffers: magnitudes, scalars: [] });
  const bound = { kernel, buffers: buffers.map((_, i) => i), scalars: [] };
  const { kernels, temporaries } = scheduleContract(bound, target, "never", seed % 2 === 0);
  const arrays = temporaries.map(({ dtype, elements }) => hostArray(dtype, elements).fill(NaN));
  for (const bound of kernels) {
    const memory = { buffers: bound.buffers.map((id) => (id < 0 ? arrays[-1 - id]! : buffers[id]!)), scalars: [] };
    runNative(bound.kernel, lowerKernel(bound.kernel, target), memory, kind);
  }
  const depth = kernel.axes.reduce((product, axis) => (axis.role === "reduce" ? product * axis.extent : product), 1);
  expected[2]!.forEach((y, i) => {
    const limit = 2 ** -24 * (depth + 4) * Math.max(Math.abs(magnitudes[2]![i]!), 2 ** -20);
    const x = buffers[2]![i]!;
    if (!(Math.abs(x - y) <= limit)) expect.fail(`${kernel.label} (seed ${seed}): element ${i} is ${x}, not ${y}`);
  });
}
