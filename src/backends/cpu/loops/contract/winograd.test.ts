import { describe, expect, it, vi } from "vitest";
import "../complete.ts";
import type { ContractKernel } from "../../../../compiler/kernels/kernel.ts";
import { ValueError } from "../../../../errors.ts";
import { compilerTarget } from "../../compiler-target.ts";
import type { CpuTarget } from "../../target.ts";
import { runNaive } from "../naive-kernel.ts";
import { Random } from "../random-kernel.ts";
import { stepOfFirstAxis } from "./contract-schedule.ts";
import { type ConvolutionShape, convolution, filterGradient, inputGradient } from "./sample-contractions.ts";
import { scheduleContract } from "./schedule.ts";
import type { Binding } from "./pad-operand.ts";
import { winograd } from "./winograd.ts";

const avx512: CpuTarget = {
  name: "avx512",
  lanes: 16,
  registers: 32,
  fma: true,
  maskedTails: true,
  l1Bytes: 32 * 2 ** 10,
  l2Bytes: 2 ** 20,
};
const wide = { batch: 8, height: 14, width: 14, inputs: 256, outputs: 256, window: 3 };

function isFiltered(kernel: ContractKernel, use: "auto" | "always" = "auto"): boolean {
  return winograd({ kernel, buffers: kernel.buffers.map((_, i) => i), scalars: [] }, avx512, use) !== null;
}

/** What the kernels of a schedule write, each run by its definition; temporaries start as NaN. */
function run(kernel: ContractKernel, use: "always" | "never"): Float32Array {
  const random = new Random(5);
  const buffers = kernel.buffers.map(({ elements, use: role }) =>
    new Float32Array(elements).map(() => (role === "write" ? NaN : random.unit() - 0.5)),
  );
  const bound = { kernel, buffers: buffers.map((_, i) => i), scalars: [] };
  return runBuffers(bound, buffers, use)[2]!;
}

function runBuffers(bound: Binding, buffers: Float32Array[], use: "always" | "never"): Float32Array[] {
  const { kernels, temporaries } = use === "always" ? scheduleContract(bound, avx512, use) : { kernels: [bound], temporaries: [] };
  const arrays = temporaries.map(({ elements }) => new Float32Array(elements).fill(NaN));
  for (const one of kernels) {
    runNaive(one.kernel, { buffers: one.buffers.map((id) => (id < 0 ? arrays[-1 - id]! : buffers[id]!)), scalars: [] });
  }
  return buffers;
}

/** The kernel with a bias, a residual and the place's number added, stored before and after a relu. */
function withEpilogue(kernel: ContractKernel): ContractKernel {
  const out = kernel.accesses[2]!;
  const outputs = kernel.axes.findIndex((_, axis) => kernel.roles[axis] === "n");
  const bias = { ...out, buffer: 3, index: { constant: 0, coefficients: kernel.axes.map((_, axis) => Number(axis === outputs)) } };
  const buffer = kernel.buffers[2]!;
  return {
    ...kernel,
    buffers: [...kernel.buffers, { ...buffer, use: "read" }, { ...buffer, use: "read" }, buffer],
    accesses: [...kernel.accesses, bias, { ...out, buffer: 4 }, { ...out, buffer: 5 }],
    epilogue: [
      { op: "accumulator", index: 0, dtype: "float32" },
      { op: "load", access: 3, dtype: "float32" },
      { op: "scalar", f: "add", args: [0, 1], dtype: "float32" },
      { op: "load", access: 4, dtype: "float32" },
      { op: "scalar", f: "add", args: [2, 3], dtype: "float32" },
      { op: "position", index: out.index, dtype: "int32" },
      { op: "scalar", f: "convert", args: [5], dtype: "float32" },
      { op: "scalar", f: "add", args: [4, 6], dtype: "float32" },
      { op: "constant", value: 40, dtype: "float32" },
      { op: "scalar", f: "maximum", args: [7, 8], dtype: "float32" },
    ],
    stores: [
      { access: 2, value: 9 },
      { access: 5, value: 7 },
    ],
  };
}

describe("minimal filtering", () => {
  it("is chosen for wide 3x3 convolutions and both gradients", () => {
    for (const make of [convolution, inputGradient, filterGradient]) {
      expect(isFiltered(make(wide)), make.name).toBe(true);
      expect(isFiltered(make({ ...wide, padding: 0 })), make.name).toBe(true);
      expect(isFiltered(make({ ...wide, height: 13, width: 15 })), make.name).toBe(true);
    }
  });

  it("is not chosen where its transforms cost more than it saves, or its arrays take too much memory", () => {
    for (const make of [convolution, inputGradient, filterGradient]) {
      expect(isFiltered(make({ ...wide, height: 32, width: 32, inputs: 16, outputs: 16 })), make.name).toBe(false);
      expect(isFiltered(make({ ...wide, batch: 1, height: 7, width: 7, inputs: 512, outputs: 512 })), make.name).toBe(false);
      expect(isFiltered(make({ ...wide, batch: 32, height: 112, width: 112 })), make.name).toBe(false);
    }
  });

  it("leaves other windows, strides, dilations, groups and channels first alone", () => {
    const small = { batch: 1, height: 9, width: 9, inputs: 4, outputs: 4, window: 3 };
    expect(isFiltered(convolution(small), "always")).toBe(true);
    const others: Partial<ConvolutionShape>[] = [{ window: 5 }, { stride: 2 }, { dilation: 2 }, { groups: 2 }];
    for (const other of others) expect(isFiltered(convolution({ ...small, ...other }), "always"), JSON.stringify(other)).toBe(false);
    const kernel = convolution(small);
    const lhs = kernel.accesses[kernel.lhs]!;
    const swapped = { ...lhs, index: { ...lhs.index, coefficients: lhs.index.coefficients.map((c) => (c === 1 ? 81 : c / 4)) } };
    expect(isFiltered({ ...kernel, accesses: kernel.accesses.map((access) => (access === lhs ? swapped : access)) }, "always")).toBe(false);
  });

  it.each([
    { batch: 2, height: 3, width: 4, inputs: 3, outputs: 4, window: 3 },
    { batch: 1, height: 5, width: 5, inputs: 2, outputs: 3, window: 3, padding: 0 },
    { batch: 1, height: 3, width: 2, inputs: 2, outputs: 2, window: 3, padding: 2 },
  ])("computes the convolution of $height x $width images and both gradients", (shape) => {
    for (const make of [convolution, inputGradient, filterGradient]) {
      const kernel = make(shape);
      const expected = run(kernel, "never");
      const found = run(kernel, "always");
      const depth = kernel.axes.reduce((product, axis) => (axis.role === "reduce" ? product * axis.extent : product), 1);
      // Roundings of the products' sums and of the transforms, each of at most 2^-24 of operands below 1/2 that meet in fours.
      const limit = 2 ** -24 * (depth + 8);
      expected.forEach((value, i) => {
        if (!(Math.abs(value - found[i]!) <= limit)) expect.fail(`${kernel.label}: element ${i} is ${found[i]}, not ${value}`);
      });
    }
  });

  it.each([NaN, Infinity, -Infinity])("carries a pixel of %s to the tiles of the windows that see it, and no further", (pixel) => {
    const [batch, extent, inputs, outputs] = [2, 7, 2, 3];
    const kernel = convolution({ batch, height: extent, width: extent, inputs, outputs, window: 3 });
    const at = { image: 1, y: 3, x: 4 };
    const results = [0, pixel].map((value) => {
      const random = new Random(5);
      const buffers = kernel.buffers.map(({ elements }) => new Float32Array(elements).map(() => random.unit() - 0.5));
      buffers[0]![((at.image * extent + at.y) * extent + at.x) * inputs + 1] = value;
      return runBuffers({ kernel, buffers: buffers.map((_, i) => i), scalars: [] }, buffers, "always")[2]!;
    });
    const sees = (place: number, center: number): boolean => Math.abs(place - center) <= 1;
    const meets = (place: number, center: number): boolean =>
      [place & ~1, place | 1].some((other) => other < extent && sees(other, center));
    results[1]!.forEach((value, i) => {
      const [x, y, image] = [
        Math.floor(i / outputs) % extent,
        Math.floor(i / (outputs * extent)) % extent,
        Math.floor(i / (outputs * extent ** 2)),
      ];
      const here = image === at.image;
      if (here && sees(y, at.y) && sees(x, at.x)) expect(Number.isFinite(value), `${y}, ${x}`).toBe(false);
      else if (!(here && meets(y, at.y) && meets(x, at.x))) expect(value, `${y}, ${x}`).toBe(results[0]![i]);
    });
  });

  it("runs what follows the convolution: operands of the result's shape, positions, several stores", () => {
    for (const make of [convolution, filterGradient]) {
      const kernel = withEpilogue(make({ batch: 1, height: 3, width: 4, inputs: 2, outputs: 3, window: 3 }));
      const [expected, found] = (["never", "always"] as const).map((use) => {
        const random = new Random(9);
        const buffers = kernel.buffers.map(({ elements, use: role }) =>
          new Float32Array(elements).map(() => (role === "write" ? NaN : random.unit() - 0.5)),
        );
        return runBuffers({ kernel, buffers: buffers.map((_, i) => i), scalars: [] }, buffers, use);
      });
      // Numbers below 128: 2^-17 is one rounding.
      for (const buffer of [2, 5]) {
        expected![buffer]!.forEach((value, i) => {
          if (!(Math.abs(value - found![buffer]![i]!) <= 2 ** -16)) expect.fail(`${kernel.label}: element ${i} of ${buffer}`);
        });
      }
    }
  });
});

it("NABLA_WINOGRAD that says neither yes nor no is an error of its own: no other back-end takes over", () => {
  vi.stubEnv("NABLA_WINOGRAD", "maybe");
  try {
    expect(() => compilerTarget(avx512, 2 ** 30, () => ({ scheduleContract, stepOfFirstAxis }))).toThrow(ValueError);
    expect(() => compilerTarget(avx512, 2 ** 30, () => ({ scheduleContract, stepOfFirstAxis }))).toThrow(/maybe/);
  } finally {
    vi.unstubAllEnvs();
  }
});
