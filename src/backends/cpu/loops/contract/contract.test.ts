import { describe, expect, it } from "vitest";
import { type ContractKernel, kernelKey } from "../../../../compiler/kernels/kernel.ts";
import { roundedTo, type ShortFloat, type TypedArray } from "../../../../dtype/index.ts";
import type { CpuTarget } from "../../target.ts";
import { runInterpreted } from "../run-lowered.ts";
import { runNaive } from "../naive-kernel.ts";
import { Random } from "../random-kernel.ts";
import { lowerContract } from "./lower-contract.ts";
import { randomContraction } from "./random-contraction.ts";
import { runScheduled, tiledKernel } from "./run-scheduled.ts";
import { contraction, convolution, dense, filterGradient, inputGradient, matmul } from "./sample-contractions.ts";
import { type ContractSchedule, scheduleOf } from "./contract-schedule.ts";
import { scheduleContract } from "./schedule.ts";

const wasm: CpuTarget = { name: "wasm", lanes: 4, registers: 16, fma: false, maskedTails: false, l1Bytes: 32768, l2Bytes: 524288 };
const relaxed: CpuTarget = { ...wasm, fma: true };
const avx2: CpuTarget = { ...wasm, name: "avx2", lanes: 8, fma: true };
const avx512: CpuTarget = { ...wasm, name: "avx512", lanes: 16, registers: 32, fma: true, maskedTails: true };
const avx512Unmasked: CpuTarget = { ...avx512, maskedTails: false };

function fill(kernel: ContractKernel, seed: number): TypedArray[] {
  const random = new Random(seed);
  return kernel.buffers.map((buffer) => {
    const array = new Float32Array(buffer.elements);
    const value = (): number => roundedTo(buffer.dtype, random.unit() - 0.5);
    return buffer.use === "write" ? array.fill(NaN) : array.map(value);
  });
}

/** Largest difference that sums of `steps` products of numbers below 0.5 may show: 2^-24 each, growing with the root of their number, eightfold. */
function tolerance(kernel: ContractKernel): number {
  const steps = kernel.axes.reduce((product, axis) => (axis.role === "reduce" ? product * axis.extent : product), 1);
  return 8 * 2 ** -24 * Math.max(2, Math.sqrt(steps) * Math.log2(steps + 1) * 0.25);
}

function expectAsDefined(
  kernel: ContractKernel,
  target: CpuTarget,
  how: "wasm" | "interpreter",
  isRenewed = false,
): ReturnType<typeof scheduleContract> {
  const expected = fill(kernel, 7);
  const buffers = fill(kernel, 7);
  runNaive(kernel, { buffers: expected, scalars: [] });
  const scheduled = runScheduled(kernel, buffers, [], target, how, isRenewed);
  const limit = tolerance(kernel);
  expected[2]!.forEach((value, i) => {
    const difference = Math.abs(value - buffers[2]![i]!);
    if (!(difference <= limit)) expect.fail(`${kernel.label} on ${target.name}: element ${i} is ${buffers[2]![i]}, not ${value}`);
  });
  return scheduled;
}

function scheduleFor(kernel: ContractKernel, target: CpuTarget, isRenewed = false): ContractSchedule {
  const bound = { kernel, buffers: kernel.buffers.map((_, i) => i), scalars: [] };
  return scheduleOf(tiledKernel(scheduleContract(bound, target, "never", isRenewed))!);
}

/** The contraction with its operands stored in two bytes an element. */
function shortened(kernel: ContractKernel, lhs: ShortFloat, rhs: ShortFloat): ContractKernel {
  const dtypes = new Map([
    [kernel.accesses[kernel.lhs]!.buffer, lhs],
    [kernel.accesses[kernel.rhs]!.buffer, rhs],
  ]);
  return { ...kernel, buffers: kernel.buffers.map((buffer, i) => ({ ...buffer, dtype: dtypes.get(i) ?? buffer.dtype })) };
}

describe("contractions of two bytes an element", () => {
  it.each([
    ["wasm", wasm, "wasm"],
    ["8 lanes", avx2, "interpreter"],
    ["16 lanes", avx512, "interpreter"],
  ] as const)("of random layouts are as defined (%s)", (_, target, how) => {
    let widened = 0;
    for (let seed = 2000; seed < 2012; seed++) {
      const [lhs, rhs] = seed % 2 === 0 ? (["bfloat16", "float16"] as const) : (["float16", "bfloat16"] as const);
      const tiled = tiledKernel(expectAsDefined(shortened(randomContraction(seed), lhs, rhs), target, how));
      if (tiled !== null && scheduleOf(tiled).lhsBlock !== null) widened++;
    }
    expect(widened).toBeGreaterThan(2);
  });

  it("are widened block by block in what units do: no float32 copy of an activation stands in memory", () => {
    const image = { batch: 4, height: 16, width: 16, inputs: 32, outputs: 32, window: 3, padding: 1 };
    for (const make of [convolution, inputGradient, filterGradient]) {
      const kernel = shortened(make(image), "bfloat16", "bfloat16");
      const { temporaries } = scheduleContract({ kernel, buffers: [0, 1, 2], scalars: [] }, avx512);
      const activation = 4 * 16 * 16 * 32;
      for (const { dtype, elements } of temporaries) if (elements >= activation) expect(dtype).toBe("bfloat16");
    }
  });
});

describe("contractions", () => {
  it.each([wasm, avx2, avx512])("whose lanes run along k put that axis last, also beside axes that no operand walks ($name)", (target) => {
    const kernel = contraction({
      label: "channels first, broadcast along the width",
      axes: [
        ["f", "m", 5],
        ["n", "n", 2],
        ["y", "n", 3],
        ["x", "n", 3],
        ["c", "k", 3],
        ["v", "k", 2],
        ["w", "k", 2],
      ],
      lhs: { f: 6, c: 2, v: 1 },
      rhs: { n: 12, y: 1, c: 4, v: 1 },
      out: { f: 9, n: 45, y: 3, x: 1 },
      elements: { lhs: 30, rhs: 24, out: 90 },
    });
    expectAsDefined(kernel, target, "interpreter");
    const tiled = tiledKernel(scheduleContract({ kernel, buffers: [0, 1, 2], scalars: [] }, target))!;
    const { form, lanesAxis } = scheduleOf(tiled);
    expect(form).toBe("dot");
    expect(lanesAxis).toBe(tiled.axes.length - 1);
  });

  it.each(Array.from({ length: 12 }, (_, block) => block))(
    "of random layouts, windows and epilogues are as defined, as wasm (block %i)",
    (block) => {
      const forms = new Set<string>();
      for (let seed = block * 25; seed < block * 25 + 25; seed++) {
        const scheduled = expectAsDefined(randomContraction(seed), wasm, "wasm");
        const tiled = tiledKernel(scheduled);
        forms.add(tiled === null ? "reduction" : scheduleOf(tiled).form);
      }
      expect(forms.has("broadcast")).toBe(true);
    },
  );

  it.each([
    ["4 lanes, fused", relaxed],
    ["8 lanes", avx2],
    ["16 lanes", avx512],
    ["16 lanes without masks", avx512Unmasked],
  ] as const)("of random layouts are as defined with %s, touching their buffers only", (_, target) => {
    for (let seed = 1000; seed < 1040; seed++) expectAsDefined(randomContraction(seed), target, "interpreter", seed % 2 === 0);
  });

  it("reach every form among random ones", () => {
    const forms = new Set<string>();
    for (let seed = 0; seed < 500; seed++) {
      const kernel = randomContraction(seed);
      const tiled = tiledKernel(scheduleContract({ kernel, buffers: kernel.buffers.map((_, i) => i), scalars: [] }, wasm));
      forms.add(tiled === null ? "reduction" : scheduleOf(tiled).form);
    }
    expect([...forms].sort()).toEqual(["broadcast", "dot", "elementwise", "reduction"]);
  });

  it("have right tails of every length", () => {
    for (let n = 1; n <= 19; n++) {
      for (const m of [1, 2, 3, 5, 6, 7, 11, 13]) {
        expectAsDefined(matmul(m, n, 5), wasm, "wasm");
        expectAsDefined(matmul(m, n, 7, { dynamic: "m" }), wasm, "wasm");
      }
      expectAsDefined(matmul(3, n, 6), avx2, "interpreter");
      expectAsDefined(matmul(3, n * 2, 6), avx512, "interpreter");
    }
    for (let k = 1; k <= 19; k++) expectAsDefined(matmul(4, 6, k, { rhsTransposed: true }), wasm, "wasm");
  });

  it("cut long sums into blocks and ranges", () => {
    const shape = { batch: 5, height: 26, width: 26, inputs: 2, outputs: 6, window: 3, dynamic: true };
    const scheduled = expectAsDefined(filterGradient(shape), wasm, "wasm");
    expect(scheduled.kernels.map((bound) => bound.kernel.label.split("/")[1])).toEqual(["pad", "partial", "combine"]);
    expectAsDefined(matmul(70, 24, 1100), wasm, "wasm");
    expectAsDefined(matmul(40, 24, 700, { lhsTransposed: true, dynamic: "k" }), wasm, "wasm");
    expectAsDefined(matmul(9, 8, 4099, { lhsTransposed: true, dynamic: "k" }), wasm, "wasm");
  });

  it("copy panels in their units where rhs is another in every run", () => {
    const small = { ...avx512, l1Bytes: 2 ** 13, l2Bytes: 2 ** 17 };
    for (const [target, m, n, k, options] of [
      [small, 66, 75, 70, { dynamic: "m" }],
      [small, 64, 75, 200, { dynamic: "k" }],
      [avx2, 66, 256, 20, {}],
    ] as const) {
      const kernel = matmul(m, n, k, options);
      const renewed = expectAsDefined(kernel, target, "interpreter", true);
      expect(renewed.kernels).toHaveLength(1);
      expect(scheduleOf(tiledKernel(renewed)!).copiesPanels).toBe(true);
      expect(scheduleFor(kernel, target).copiesPanels).toBe(false);
    }
    // The code of one batch serves one of fewer rows than a tile.
    const few = { ...matmul(5, 75, 70, { dynamic: "m" }), schedule: scheduleFor(matmul(66, 75, 70, { dynamic: "m" }), small, true) };
    const [expected, found] = [fill(few, 7), fill(few, 7)];
    runNaive(few, { buffers: expected, scalars: [] });
    runInterpreted(few, lowerContract(few, small), small, { buffers: found, scalars: [] });
    expected[2]!.forEach((value, i) => expect(Math.abs(value - found[2]![i]!)).toBeLessThan(tolerance(few)));
  });

  it("spread operands whose rows meet in the cache, and pack long ones", () => {
    const kernel = contraction({
      label: "slices",
      axes: [
        ["m", "m", 65, true],
        ["n", "n", 65],
        ["k", "k", 70],
      ],
      lhs: { m: 512, k: 1 },
      rhs: { k: 257, n: 1 },
      out: { m: 65, n: 1 },
      elements: { lhs: 65 * 512, rhs: 70 * 257, out: 65 * 65 },
    });
    const scheduled = expectAsDefined(kernel, wasm, "wasm");
    expect(scheduled.kernels.map((bound) => bound.kernel.label.split("/")[1] ?? "main")).toEqual(["spread", "pack", "pack", "main"]);
  });

  it.each([
    { batch: 3, height: 8, width: 11, inputs: 4, outputs: 5, window: 3 },
    { batch: 2, height: 9, width: 7, inputs: 1, outputs: 6, window: 5 },
    { batch: 2, height: 12, width: 12, inputs: 3, outputs: 8, window: 3, dilation: 2, padding: 1 },
    { batch: 4, height: 7, width: 7, inputs: 5, outputs: 1, window: 3, padding: 0, dynamic: true },
    { batch: 1, height: 6, width: 6, inputs: 16, outputs: 33, window: 1 },
  ])("of convolution $inputs to $outputs, window $window, and both gradients are as defined", (shape) => {
    for (const kernel of [convolution(shape), inputGradient(shape), filterGradient(shape)]) {
      expectAsDefined(kernel, wasm, "wasm");
      expectAsDefined(kernel, avx2, "interpreter");
    }
  });

  it.each([
    { batch: 3, height: 12, width: 10, inputs: 5, outputs: 7, window: 3, dynamic: true },
    { batch: 1, height: 9, width: 11, inputs: 4, outputs: 17, window: 3, dynamic: true },
    { batch: 26, height: 6, width: 6, inputs: 2, outputs: 3, window: 5 },
    { batch: 1, height: 14, width: 14, inputs: 1, outputs: 6, window: 5, dynamic: true },
    { batch: 4, height: 17, width: 12, inputs: 4, outputs: 8, window: 3, stride: 2, padding: 1, dynamic: true },
    { batch: 3, height: 14, width: 9, inputs: 4, outputs: 5, window: 3, dilation: 2, dynamic: true },
  ])("whose images are padded are copied unit by unit (batch $batch, $height x $width, $inputs to $outputs)", (shape) => {
    let copied = 0;
    const kernels = [convolution(shape), ...(shape.stride === undefined ? [inputGradient(shape)] : [])];
    for (const kernel of kernels) {
      for (const [target, how] of [
        [wasm, "wasm"],
        [relaxed, "wasm"],
        [avx2, "interpreter"],
        [avx512, "interpreter"],
      ] as const) {
        const scheduled = expectAsDefined(kernel, target, how);
        const { form, unitCopy } = scheduleOf(tiledKernel(scheduled)!);
        if (form !== "broadcast") continue;
        expect(unitCopy).not.toBeNull();
        expect(scheduled.kernels.filter(({ kernel: { label } }) => label.endsWith("/pad"))).toEqual([]);
        copied++;
      }
    }
    expect(copied).toBeGreaterThanOrEqual(4);
  });

  it("of one, two and three spatial dimensions are copied unit by unit", () => {
    const volumes = (places: readonly number[], window: number): ContractKernel => {
      const names = ["x", "y", "z"].slice(0, places.length);
      const [inputs, outputs] = [3, 5];
      const strides = places.map((_, i) => inputs * places.slice(i + 1).reduce((a, b) => a * b, 1));
      const outs = strides.map((stride) => (stride / inputs) * outputs);
      const windows = places.map((_, i) => inputs * outputs * window ** (places.length - 1 - i));
      const size = places.reduce((a, b) => a * b, 1);
      return contraction({
        label: `conv ${places.length}D`,
        axes: [
          ["b", "m", 2, true],
          ...places.map((extent, i): [string, "m", number] => [names[i]!, "m", extent]),
          ["o", "n", outputs],
          ...places.map((_, i): [string, "k", number] => [`v${names[i]!}`, "k", window]),
          ["i", "k", inputs],
        ],
        lhs: {
          b: size * inputs,
          ...Object.fromEntries(
            names.flatMap((name, i) => [
              [name, strides[i]!],
              [`v${name}`, strides[i]!],
            ]),
          ),
          i: 1,
          1: -strides.reduce((a, b) => a + b, 0),
        },
        rhs: { ...Object.fromEntries(names.map((name, i) => [`v${name}`, windows[i]!])), i: outputs, o: 1 },
        out: { b: size * outputs, ...Object.fromEntries(names.map((name, i) => [name, outs[i]!])), o: 1 },
        lhsGuards: names.map((name, i) => ({ index: { [name]: 1, [`v${name}`]: 1, 1: -1 }, limit: places[i]! })),
        elements: { lhs: 2 * size * inputs, rhs: window ** places.length * inputs * outputs, out: 2 * size * outputs },
      });
    };
    const copies = [[40], [12, 10], [6, 5, 4]].map((places) => {
      expectAsDefined(volumes(places, 3), avx512, "interpreter");
      return scheduleOf(tiledKernel(expectAsDefined(volumes(places, 3), wasm, "wasm"))!).unitCopy?.depth;
    });
    expect(copies).toEqual([1, 1, 1]);
  });

  it.each([
    { batch: 2, height: 9, width: 9, inputs: 8, outputs: 8, window: 3, groups: 8 },
    { batch: 2, height: 9, width: 8, inputs: 13, outputs: 13, window: 3, groups: 13, stride: 2, padding: 1 },
    { batch: 2, height: 6, width: 6, inputs: 6, outputs: 12, window: 3, groups: 3 },
  ])("of grouped convolutions are as defined ($groups groups)", (shape) => {
    expectAsDefined(convolution(shape), wasm, "wasm");
    expectAsDefined(convolution(shape), avx512, "interpreter");
  });

  it("do not copy an operand into panels that lie as it lies: those of a dynamic k", () => {
    const scheduled = expectAsDefined(matmul(64, 256, 12, { lhsTransposed: true, dynamic: "k" }), wasm, "wasm");
    expect(scheduled.kernels.map((bound) => bound.kernel.label.split("/")[1] ?? "main")).toEqual(["main"]);
  });

  it("of depthwise convolutions work on vectors of channels", () => {
    expect(scheduleFor(convolution({ batch: 2, height: 9, width: 9, inputs: 8, outputs: 8, window: 3, groups: 8 }), wasm).form).toBe(
      "elementwise",
    );
  });

  it("with empty axes write zeros or nothing", () => {
    expectAsDefined(matmul(3, 4, 0), wasm, "wasm");
    expectAsDefined(matmul(0, 4, 5), wasm, "wasm");
  });

  it("share code between batch sizes", () => {
    const codes = (kernels: readonly ContractKernel[]): Set<string> =>
      new Set(
        kernels.map((kernel) => {
          const tiled = tiledKernel(scheduleContract({ kernel, buffers: kernel.buffers.map((_, i) => i), scalars: [] }, wasm))!;
          return `${kernelKey(tiled)} ${JSON.stringify(lowerContract(tiled, wasm).code)}`;
        }),
      );
    const lenet = { height: 14, width: 14, inputs: 6, outputs: 16, window: 5, padding: 0, dynamic: true };
    expect(codes([64, 96, 128].map((batch) => dense(batch, 84, 120))).size).toBe(1);
    expect(codes([64, 96, 128].map((batch) => convolution({ ...lenet, batch }))).size).toBe(1);
    expect(codes([64, 96, 128].map((batch) => inputGradient({ ...lenet, batch }))).size).toBe(1);
    expect(codes([64, 96, 128].map((batch) => filterGradient({ ...lenet, batch }))).size).toBe(1);
    expect(codes([64, 96, 128].map((batch) => matmul(120, 84, batch, { lhsTransposed: true, dynamic: "k" }))).size).toBe(1);
  });

  it("work on the contiguous axis of the result when that is lhs's", () => {
    // NCHW: places are contiguous, so weights become the left operand and images the right one.
    const kernel = contraction({
      label: "NCHW",
      axes: [
        ["b", "m", 2],
        ["x", "m", 21],
        ["o", "n", 5],
        ["i", "k", 3],
        ["u", "k", 3],
      ],
      lhs: { b: 3 * 23, i: 23, x: 1, u: 1 },
      rhs: { o: 9, i: 3, u: 1 },
      out: { b: 5 * 21, o: 21, x: 1 },
      elements: { lhs: 2 * 3 * 23, rhs: 45, out: 2 * 5 * 21 },
    });
    const scheduled = expectAsDefined(kernel, wasm, "wasm");
    expect(scheduled.kernels).toHaveLength(1);
    expect(scheduleOf(tiledKernel(scheduled)!).form).toBe("broadcast");
  });

  it("keep the epilogue's order of operations for results that are no vectors", () => {
    const kernel = {
      ...dense(9, 7, 6),
      accesses: dense(9, 7, 6).accesses.map((access, i) =>
        i === 2 ? { ...access, index: { constant: 0, coefficients: [1, 9, 0] } } : access,
      ),
    };
    expectAsDefined(kernel, wasm, "wasm");
  });
});
