import { describe, expect, it } from "vitest";
import { parameterTensor, Subgraph } from "../../graph/index.ts";
import { add, constant, multiply, pad, slice } from "../../primitives/index.ts";
import { filled } from "../../primitives/filled.ts";
import { compareWithExact, runnerOf } from "../../testing/compare.ts";
import { createNaiveBackend } from "../../testing/naive-backend.ts";

describe("mergeKernels", () => {
  it("joins a producer of two values only where the consumer reads both at the point that stores them", async () => {
    const x = parameterTensor([5], "float32");
    const sum = add(multiply(x, x), x);
    const product = multiply(add(x, multiply(x, x)), x);
    // One kernel stores both; this reads `product` in place and `sum` two places on.
    const later = pad(slice(sum, [2], [5]), constant(0, "float32"), [0], [2]);
    const result = add(multiply(product, later), multiply(sum, product));
    const graph = new Subgraph([x], [result, multiply(sum, slice(pad(product, constant(0, "float32"), [1], [0]), [0], [5]))]);
    const found = await compareWithExact(runnerOf(createNaiveBackend()), graph, [filled([5], 1)]);
    expect(found.failures).toEqual([]);
  });
});
