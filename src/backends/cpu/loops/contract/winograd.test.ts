import { describe, expect, it } from "vitest";
import "../complete.ts";
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { runNaive } from "../naive-kernel.ts";
import { Random } from "../random-kernel.ts";
import { type ConvolutionShape, convolution, filterGradient, inputGradient } from "./sample-contractions.ts";
import { scheduleContract } from "./schedule.ts";

const avx512 = { name: "avx512", lanes: 16, registers: 32, fma: true, maskedTails: true, l1Bytes: 32768, l2Bytes: 1048576 } as const;

function run(kernel: ContractKernel, use: "always" | "never"): Float32Array {
  const random = new Random(5);
  const buffers = kernel.buffers.map((b) => new Float32Array(b.elements).map(() => (b.use === "write" ? NaN : random.unit() - 0.5)));
  if (use === "never") {
    runNaive(kernel, { buffers, scalars: [] });
    return buffers[2]!;
  }
  const { kernels, temporaries } = scheduleContract({ kernel, buffers: buffers.map((_, i) => i), scalars: [] }, avx512, use);
  expect(kernels.length).toBeGreaterThan(3);
  const arrays = temporaries.map((t) => new Float32Array(t.elements).fill(NaN));
  for (const bound of kernels)
    runNaive(bound.kernel, { buffers: bound.buffers.map((id) => (id < 0 ? arrays[-1 - id]! : buffers[id]!)), scalars: [] });
  return buffers[2]!;
}

describe("winograd", () => {
  const shapes: ConvolutionShape[] = [
    { batch: 2, height: 6, width: 8, inputs: 5, outputs: 4, window: 3 },
    { batch: 1, height: 7, width: 5, inputs: 5, outputs: 4, window: 3 },
    { batch: 3, height: 7, width: 6, inputs: 2, outputs: 3, window: 3, padding: 0 },
    { batch: 1, height: 4, width: 5, inputs: 32, outputs: 64, window: 3 },
    { batch: 3, height: 5, width: 6, inputs: 2, outputs: 3, window: 3, padding: 2 },
  ];
  it.each(shapes)("%o", (shape) => {
    for (const make of [convolution, inputGradient, filterGradient]) {
      const kernel = make(shape);
      const expected = run(kernel, "never");
      const got = run(kernel, "always");
      const worst = expected.reduce((most, value, i) => Math.max(most, Number.isNaN(got[i]!) ? Infinity : Math.abs(value - got[i]!)), 0);
      console.log(kernel.label, worst);
      expect(worst).toBeLessThan(1e-5);
    }
  });
});
