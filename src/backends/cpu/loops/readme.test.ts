import "./complete.ts";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { compile } from "../../../compiler/compile.ts";
import { parameterTensor, Subgraph } from "../../../graph/index.ts";
import { add, broadcastInDim, dotGeneral } from "../../../primitives/index.ts";
import { createWasmBackend, wasmTarget } from "../wasm/index.ts";
import { lowerKernel } from "./lower.ts";
import { printLoopFunction } from "./print.ts";

it("the README shows what the lowering gives, in order, with some lines left out", () => {
  const [x, w, b] = [[6, 8], [8, 4], [4]].map((shape) => parameterTensor(shape, "float32")) as [never, never, never];
  const product = dotGeneral(x, w, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
  const graph = new Subgraph([x, w, b], [add(product, broadcastInDim(b, [6, 4], [1]))]);
  const { target } = createWasmBackend({ threads: 1, relaxedFma: false });
  const { kernels } = compile(graph, { arguments: 3, states: 0, writtenStates: [] }, target);
  expect(kernels.length).toBe(1);
  const printed = printLoopFunction(lowerKernel(kernels[0]!.kernel, wasmTarget(true)).code).split("\n");
  const readme = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const shown = /```\n(function contract[\s\S]*?)\n```/.exec(readme)![1]!.split("\n");
  expect(shown.length).toBeGreaterThan(30);
  let at = 0;
  for (const line of shown) {
    const found = printed.indexOf(line, at);
    expect(found, `"${line}" after line ${at}`).toBeGreaterThanOrEqual(0);
    at = found + 1;
  }
});
