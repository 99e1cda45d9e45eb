import { beforeAll, describe, expect, it } from "vitest";
import { createWasmBackend } from "../../backends/cpu/wasm/index.ts";
import { evaluate } from "../../backends/reference/index.ts";
import { dataTensor, type NdArray, parameterTensor, Subgraph, type Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import { gradients } from "../../autodiff/index.ts";
import { compareOnGraphs } from "../../testing/fuzz.ts";
import { createNaiveBackend, naiveTarget } from "../../testing/naive-backend.ts";
import type { CpuBackend } from "../../backends/cpu/runtime/cpu-backend.ts";
import { compile } from "../compile.ts";
import type { RowKernel } from "../kernels/kernel.ts";
import type { Program } from "../program.ts";

function values(shape: readonly number[], phase: number): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, dtype: "float32", data: Float32Array.from({ length: size }, (_, i) => 2 * Math.sin(1.3 * i + phase)) };
}

let wasm: CpuBackend;
beforeAll(() => {
  wasm = createWasmBackend({ threads: 1, rowsFrom: 2 });
});

/** Compiles f with rows, runs it evaluated point by point and as WebAssembly, and compares with the interpreted graph. */
async function check(shapes: readonly (readonly number[])[], f: (...xs: Tensor[]) => Tensor[]): Promise<Program> {
  const inputs = shapes.map(values);
  const expected = evaluate(f(...inputs.map((x) => dataTensor(x.data, x.shape, x.dtype))));
  const parameters = inputs.map((x) => parameterTensor(x.shape, x.dtype));
  const graph = new Subgraph(parameters, f(...parameters));
  const counts = { arguments: inputs.length, states: 0, writtenStates: [] };
  const program = compile(graph, counts, naiveTarget());
  const given = { arguments: inputs.map((x) => x.data), states: [], scalars: [] };
  const results = [await createNaiveBackend().load(program).run(given), await wasm.load(compile(graph, counts, wasm.target)).run(given)];
  for (const got of results)
    expected.forEach((want, i) => {
      expect(got[i]!.length).toBe(want.data.length);
      for (let j = 0; j < want.data.length; j++) expect(got[i]![j]).toBeCloseTo(want.data[j]!, 4);
    });
  return program;
}
const kinds = (program: Program): string[] => program.kernels.map(({ kernel }) => kernel.kind);
const rowsOf = (program: Program): RowKernel => program.kernels.find(({ kernel }) => kernel.kind === "row")!.kernel as RowKernel;

describe("rows", () => {
  it("make softmax one kernel, whose exponentials stay in scratch memory of one row", async () => {
    const program = await check([[5, 37]], (x) => [ops.softmax(x, { axis: -1 })]);
    expect(kinds(program)).toEqual(["row"]);
    const kernel = rowsOf(program);
    expect(kernel.axes.map(({ extent }) => extent)).toEqual([5]);
    expect(kernel.buffers.map(({ use }) => use).sort()).toEqual(["read", "write"]);
    expect(kernel.scratch.some(({ elements }) => elements === 37)).toBe(true);
    expect(kernel.axes[0]!.dynamic).toBe(true);
  });

  it("make layer normalization one kernel", async () => {
    const program = await check([[3, 4, 24], [24], [24]], (x, gamma, beta) => [
      ops.layerNormalization(x, { gamma, beta, axis: -1, epsilon: 1e-3 }),
    ]);
    expect(kinds(program)).toEqual(["row"]);
  });

  it("take in the scores of attention: their scale, mask and softmax", async () => {
    const program = await check(
      [
        [2, 3, 8, 16],
        [2, 1, 8, 16],
      ],
      (scores, mask) => [ops.softmax(ops.add(ops.multiply(scores, 0.25), ops.multiply(ops.subtract(1, mask), -10)), { axis: -1 })],
    );
    // The mask, smaller than the scores, is prepared once for all heads.
    expect(kinds(program)).toEqual(["map", "row"]);
    expect(rowsOf(program).stages.length).toBeGreaterThan(3);
  });

  it("keep what others need: gradients of softmax, of its logarithm, of layer normalization", async () => {
    const gradient = (f: (x: Tensor) => Tensor) => (x: Tensor, c: Tensor) => [...gradients([f(x)], [x], { cotangents: [c] }), f(x)];
    await check(
      [
        [6, 20],
        [6, 20],
      ],
      gradient((x) => ops.softmax(x, { axis: -1 })),
    );
    await check(
      [
        [6, 20],
        [6, 20],
      ],
      gradient((x) => ops.logSoftmax(x, { axis: -1 })),
    );
    await check(
      [
        [2, 3, 20],
        [2, 3, 20],
      ],
      gradient((x) => ops.layerNormalization(x, { axis: -1, epsilon: 1e-3 })),
    );
  });

  it("leave alone what is not contiguous along the row, and rows that others need in between", async () => {
    expect(kinds(await check([[4, 12, 5]], (x) => [ops.softmax(x, { axis: 1 })]))).not.toContain("row");
    const shuffled = await check([[8, 16]], (x) => {
      const m = ops.max(x, -1, true);
      return [ops.subtract(x, ops.flip(m, 0))];
    });
    expect(kinds(shuffled)).not.toContain("row");
  });

  it("mean the same in random graphs, from two elements on", async () => {
    const seeds = Array.from({ length: 60 }, (_, i) => i + 1);
    expect((await compareOnGraphs(createNaiveBackend(), seeds)).failures).toEqual([]);
    expect((await compareOnGraphs(wasm, seeds.slice(0, 40))).failures).toEqual([]);
  });
});
