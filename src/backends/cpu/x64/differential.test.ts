import { describe, expect, it } from "vitest";
import { randomContraction } from "../loops/contract/random-contraction.ts";
import { convolution, filterGradient, inputGradient, matmul } from "../loops/contract/sample-contractions.ts";
import { type MathFunction, mathFunctions } from "../loops/math.ts";
import { errorBounds } from "../loops/math/error-bounds.ts";
import { binaryFunctions, exactFunctions, largestError, sampleFloats } from "../loops/math/measure.ts";
import { randomCumulative, randomMap, randomReduce, randomScatter, randomSort } from "../loops/random-kernel.ts";
import { checkContraction, checkKernel, kinds, randomOptions } from "./check-native.ts";
import { evaluateMathNatively } from "./run-machine-code.ts";

describe.each(kinds)("machine code for %s", (kind) => {
  it.each([
    ["maps", randomMap, 80],
    ["reductions", randomReduce, 100],
    ["scans", randomCumulative, 40],
    ["scatters", randomScatter, 40],
    ["sorts", randomSort, 20],
  ] as const)("of random %s does what they mean", (_, make, count) => {
    for (let seed = 0; seed < count; seed++) checkKernel(make(seed, randomOptions(seed)), seed, kind);
  });

  it("of random contractions does what they mean", () => {
    for (let seed = 0; seed < 60; seed++) checkContraction(randomContraction(seed), seed, kind);
  });

  it("of contractions has right tails of every length", () => {
    for (const size of [1, 2, 7, 8, 9, 13, 14, 15, 16, 17, 28, 31, 33, 48]) {
      checkContraction(matmul(size, 33, 20), size, kind);
      checkContraction(matmul(33, size, 20, { dynamic: "m" }), size, kind);
      checkContraction(matmul(20, 33, size, { rhsTransposed: true }), size, kind);
    }
    checkContraction(matmul(31, 40, 1100), 1, kind);
    // Panels that units copy.
    checkContraction(matmul(66, 264, 20, { dynamic: "m" }), 2, kind);
  });

  it.each([
    { batch: 3, height: 8, width: 11, inputs: 4, outputs: 5, window: 3 },
    { batch: 2, height: 9, width: 7, inputs: 1, outputs: 6, window: 5 },
    { batch: 1, height: 6, width: 6, inputs: 18, outputs: 36, window: 3 },
  ])("of convolutions $inputs to $outputs and their gradients does what they mean", (shape) => {
    for (const kernel of [convolution(shape), inputGradient(shape), filterGradient(shape)]) checkContraction(kernel, 3, kind);
  });

  it("of grouped convolutions does what they mean", () => {
    checkContraction(
      convolution({ batch: 2, height: 9, width: 8, inputs: 24, outputs: 24, window: 3, groups: 24, stride: 2, padding: 1 }),
      5,
      kind,
    );
    checkContraction(convolution({ batch: 2, height: 6, width: 6, inputs: 6, outputs: 12, window: 3, groups: 3 }), 6, kind);
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
