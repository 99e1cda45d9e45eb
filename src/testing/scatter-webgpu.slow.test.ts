/** Kernels on WebGPU with several forms: scatters, running reductions; and depthwise convolutions, whose channels are neighbours. */
import { afterAll, describe, expect, it } from "vitest";
import { gradients } from "../autodiff/gradients.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { IndexError } from "../errors.ts";
import { type NdArray, parameterTensor, sizeOf, Subgraph, type Tensor } from "../graph/index.ts";
import * as ops from "../ops/index.ts";
import * as p from "../primitives/index.ts";
import { compareWithExact, runnerOf } from "./compare.ts";
import { whereWebGpu } from "./webgpu-device.ts";

let seed = 3;
const next = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const random = (shape: readonly number[]): NdArray => ({
  shape,
  dtype: "float32",
  data: Float32Array.from({ length: sizeOf(shape) }, () => 2 * next() - 1),
});
/** Small numbers more often than large ones. */
const indices = (length: number, end: number): NdArray => ({
  shape: [length],
  dtype: "int32",
  data: Int32Array.from({ length }, () => Math.floor(end * next() ** 3)),
});

await whereWebGpu("scatters on WebGPU", (backend) => {
  const run = runnerOf(backend);
  afterAll(() => backend.close());

  describe("updates of rows on webgpu", () => {
    it.each([
      // Few columns; a workgroup's; several workgroups', the last not full; few updates; many.
      [50, 10, 7],
      [60, 33, 64],
      [130, 40, 100],
      [300, 29, 300],
      [12, 9, 128],
    ])("%i of %i rows of %i are summed", async (updates, rows, columns) => {
      const [table, at, given] = [
        parameterTensor([rows, columns], "float32"),
        parameterTensor([updates], "int32"),
        parameterTensor([updates, columns], "float32"),
      ];
      const sums = gradients([p.take(table, at, 0, "check")], [table], { cotangents: [given] });
      const added = ops.scatterUpdate(table, ops.reshape(at, [updates, 1]), given);
      const graph = new Subgraph([table, at, given], [...sums, added]);
      const comparison = await compareWithExact(run, graph, [random([rows, columns]), indices(updates, rows), random([updates, columns])]);
      expect(comparison.failures).toEqual([]);
      expect(comparison.elements).toBe(2 * rows * columns);
    });

    it("tell an index out of range", async () => {
      const [table, at, given] = [
        parameterTensor([9, 70], "float32"),
        parameterTensor([40], "int32"),
        parameterTensor([40, 70], "float32"),
      ];
      const graph = new Subgraph([table, at, given], gradients([p.take(table, at, 0, "check")], [table], { cotangents: [given] }));
      const wrong = indices(40, 9);
      wrong.data[33] = 9;
      await expect(async () => run(graph, [random([9, 70]), wrong, random([40, 70])])).rejects.toThrow(IndexError);
    });
  });

  it("elements of two bytes and of one keep their places, whatever order they are walked in", async () => {
    const shape = [40, 52];
    const xs = [0, 1, 2].map(() => parameterTensor(shape, "float32"));
    const [x, y, z] = xs.map((one) => p.transpose(one, [1, 0])) as [Tensor, Tensor, Tensor];
    const w = parameterTensor([3, 3, 40, 1], "float32");
    const image = p.reshape(xs[0]!, [1, 4, 13, 40]);
    const convolved = ops.depthwiseConv(image, w, { padding: "same" });
    const sum = p.add(p.add(x, y), z);
    const results = [p.convert(sum, "float16"), p.greater(sum, p.zerosLike(sum)), p.convert(convolved, "float16")];
    const whole = (of: readonly number[]): NdArray => ({ ...random(of), data: random(of).data.map((value) => Math.round(4 * value)) });
    const given = [whole(shape), whole(shape), whole(shape), whole([3, 3, 40, 1])];
    const graph = new Subgraph([...xs, w], results);
    expect(await run(graph, given)).toEqual(await runnerOf(createReferenceBackend())(graph, given));
  });

  it("running sums, products and extremes of long rows agree with exact numbers, forwards and backwards", async () => {
    for (const shape of [
      [3, 256],
      [2, 1000],
      [1, 2049],
    ]) {
      const x = parameterTensor(shape, "float32");
      const integers = ops.cast(ops.multiply(x, 10), "int32");
      const reversed = p.cumulativeSum(x, 1, true);
      const results = [ops.cumsum(x, 1), reversed, p.cumulativeMax(x, 1), ops.cumsum(integers, 1)];
      const product = ops.cumprod(ops.add(1, ops.multiply(x, 0.01)), 1);
      const comparison = await compareWithExact(run, new Subgraph([x], [...results, product]), [random(shape)]);
      expect(comparison.failures).toEqual([]);
      expect(comparison.elements).toBe(5 * sizeOf(shape));
    }
  });

  it("depthwise convolutions and their gradients agree with exact numbers", async () => {
    for (const [channels, multiplier, strides] of [
      [33, 1, 1],
      [8, 2, 2],
    ] as const) {
      const shapes = [
        [2, 9, 10, channels],
        [3, 3, channels, multiplier],
      ];
      const [x, w] = shapes.map((shape) => parameterTensor(shape, "float32")) as [
        ReturnType<typeof parameterTensor>,
        ReturnType<typeof parameterTensor>,
      ];
      const y = ops.depthwiseConv(x, w, { strides, padding: "same" });
      const graph = new Subgraph([x, w], [y, ...gradients([ops.multiply(y, y)], [x, w])]);
      const comparison = await compareWithExact(run, graph, shapes.map(random));
      expect(comparison.failures).toEqual([]);
      expect(comparison.elements).toBeGreaterThan(0);
    }
  });
});
