import { afterAll, describe, expect, it } from "vitest";
import { type NdArray, parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import { add, broadcastInDim, convGeneral, dotGeneral, tanh } from "../primitives/index.ts";
import { gradients } from "../autodiff/gradients.ts";
import { scheduleTiles } from "../backends/webgpu/contract/schedule.ts";
import { tileBytes, tiles } from "../backends/webgpu/contract/tiles.ts";
import { lowerProgram } from "../backends/webgpu/runtime/lower-program.ts";
import { compile } from "../compiler/compile.ts";
import type { Target } from "../compiler/target.ts";
import { compareWithExact, type RunGraph, runnerOf } from "./compare.ts";
import { whereWebGpu } from "./webgpu-device.ts";

let seed = 7;
function random(shape: readonly number[]): NdArray {
  const data = Float32Array.from({ length: sizeOf(shape) }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32 - 0.5;
  });
  return { shape, dtype: "float32", data };
}
const parameter = (shape: readonly number[]): Tensor => parameterTensor([...shape], "float32");

await whereWebGpu("contractions on WebGPU", (backend) => {
  const run = runnerOf(backend);
  const check = async (parameters: readonly Tensor[], results: readonly Tensor[]): Promise<void> => {
    const comparison = await compareWithExact(
      run,
      new Subgraph(parameters, results),
      parameters.map((tensor) => random(tensor.shape as number[])),
    );
    expect(comparison.failures).toEqual([]);
    expect(comparison.elements).toBeGreaterThan(0);
  };
  afterAll(() => backend.close());

  describe("products of matrices", () => {
    it.each([
      // Every tile, full and not; vectors of four along rows, along k and not at all; k in ranges.
      [4, 4, 4],
      [64, 64, 64],
      [65, 63, 17],
      [35, 10, 190],
      [300, 6, 40],
      [5, 600, 24],
      [129, 131, 20],
      [12, 16, 2048],
      [10, 10, 1543],
    ])("[%i, k] x [k, %i] for k = %i, plain and transposed, with a fused epilogue", async (m, n, k) => {
      for (const [lhs, rhs, lhsContract, rhsContract] of [
        [[m, k], [k, n], 1, 0],
        [[k, m], [k, n], 0, 0],
        [[m, k], [n, k], 1, 1],
        [[k, m], [n, k], 0, 1],
      ] as const) {
        const [a, b, bias] = [parameter(lhs), parameter(rhs), parameter([n])];
        const product = dotGeneral(a, b, { lhsBatch: [], rhsBatch: [], lhsContract: [lhsContract], rhsContract: [rhsContract] });
        await check([a, b, bias], [tanh(add(product, broadcastInDim(bias, [m, n], [1])))]);
      }
    });

    it.each([
      [3, 36, 48, 16],
      [40, 15, 7, 20],
    ])("of %i batches", async (batch, m, n, k) => {
      const [a, b] = [parameter([batch, m, k]), parameter([batch, k, n])];
      await check([a, b], [dotGeneral(a, b, { lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [1] })]);
    });

    it.each([
      [1, 300, 400],
      [300, 1, 400],
      [1, 1, 70000],
      [2, 3, 5],
    ])("with vectors: [%i, k] x [k, %i] for k = %i", async (m, n, k) => {
      const [a, b] = [parameter([m, k]), parameter([k, n])];
      await check([a, b], [dotGeneral(a, b, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] })]);
    });
  });

  describe("tiles", () => {
    const workgroupBytes = (backend.info()["workgroupBytes"] as number | undefined) ?? 16384;
    it.each(tiles.filter((tile) => tileBytes(tile) <= workgroupBytes).map(({ share: _share, ...tile }) => tile))(
      "of $rows x $columns x $depth, $rowsEach x $columnsEach to an invocation",
      async (tile) => {
        const target: Target = { ...backend.target, scheduleContract: (bound) => scheduleTiles(bound, tile, 2) };
        const runTiled: RunGraph = async (graph, args) => {
          const program = compile(graph, { arguments: args.length, states: 0, writtenStates: [] }, target);
          expect(lowerProgram(program, { invocations: 256, workgroupBytes: 16384 }).kernels.length).toBeGreaterThan(1);
          return backend.load(program).run({ arguments: args.map(({ data }) => data), states: [], scalars: [] });
        };
        const [m, n] = [tile.rows + 5, tile.columns + 6];
        for (const k of [2 * tile.depth, 3 * tile.depth + 3]) {
          const [a, b] = [parameter([m, k]), parameter([k, n])];
          const product = dotGeneral(a, b, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
          const graph = new Subgraph([a, b], [product]);
          const comparison = await compareWithExact(runTiled, graph, [random([m, k]), random([k, n])]);
          expect(comparison.failures).toEqual([]);
          expect(comparison.elements).toBe(m * n);
        }
      },
    );
  });

  describe("convolutions and both of their gradients", () => {
    it.each([
      { images: [8, 13, 12, 3], filters: [3, 3, 3, 8], strides: [1, 1], pad: 1, groups: 1 },
      { images: [3, 12, 12, 8], filters: [3, 3, 8, 16], strides: [2, 2], pad: 1, groups: 1 },
      { images: [8, 7, 7, 16], filters: [1, 1, 16, 12], strides: [1, 1], pad: 0, groups: 1 },
      { images: [3, 14, 14, 1], filters: [5, 5, 1, 6], strides: [1, 1], pad: 2, groups: 1 },
      { images: [2, 8, 8, 8], filters: [3, 3, 4, 8], strides: [1, 1], pad: 1, groups: 2 },
      { images: [2, 8, 8, 8], filters: [3, 3, 1, 8], strides: [1, 1], pad: 1, groups: 8 },
      { images: [9, 18, 18, 4], filters: [3, 3, 4, 6], strides: [3, 2], pad: 0, groups: 1 },
    ])("$images by $filters, strides $strides, padding $pad, $groups groups", async ({ images, filters, strides, pad, groups }) => {
      const [x, w] = [parameter(images), parameter(filters)];
      const padding = [
        [pad, pad],
        [pad, pad],
      ] as const;
      const y = convGeneral(x, w, { strides, padding, featureGroups: groups });
      const cotangent = parameter(y.shape as number[]);
      await check([x, w, cotangent], [y, ...gradients([y], [x, w], { cotangents: [cotangent] })]);
    });
  });
});
