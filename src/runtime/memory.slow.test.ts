import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { GraphBackend } from "../backends/backend.ts";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { dataTensor, type Tensor, Variable } from "../graph/index.ts";
import { add, negate } from "../primitives/index.ts";
import { registerBackend, setBackend, Traced } from "./index.ts";

/** A back-end whose runs cost nothing but the memory of their results: what is left is the runtime's own. */
function createEmptyBackend(): GraphBackend {
  return {
    ...createReferenceBackend(),
    interpret: (graph, counts) => ({
      run: () => graph.results.slice(0, graph.results.length - counts.writtenStates.length).map(({ size }) => new Float32Array(size)),
      read: () => [],
      free: () => undefined,
    }),
  };
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const megabyte = 2 ** 20;
const held = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

it.each(["empty", "wasm"])(
  "20,000 results of 1 MB on the %s back-end, computed and dropped in a loop of awaits, stay under 500 MB",
  async (backend) => {
    registerBackend("empty", createEmptyBackend);
    registerBackend("wasm", () => createWasmBackend());
    await setBackend(backend);
    const x = dataTensor(new Float32Array(megabyte / 4), [megabyte / 4], "float32");
    let most = 0;
    for (let i = 0; i < 20_000; i++) {
      await negate(x).data();
      if (i % 100 === 0) most = Math.max(most, process.memoryUsage().rss);
    }
    expect(most).toBeLessThan(500 * megabyte);
  },
);

it("a chain of 3,000 read results of 1 MB stays under 1.2 GB", async () => {
  registerBackend("empty", createEmptyBackend);
  await setBackend("empty");
  let x: Tensor = dataTensor(new Float32Array(megabyte / 4), [megabyte / 4], "float32");
  let most = 0;
  for (let i = 0; i < 3000; i++) {
    x = negate(x);
    await x.data();
    if (i % 50 === 0) most = Math.max(most, process.memoryUsage().rss);
  }
  expect(most).toBeLessThan(1200 * megabyte);
});

it("10,000 steps keep nothing", async () => {
  registerBackend("empty", createEmptyBackend);
  await setBackend("empty");
  const weights = Array.from({ length: 20 }, () => new Variable(new Float32Array(100)));
  const step = new Traced((x) => {
    for (const w of weights) w.assign(add(w.read(), x));
    return [negate(x)];
  });
  const args = [{ values: new Float32Array(100), shape: [100], dtype: "float32" as const }];
  const run = async (steps: number): Promise<number> => {
    for (let i = 0; i < steps; i++) await step.run(args);
    // What is found dead is finalized in a task of its own, and what that held goes at the next collection.
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    return held();
  };
  const before = await run(1000);
  const after = await run(9000);
  expect((after - before) / 9000).toBeLessThan(100);
});
