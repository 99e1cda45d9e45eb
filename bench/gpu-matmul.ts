/**
 * Products of square matrices on the WebGPU back-end, as JSON lines. Usage: gpu-matmul.ts SIZES SECONDS [DTYPES]
 * Operands and result stay on the device; products are submitted ten at a time and waited for together.
 */
import { createWebGpuBackend } from "../src/backends/webgpu/index.ts";
import { parameterTensor, Subgraph } from "../src/graph/index.ts";
import { dotGeneral } from "../src/primitives/index.ts";
import { loadProgram } from "../src/runtime/load.ts";
import { measure } from "./peers/measure.mjs";

const [sizes = "512,1024,2048,4096,8192", seconds = "3", dtypes = "float32"] = process.argv.slice(2);
const backend = await createWebGpuBackend();
const products = 10;
const works = dtypes.split(",").flatMap((dtype) => sizes.split(",").map((n) => ({ n: Number(n), dtype: dtype as "float32" | "float16" })));
for (const { n, dtype } of works) {
  const [x, y, z] = [parameterTensor([n, n], dtype), parameterTensor([n, n], dtype), parameterTensor([n, n], dtype)];
  const product = dotGeneral(x, y, { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
  const executable = loadProgram(backend, new Subgraph([x, y, z], [product]), { arguments: 0, states: 3, writtenStates: [2] });
  const states = [0, 1, 2].map(() => backend.allocate({ shape: [n, n], dtype }));
  for (const state of states.slice(0, 2)) state.write(Float32Array.from({ length: n * n }, () => Math.random() - 0.5));
  // One number of the result is read: it comes after all products.
  const one = parameterTensor([], "float32");
  const wait = loadProgram(backend, new Subgraph([one], [one]), { arguments: 0, states: 1, writtenStates: [] });
  const flag = backend.allocate({ shape: [], dtype: "float32" });
  const run = async (): Promise<void> => {
    for (let i = 0; i < products; i++) await executable.run({ arguments: [], states, scalars: [] });
    await wait.run({ arguments: [], states: [flag], scalars: [] });
  };
  await run();
  const ms = (await measure(run, Number(seconds))) / products;
  console.log(
    JSON.stringify({ peer: "nabla webgpu", work: `matmul ${n} ${dtype}`, ms, gflops: (2 * n ** 3) / ms / 1e6, info: backend.info() }),
  );
  for (const state of [...states, flag]) state.free();
  executable.free();
  wait.free();
}
backend.close();
