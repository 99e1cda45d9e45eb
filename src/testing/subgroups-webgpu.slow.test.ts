/**
 * Reductions and rows with operations of subgroups, and without. Subgroups of sizes that the device does not have are imitated:
 * the code that is generated for them runs with exchanges of registers through workgroup memory.
 */
import { afterAll, describe, expect, it } from "vitest";
import { gradients } from "../autodiff/gradients.ts";
import { RunOrder } from "../backends/run-order.ts";
import { webGpuTarget } from "../backends/webgpu/index.ts";
import { GpuExecutable } from "../backends/webgpu/runtime/executable.ts";
import { Gpu, openGpu } from "../backends/webgpu/runtime/gpu.ts";
import { Pipelines } from "../backends/webgpu/runtime/pipelines.ts";
import type { KernelCode, Subgroups } from "../backends/webgpu/wgsl/kernel-code.ts";
import { compile } from "../compiler/compile.ts";
import { type NdArray, parameterTensor, sizeOf, Subgraph } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { platform } from "../platform/index.ts";
import * as p from "../primitives/index.ts";
import { compareWithExact } from "./compare.ts";
import { webGpuForTests } from "./webgpu-device.ts";

/** Pipelines whose code exchanges registers through workgroup memory, between barriers: calls stand in uniform control flow. */
class Imitated extends Pipelines {
  exchanges = 0;
  private readonly subgroupSize: number;

  constructor(gpu: Gpu, size: number) {
    super(gpu);
    this.subgroupSize = size;
  }

  override acquire(code: KernelCode, label: string): ReturnType<Pipelines["acquire"]> {
    if (!code.wgsl.includes("enable subgroups;")) return super.acquire(code, label);
    this.exchanges++;
    const exchange = (type: string, name: string): string => `var<workgroup> exchanged_${name}: array<${type}, 256>;
fn exchange_${name}(x: ${type}, lane: u32, mask: u32) -> ${type} {
  workgroupBarrier();
  exchanged_${name}[lane] = x;
  workgroupBarrier();
  return exchanged_${name}[lane ^ mask];
}`;
    const named = code.wgsl.replaceAll(/subgroupShuffleXor\((.*?), (\d+u)\)/g, (_, value: string, mask: string) => {
      const type = value.endsWith("_at") ? "i32" : value.startsWith("select(") ? "u32" : "state";
      return `exchange_${type}(${value}, lane, ${mask})`;
    });
    // What a reducer holds is a float or an integer, by its declaration.
    const typed = named.replaceAll(/exchange_state\((\w+),/g, (_, state: string) => {
      const [, first] = new RegExp(`var ${state} = (.*?);`).exec(named)!;
      return `exchange_${/^\(?-?\d+i\)?$|^i32/.test(first!) ? "i32" : "f32"}(${state},`;
    });
    const wgsl = typed
      .replace("enable subgroups;\n", "")
      .replace(", @builtin(subgroup_size) subgroup_size: u32", "")
      .replace("@compute", `const subgroup_size = ${this.subgroupSize}u;\n@compute`);
    return super.acquire(
      { ...code, wgsl: [exchange("f32", "f32"), exchange("i32", "i32"), exchange("u32", "u32"), wgsl].join("\n") },
      label,
    );
  }
}

let seed = 5;
function random(shape: readonly number[], dtype: "float32" | "int32" = "float32"): NdArray {
  const next = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  if (dtype === "int32") return { shape, dtype, data: Int32Array.from({ length: sizeOf(shape) }, () => Math.floor(40 * next()) - 20) };
  return { shape, dtype, data: Float32Array.from({ length: sizeOf(shape) }, () => 4 * (next() - 0.5)) };
}

/** Runs a graph, and says how many of its kernels have operations of subgroups. */
type Run = (graph: Subgraph, inputs: readonly NdArray[]) => Promise<NdArray["data"][]>;

function runOn(gpu: Gpu, pipelines: Pipelines): Run {
  const { maxStorageBuffersPerShaderStage: buffers, maxStorageBufferBindingSize: bytes } = gpu.device.limits;
  const target = webGpuTarget(buffers, bytes, gpu.limits.workgroupBytes);
  const shared = { gpu, pipelines, order: new RunOrder() };
  return async (graph, inputs) => {
    const program = compile(graph, { arguments: inputs.length, states: 0, writtenStates: [] }, target);
    const executable = new GpuExecutable(shared, program);
    const results = await executable.run({ arguments: inputs.map(({ data }) => data), states: [], scalars: [] });
    executable.free();
    return results;
  };
}

const cases: readonly (readonly [string, (run: Run) => Promise<void>])[] = [
  [
    "sums, products, extremes and positions of short and long rows",
    async (run) => {
      for (const shape of [
        [9, 64],
        [5, 257],
        [4100, 40],
      ]) {
        const x = parameterTensor(shape, "float32");
        const results = [ops.sum(x, -1), ops.max(x, -1), ops.argmin(x, -1)];
        await expectExact(run, new Subgraph([x], results), [random(shape)]);
        const y = parameterTensor(shape, "int32");
        const isLarge = ops.greater(y, 18);
        const integers = [ops.prod(y, -1), ops.argmax(y, -1), ops.any(isLarge, -1)];
        await expectExact(run, new Subgraph([y], integers), [random(shape, "int32")]);
      }
    },
  ],
  [
    "columns, whose neighbours are taken side by side",
    async (run) => {
      for (const shape of [
        [100, 3],
        [90, 45],
        [300, 200],
      ]) {
        const x = parameterTensor(shape, "float32");
        await expectExact(run, new Subgraph([x], [ops.sum(x, 0), ops.max(x, 0), ops.argmin(x, 0)]), [random(shape)]);
      }
    },
  ],
  [
    "reductions to one number",
    async (run) => {
      for (const length of [33, 70000]) {
        const x = parameterTensor([length], "float32");
        await expectExact(run, new Subgraph([x], [ops.sum(x), ops.max(x), ops.all(ops.isfinite(x))]), [random([length])]);
      }
    },
  ],
  [
    "softmax, layer normalization and their gradients",
    async (run) => {
      for (const [rows, length] of [
        [33, 9],
        [5, 100],
        [3, 1000],
      ] as const) {
        const [x, c] = [parameterTensor([rows, length], "float32"), parameterTensor([rows, length], "float32")];
        const y = ops.softmax(x, { axis: -1 });
        const z = ops.layerNormalization(x, { axis: -1, epsilon: 1e-3 });
        const results = [y, z, ...gradients([y, z], [x], { cotangents: [c, c] })];
        await expectExact(run, new Subgraph([x, c], results), [random([rows, length]), random([rows, length])]);
      }
    },
  ],
  [
    "NaN wins, and the first of equals",
    async (run) => {
      const data = Float32Array.from({ length: 3 * 100 }, (_, i) => (i === 77 || i === 190 || i === 140 ? NaN : i % 50));
      const x = parameterTensor([3, 100], "float32");
      const [largest, at, least, first] = await run(
        new Subgraph([x], [p.reduceMax(x, [1]), ops.argmax(x, 1), p.reduceMin(x, [1]), ops.argmin(x, 1)]),
        [{ shape: [3, 100], dtype: "float32", data }],
      );
      expect([...largest!]).toEqual([NaN, NaN, 49]);
      expect([...at!]).toEqual([77, 40, 49]);
      expect([...least!]).toEqual([NaN, NaN, 0]);
      expect([...first!]).toEqual([77, 40, 0]);
    },
  ],
];

async function expectExact(run: Run, graph: Subgraph, inputs: readonly NdArray[]): Promise<void> {
  const comparison = await compareWithExact((tested, given) => run(tested, given), graph, inputs);
  expect(comparison.failures).toEqual([]);
  expect(comparison.elements).toBeGreaterThan(0);
}

const backend = await webGpuForTests();
if (typeof backend === "string") console.warn(`skipped: subgroups on WebGPU (${backend})`);
else {
  backend.close();
  const { device, limits, adapterName } = await openGpu(await platform.gpu());
  const own = limits.subgroups ?? null;
  afterAll(() => device.destroy());
  const forms: (readonly [string, Subgroups | null, number | null])[] = [
    ["through workgroup memory alone", null, null],
    ...[32].map((size) => [`in imitated subgroups of ${size}`, { min: size, max: size }, size] as const),
    ...[16].map((size) => [`where a driver chose ${size} of 4 to 128`, { min: 4, max: 128 }, size] as const),
    ...(own === null
      ? []
      : ([
          [`in the device's own subgroups of ${own.min} to ${own.max}`, own, null],
          ["in the device's own subgroups, whose size is read at run time", { min: 4, max: 128 }, null],
        ] as const)),
  ];
  for (const [name, subgroups, size] of forms) {
    const gpu = new Gpu(device, adapterName, { ...limits, subgroups });
    const pipelines = size === null ? new Pipelines(gpu) : new Imitated(gpu, size);
    const run = runOn(gpu, pipelines);
    describe(`reductions ${name}`, () => {
      it.each(cases)("%s", async (_, check) => check(run));
      if (pipelines instanceof Imitated)
        it("exchange registers", () => {
          expect(pipelines.exchanges).toBeGreaterThan(10);
        });
    });
  }
}
