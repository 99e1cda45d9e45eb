/** Kernels of rows on WebGPU: softmax, normalizations and their gradients as one dispatch, within the bounds of their operations. */
import { afterAll, describe, expect, it } from "vitest";
import { gradients } from "../autodiff/gradients.ts";
import { webGpuTarget } from "../backends/webgpu/index.ts";
import { lowerProgram } from "../backends/webgpu/runtime/lower-program.ts";
import { compile } from "../compiler/compile.ts";
import type { RowKernel } from "../compiler/kernels/kernel.ts";
import { type NdArray, parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import { compareWithExact, runnerOf } from "./compare.ts";
import { whereWebGpu } from "./webgpu-device.ts";

let seed = 11;
function random(shape: readonly number[]): NdArray {
  const data = Float32Array.from({ length: sizeOf(shape) }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return 4 * (seed / 2 ** 32 - 0.5);
  });
  return { shape, dtype: "float32", data };
}
const parameter = (shape: readonly number[]): Tensor => parameterTensor([...shape], "float32");
const limits = { invocations: 256, workgroupBytes: 16384 };

await whereWebGpu("rows on WebGPU", (backend) => {
  const run = runnerOf(backend);
  /** What a device of the guaranteed limits compiles to. */
  const rowsOf = (graph: Subgraph): { readonly kernels: readonly string[]; readonly rows: readonly RowKernel[]; readonly code: string } => {
    const program = compile(graph, { arguments: graph.parameters.length, states: 0, writtenStates: [] }, webGpuTarget(8, 2 ** 27));
    const kernels = program.kernels.map(({ kernel }) => kernel);
    const code = lowerProgram(program, limits).kernels.map(({ code }) => code.wgsl);
    return {
      kernels: kernels.map(({ kind }) => kind),
      rows: kernels.filter((kernel): kernel is RowKernel => kernel.kind === "row"),
      code: code.join("\n"),
    };
  };
  /** Runs f on random arrays, compares with exact numbers; what it was compiled to. */
  const check = async (shapes: readonly (readonly number[])[], f: (...xs: Tensor[]) => Tensor[]): Promise<ReturnType<typeof rowsOf>> => {
    const parameters = shapes.map(parameter);
    const graph = new Subgraph(parameters, f(...parameters));
    const comparison = await compareWithExact(run, graph, shapes.map(random));
    expect(comparison.failures).toEqual([]);
    expect(comparison.elements).toBeGreaterThan(0);
    return rowsOf(graph);
  };
  afterAll(() => backend.close());

  describe("softmax", () => {
    it.each([
      // Several rows in a workgroup, the last one not full; whole workgroups; rows longer than a workgroup has invocations.
      [2, 8],
      [7, 10],
      [33, 9],
      [20, 31],
      [19, 64],
      [5, 100],
      [70, 128],
      [16, 257],
      [17, 1000],
      [2, 2999],
    ])("of %i rows of %i is one kernel", async (rows, length) => {
      const { kernels } = await check([[rows, length]], (x) => [ops.softmax(x, { axis: -1 })]);
      expect(kernels).toEqual(["row"]);
    });

    it("keeps short rows side by side, and long ones alone", () => {
      const codeOf = (shape: readonly number[]): string => {
        const x = parameter(shape);
        return rowsOf(new Subgraph([x], [ops.softmax(x, { axis: -1 })])).code;
      };
      expect(codeOf([40, 10])).toMatch(/@workgroup_size\(64\)[\s\S]*lane \/ 8u/);
      expect(codeOf([40, 100])).toMatch(/@workgroup_size\(64\)[\s\S]*lane \/ 32u/);
      expect(codeOf([40, 1000])).toMatch(/@workgroup_size\(256\)/);
      expect(codeOf([40, 1000])).not.toMatch(/lane \//);
    });

    it("of rows that do not fit into workgroup memory hands them on through buffers", async () => {
      const { kernels, code } = await check([[2, 8000]], (x) => [ops.softmax(x, { axis: -1 })]);
      expect(kernels).toContain("row");
      expect(code).toContain("storageBarrier()");
    });

    it("gives what a gradient needs, and the gradient", async () => {
      for (const shape of [
        [9, 12],
        [6, 200],
      ]) {
        await check([shape, shape], (x, c) => {
          const y = ops.softmax(x, { axis: -1 });
          return [y, ...gradients([y], [x], { cotangents: [c] })];
        });
        await check([shape, shape], (x, c) => {
          const y = ops.logSoftmax(x, { axis: -1 });
          return [y, ...gradients([y], [x], { cotangents: [c] })];
        });
      }
    });

    it("takes in scores of attention: scale, mask and softmax over [batch, head, query, key]", async () => {
      const { rows } = await check(
        [
          [2, 3, 8, 16],
          [2, 1, 8, 16],
        ],
        (scores, mask) => [ops.softmax(ops.add(ops.multiply(scores, 0.25), ops.multiply(ops.subtract(1, mask), -10)), { axis: -1 })],
      );
      expect(rows[0]!.stages.length).toBeGreaterThan(3);
    });
  });

  it("layer normalization is one kernel, with scale and offset; its gradient runs", async () => {
    const normalize = (x: Tensor, gamma: Tensor, beta: Tensor): Tensor =>
      ops.layerNormalization(x, { gamma, beta, axis: -1, epsilon: 1e-3 });
    const { kernels } = await check([[3, 4, 24], [24], [24]], (x, gamma, beta) => [normalize(x, gamma, beta)]);
    expect(kernels).toEqual(["row"]);
    for (const width of [10, 24, 300])
      await check([[6, width], [width], [width], [6, width]], (x, gamma, beta, c) => {
        const y = normalize(x, gamma, beta);
        return [y, ...gradients([y], [x, gamma, beta], { cotangents: [c] })];
      });
  });

  it("positions and conditions go through workgroup memory: the largest, whether all are, counts", async () => {
    await check([[11, 40]], (x) => {
      const largest = ops.max(x, { axis: -1, keepdims: true });
      const isLargest = ops.greaterEqual(x, ops.subtract(largest, 1));
      const count = ops.sum(ops.cast(isLargest, "float32"), { axis: -1, keepdims: true });
      return [ops.multiply(ops.cast(isLargest, "float32"), count), ops.cast(ops.argmax(x, { axis: -1 }), "float32")];
    });
  });

  it("gives the same bits in every run, and for a row the same whatever the number of rows", async () => {
    const results = await Promise.all(
      [64, 5].map(async (rows) => {
        const x = parameter([rows, 50]);
        const graph = new Subgraph([x], [ops.softmax(x, { axis: -1 })]);
        const program = compile(graph, { arguments: 1, states: 0, writtenStates: [] }, backend.target);
        const data = Float32Array.from({ length: rows * 50 }, (_, i) => 2 * Math.sin(1.3 * i));
        const executable = backend.load(program);
        const first = await executable.run({ arguments: [data], states: [], scalars: [] });
        const second = await executable.run({ arguments: [data], states: [], scalars: [] });
        expect(second).toEqual(first);
        executable.free();
        return first[0]!.slice(0, 5 * 50);
      }),
    );
    expect(results[1]).toEqual(results[0]);
  });
});
