import { describe, expect, it, vi } from "vitest";
import "../complete.ts";
import type { ContractKernel, Kernel } from "../../../../compiler/kernels/kernel.ts";
import { roundedTo } from "../../../../dtype/index.ts";
import { ValueError } from "../../../../errors.ts";
import { compilerTarget } from "../../compiler-target.ts";
import type { CpuTarget } from "../../target.ts";
import { runNaive } from "../naive-kernel.ts";
import { rareKernels } from "../parts.ts";
import { Random } from "../random-kernel.ts";
import { runInterpreted } from "../run-lowered.ts";
import { type ConvolutionShape, convolution, filterGradient, inputGradient } from "./sample-contractions.ts";
import { type ScheduledContraction, scheduleContract } from "./schedule.ts";
import type { Binding } from "./pad-operand.ts";
import { fullRank } from "./arrange-axes.ts";
import { FilteredBlocks } from "./filtered-blocks.ts";
import { FilteredGradient } from "./filtered-gradient.ts";
import { filterMinimally } from "./filter-minimally.ts";
import { lowerContract } from "./lower-contract.ts";
import { filteredGradientScheduleOf, filteredScheduleOf } from "./contract-schedule.ts";
import { winogradForm } from "./winograd-form.ts";

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

function isFiltered(kernel: ContractKernel, use: "auto" | "whole" = "auto"): boolean {
  return filterMinimally({ kernel, buffers: kernel.buffers.map((_, i) => i), scalars: [] }, avx512, use) !== null;
}

/** Few lanes, so that small kernels fill vectors. */
const narrow: CpuTarget = { ...avx512, name: "wasm", lanes: 4, registers: 16, maskedTails: false };

type Form = "never" | "whole" | "blocks";

/** What a kernel writes to buffer 2, computed in one of the forms; operands are rounded to their dtypes. */
function run(kernel: ContractKernel, use: Form): Float32Array {
  return runBuffers(bind(kernel), randomBuffers(kernel, 5), use)[2]!;
}

function bind(kernel: ContractKernel): Binding {
  return { kernel, buffers: kernel.buffers.map((_, i) => i), scalars: [] };
}

/** Numbers in [-1/2, 1/2); what is written starts as NaN. */
function randomBuffers(kernel: ContractKernel, seed: number): Float32Array[] {
  const random = new Random(seed);
  return kernel.buffers.map(({ dtype, elements, use }) =>
    new Float32Array(elements).map(() => (use === "write" ? NaN : roundedTo(dtype, random.unit() - 0.5))),
  );
}

function runBuffers(bound: Binding, buffers: Float32Array[], use: Form): Float32Array[] {
  const target = use === "blocks" ? narrow : avx512;
  return runSchedule(use === "never" ? { kernels: [bound], temporaries: [] } : scheduleContract(bound, target, use), buffers);
}

/** Runs a schedule: blocks of tiles as generated code, other kernels by their definition; temporaries start as NaN. */
function runSchedule({ kernels, temporaries }: ScheduledContraction, buffers: Float32Array[]): Float32Array[] {
  const arrays = temporaries.map(({ elements }) => new Float32Array(elements).fill(NaN));
  for (const { kernel, buffers: ids } of kernels) {
    const memory = { buffers: ids.map((id) => (id < 0 ? arrays[-1 - id]! : buffers[id]!)), scalars: [] };
    if (isBlocks(kernel)) runInterpreted(kernel, lowerContract(kernel, narrow), narrow, memory);
    else runNaive(kernel, memory);
  }
  return buffers;
}

function isBlocks(kernel: Kernel): kernel is ContractKernel {
  return kernel.kind === "contract" && (filteredScheduleOf(kernel) !== null || filteredGradientScheduleOf(kernel) !== null);
}

function full(kernel: ContractKernel): Binding {
  return { ...bind(kernel), kernel: fullRank(kernel) };
}

/** Three of the plans, the first and the last among them. */
function someOf<T>(plans: readonly T[]): T[] {
  expect(plans.length).toBeGreaterThan(0);
  return [...new Set([0, plans.length >> 1, plans.length - 1])].map((i) => plans[i]!);
}

/** Whether blocks of tiles are what a kernel is computed in. */
function isInBlocks(kernel: ContractKernel, target: CpuTarget, use: "auto" | "blocks"): boolean {
  return scheduleContract(bind(kernel), target, use).kernels.some(({ kernel: one }) => isBlocks(one));
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

  it("is not chosen where its transforms cost more than it saves", () => {
    for (const make of [convolution, inputGradient, filterGradient]) {
      expect(isFiltered(make({ ...wide, height: 32, width: 32, inputs: 4, outputs: 4 })), make.name).toBe(false);
      expect(isFiltered(make({ ...wide, batch: 1, height: 7, width: 7, inputs: 512, outputs: 512 })), make.name).toBe(false);
    }
  });

  it("goes through blocks of tiles where its arrays would take too much memory whole, whatever the operands' dtype", () => {
    for (const make of [convolution, inputGradient, filterGradient]) {
      const kernel = make({ ...wide, batch: 32, height: 112, width: 112 });
      expect(isInBlocks(kernel, avx512, "auto"), make.name).toBe(true);
      const short = { ...kernel, buffers: kernel.buffers.map((buffer) => ({ ...buffer, dtype: "bfloat16" as const })) };
      expect(isInBlocks(short, avx512, "auto"), make.name).toBe(true);
    }
  });

  it("leaves other windows, strides, dilations, groups and channels first alone", () => {
    const small = { batch: 1, height: 9, width: 9, inputs: 4, outputs: 4, window: 3 };
    expect(isFiltered(convolution(small), "whole")).toBe(true);
    const others: Partial<ConvolutionShape>[] = [{ window: 5 }, { stride: 2 }, { dilation: 2 }, { groups: 2 }];
    for (const other of others) expect(isFiltered(convolution({ ...small, ...other }), "whole"), JSON.stringify(other)).toBe(false);
    const kernel = convolution(small);
    const lhs = kernel.accesses[kernel.lhs]!;
    const swapped = { ...lhs, index: { ...lhs.index, coefficients: lhs.index.coefficients.map((c) => (c === 1 ? 81 : c / 4)) } };
    expect(isFiltered({ ...kernel, accesses: kernel.accesses.map((access) => (access === lhs ? swapped : access)) }, "whole")).toBe(false);
  });

  it.each([
    { batch: 2, height: 3, width: 4, inputs: 3, outputs: 4, window: 3 },
    { batch: 1, height: 5, width: 5, inputs: 2, outputs: 3, window: 3, padding: 0 },
    { batch: 1, height: 3, width: 2, inputs: 2, outputs: 2, window: 3, padding: 2 },
    { batch: 3, height: 5, width: 6, inputs: 4, outputs: 8, window: 3, dynamic: true },
    { batch: 1, height: 4, width: 7, inputs: 4, outputs: 4, window: 3, padding: 0 },
  ])("computes the convolution of $height x $width images and both gradients", (shape) => {
    for (const make of [convolution, inputGradient, filterGradient]) {
      const kernel = make(shape);
      const expected = run(kernel, "never");
      for (const form of ["whole", "blocks"] as const) expectClose(kernel, expected, run(kernel, form), form);
    }
  });

  it("computes random convolutions and both gradients in blocks of tiles of other shapes, those of images to the same bits", () => {
    const random = new Random(3);
    for (let i = 0; i < 3; i++) {
      const shape = {
        batch: random.whole(1, 3),
        height: random.whole(6, 8),
        width: random.whole(6, 9),
        inputs: 4 * random.whole(1, 2),
        outputs: 4 * random.whole(1, 3),
        window: 3,
        padding: random.whole(0, 2),
      };
      for (const make of [convolution, inputGradient]) {
        const kernel = make(shape);
        const [first, ...others] = someOf(FilteredBlocks.all(full(kernel), winogradForm(kernel)!, narrow));
        const found = runSchedule(first!.schedule(), randomBuffers(kernel, 5))[2]!;
        expectClose(kernel, run(kernel, "never"), found, JSON.stringify(shape));
        for (const plan of others) expect(runSchedule(plan.schedule(), randomBuffers(kernel, 5))[2]).toEqual(found);
      }
      const kernel = filterGradient(shape);
      const expected = run(kernel, "never");
      for (const plan of someOf(FilteredGradient.all(full(kernel), winogradForm(kernel)!, narrow)))
        expectClose(kernel, expected, runSchedule(plan.schedule(), randomBuffers(kernel, 5))[2]!, JSON.stringify(shape));
    }
  });

  it.each(["bfloat16", "float16"] as const)("reads operands of %s in blocks of tiles as they are", (dtype) => {
    for (const make of [convolution, filterGradient]) {
      const plain = make({ batch: 2, height: 5, width: 6, inputs: 6, outputs: 8, window: 3 });
      const kernel = { ...plain, buffers: plain.buffers.map((buffer) => (buffer.use === "read" ? { ...buffer, dtype } : buffer)) };
      expect(isInBlocks(kernel, narrow, "blocks")).toBe(true);
      expectClose(kernel, run(kernel, "never"), run(kernel, "blocks"), dtype);
    }
  });

  it("leaves blocks of tiles to channels that fill vectors", () => {
    const shape = { batch: 1, height: 5, width: 5, inputs: 4, outputs: 4, window: 3 };
    expect(isInBlocks(convolution(shape), narrow, "blocks")).toBe(true);
    expect(isInBlocks(convolution({ ...shape, outputs: 6 }), narrow, "blocks")).toBe(false);
    expect(isInBlocks(filterGradient(shape), narrow, "blocks")).toBe(true);
    expect(isInBlocks(filterGradient({ ...shape, outputs: 6 }), narrow, "blocks")).toBe(false);
  });

  it.each([NaN, Infinity, -Infinity].flatMap((pixel) => [[pixel, "whole"] as const, [pixel, "blocks"] as const]))(
    "carries a pixel of %s to the tiles of the windows that see it, and no further (%s)",
    (pixel, form) => {
      const [batch, extent, inputs, outputs] = [2, 7, 2, 4];
      const kernel = convolution({ batch, height: extent, width: extent, inputs, outputs, window: 3 });
      const at = { image: 1, y: 3, x: 4 };
      const results = [0, pixel].map((value) => {
        const buffers = randomBuffers(kernel, 5);
        buffers[0]![((at.image * extent + at.y) * extent + at.x) * inputs + 1] = value;
        return runBuffers(bind(kernel), buffers, form)[2]!;
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
    },
  );

  it("runs what follows the convolution: operands of the result's shape, positions, several stores", () => {
    for (const make of [convolution, filterGradient]) {
      const kernel = withEpilogue(make({ batch: 1, height: 3, width: 5, inputs: 2, outputs: 4, window: 3 }));
      const [expected, ...found] = (["never", "whole", "blocks"] as const).map((use) =>
        runBuffers(bind(kernel), randomBuffers(kernel, 9), use),
      );
      // Numbers below 128: 2^-17 is one rounding.
      for (const results of found) {
        for (const buffer of [2, 5]) {
          expected![buffer]!.forEach((value, i) => {
            if (!(Math.abs(value - results[buffer]![i]!) <= 2 ** -16)) expect.fail(`${kernel.label}: element ${i} of ${buffer}`);
          });
        }
      }
    }
  });
});

/** Roundings of the products' sums and of the transforms, each of at most 2^-24 of operands below 1/2 that meet in fours. */
function expectClose(kernel: ContractKernel, expected: Float32Array, found: Float32Array, text: string): void {
  const depth = kernel.axes.reduce((product, axis) => (axis.role === "reduce" ? product * axis.extent : product), 1);
  const limit = 2 ** -24 * (depth + 8);
  expected.forEach((value, i) => {
    if (!(Math.abs(value - found[i]!) <= limit)) expect.fail(`${kernel.label}, ${text}: element ${i} is ${found[i]}, not ${value}`);
  });
}

it("NABLA_WINOGRAD that says neither yes nor no is an error of its own: no other back-end takes over", () => {
  vi.stubEnv("NABLA_WINOGRAD", "maybe");
  try {
    expect(() => compilerTarget(avx512, 2 ** 30, () => ({ scheduleContract, rareKernels }))).toThrow(ValueError);
    expect(() => compilerTarget(avx512, 2 ** 30, () => ({ scheduleContract, rareKernels }))).toThrow(/maybe/);
  } finally {
    vi.unstubAllEnvs();
  }
});
