import { describe, expect, it } from "vitest";
import type { ContractKernel, Kernel } from "../../../compiler/kernels/kernel.ts";
import { type DType, hostArray, isFloat, type TypedArray } from "../../../dtype/index.ts";
import { smallValue, testTargets } from "../loops/compare-runs.ts";
import { randomContraction } from "../loops/contract/random-contraction.ts";
import { convolution, filterGradient, inputGradient, matmul } from "../loops/contract/sample-contractions.ts";
import { scheduleContract } from "../loops/contract/schedule.ts";
import { lowerKernel } from "../loops/lower.ts";
import { type MathFunction, mathFunctions } from "../loops/math.ts";
import { binaryFunctions, exactFunctions, largestError, sampleFloats } from "../loops/math/measure.ts";
import { errorBounds } from "../loops/math/error-bounds.ts";
import { type NaiveMemory, runNaive } from "../loops/naive-kernel.ts";
import {
  Random,
  randomCumulative,
  randomMap,
  type RandomOptions,
  randomReduce,
  randomScatter,
  randomSort,
} from "../loops/random-kernel.ts";
import { fillBuffers } from "../loops/run-lowered.ts";
import { evaluateMathNatively, runNative, whyNotNative } from "./run-machine-code.ts";

const kinds = (["avx512", "avx2"] as const).filter((kind) => {
  const reason = whyNotNative(kind);
  if (reason !== null) console.log(`${kind} code is not run: ${reason}`);
  return reason === null;
});
const targets = { avx2: testTargets[1]!, avx512: testTargets[2]! };

const dtypes: readonly DType[] = ["float32", "float32", "int32", "uint8", "bool"];

function options(seed: number): RandomOptions {
  return { dtypes: seed % 10 === 0 ? [...dtypes, "float64"] : dtypes, largest: 250, allowFaults: seed % 3 === 0 };
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

describe.each(kinds)("machine code for %s", (kind) => {
  const target = targets[kind];

  it.each([
    ["maps", randomMap, 80],
    ["reductions", randomReduce, 100],
    ["scans", randomCumulative, 40],
    ["scatters", randomScatter, 40],
    ["sorts", randomSort, 20],
  ] as const)("of random %s does what they mean", (_, make, count) => {
    for (let seed = 0; seed < count; seed++) {
      const kernel = make(seed, options(seed));
      const expected = data(kernel, seed);
      const found = data(kernel, seed);
      const fault = runNaive(kernel, expected);
      const foundFault = runNative(kernel, lowerKernel(kernel, target), found, kind);
      expect(foundFault === null, `seed ${seed}`).toBe(fault === null);
      if (fault === null) expectEqual(kernel, found, expected, `seed ${seed}`);
    }
  });

  /** Difference allowed: 2^-24 per rounding times the sum of |a b|, taken in float64. */
  function checkContraction(kernel: ContractKernel, seed: number): void {
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
    const { kernels, temporaries } = scheduleContract({ kernel, buffers: buffers.map((_, i) => i), scalars: [] }, target);
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

  it("of random contractions does what they mean", () => {
    for (let seed = 0; seed < 60; seed++) checkContraction(randomContraction(seed), seed);
  });

  it("of contractions has right tails of every length", () => {
    for (const size of [1, 2, 7, 8, 9, 13, 14, 15, 16, 17, 28, 31, 33, 48]) {
      checkContraction(matmul(size, 33, 20), size);
      checkContraction(matmul(33, size, 20, { dynamic: "m" }), size);
      checkContraction(matmul(20, 33, size, { rhsTransposed: true }), size);
    }
    checkContraction(matmul(31, 40, 1100), 1);
  });

  it.each([
    { batch: 3, height: 8, width: 11, inputs: 4, outputs: 5, window: 3 },
    { batch: 2, height: 9, width: 7, inputs: 1, outputs: 6, window: 5 },
    { batch: 1, height: 6, width: 6, inputs: 18, outputs: 36, window: 3 },
  ])("of convolutions $inputs to $outputs and their gradients does what they mean", (shape) => {
    for (const kernel of [convolution(shape), inputGradient(shape), filterGradient(shape)]) checkContraction(kernel, 3);
  });

  it("of grouped convolutions does what they mean", () => {
    checkContraction(
      convolution({ batch: 2, height: 9, width: 8, inputs: 24, outputs: 24, window: 3, groups: 24, stride: 2, padding: 1 }),
      5,
    );
    checkContraction(convolution({ batch: 2, height: 6, width: 6, inputs: 6, outputs: 12, window: 3, groups: 3 }), 6);
  });

  it("of mathematical functions gives vectors and scalars the same bits, as exact as for wasm", () => {
    const floats = sampleFloats(65537);
    for (const f of Object.keys(mathFunctions) as MathFunction[]) {
      const pairs = floats.map((_, i) => floats[(i * 40503 + 12345) % floats.length]!);
      // Subnormal numbers count as 0 here; so do those that come up between two small arguments.
      const isBinary = binaryFunctions.includes(f);
      const isSmall = (x: number): boolean => x !== 0 && Math.abs(x) < (isBinary ? 2 ** -100 : 2 ** -126);
      const kept = [...floats.keys()].filter(
        (i) => !isSmall(floats[i]!) && !(isBinary && isSmall(pairs[i]!)) && !isSmall(exactFunctions[f](floats[i]!, pairs[i]!)),
      );
      const count = kept.length - (kept.length % 16);
      const x = Float32Array.from({ length: count }, (_, i) => floats[kept[i]!]!);
      const y = isBinary ? Float32Array.from({ length: count }, (_, i) => pairs[kept[i]!]!) : x;
      const vector = evaluateMathNatively(f, x, y, kind, true);
      const scalar = evaluateMathNatively(f, x, y, kind, false);
      const [a, b] = [new Uint32Array(vector.buffer), new Uint32Array(scalar.buffer)];
      for (let i = 0; i < count; i++)
        if (a[i] !== b[i] && !Number.isNaN(vector[i])) expect.fail(`${f}(${x[i]}, ${y[i]}): ${vector[i]}, ${scalar[i]}`);
      const worst = largestError(f, x, y, vector);
      expect(worst.ulp, `${f}(${worst.x}, ${worst.y})`).toBeLessThanOrEqual(errorBounds[f]);
    }
  });
});
