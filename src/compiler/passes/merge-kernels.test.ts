import { describe, expect, it } from "vitest";
import { createWasmBackend } from "../../backends/cpu/wasm/index.ts";
import { parameterTensor, Subgraph } from "../../graph/index.ts";
import { minimum, multiply, pad, reduceSum } from "../../primitives/index.ts";
import { compareWithExact, runnerOf } from "../../testing/compare.ts";

describe("joining kernels", () => {
  it("keeps a fill before the elements that are stored over it, also where the fill was joined with another kernel", async () => {
    const x = parameterTensor([2, 3, 5], "float32");
    const z = parameterTensor([2, 3, 5], "float32");
    const one = parameterTensor([], "float32");
    const two = parameterTensor([], "float32");
    const dilation = { low: [0, 2, 0], high: [0, 2, 0], interior: [0, 1, 0] };
    const first = pad(x, one, dilation.low, dilation.high, dilation.interior);
    const second = pad(minimum(x, z), two, dilation.low, dilation.high, dilation.interior);
    const results = [reduceSum(first, [0, 1, 2]), reduceSum(second, [0, 1, 2]), multiply(x, z), reduceSum(multiply(first, second), [1])];
    const graph = new Subgraph([x, z, one, two], results);
    const values = (length: number, f: (i: number) => number): Float32Array => Float32Array.from({ length }, (_, i) => f(i));
    const backend = createWasmBackend({ threads: 1 });
    const comparison = await compareWithExact(runnerOf(backend), graph, [
      { shape: [2, 3, 5], dtype: "float32", data: values(30, (i) => Math.sin(i)) },
      { shape: [2, 3, 5], dtype: "float32", data: values(30, (i) => Math.cos(3 * i)) },
      { shape: [], dtype: "float32", data: values(1, () => 7) },
      { shape: [], dtype: "float32", data: values(1, () => -5) },
    ]);
    expect(comparison.failures).toEqual([]);
    expect(comparison.elements).toBe(42);
  });
});
