/**
 * Single contractions as programs of their own, as JSON lines: matrix products, and convolutions with both gradients.
 * Operands and results are variables, so nothing is copied. Usage: kernels.ts BACKEND SECONDS [WORK]
 */
import { backendInfo, gradients, jit, ops, registerBackend, setBackend, tensor, Variable } from "../src/index.ts";
import { createWasmBackend } from "../src/backends/cpu/wasm/index.ts";
import { createX64Backend } from "../src/backends/cpu/x64/index.ts";
import { measure } from "./peers/measure.mjs";
import { works } from "./works.ts";

const [backend = "cpu", seconds = "2", only = ""] = process.argv.slice(2);
// As in a training step operands are new in every run: nothing that is made of them is kept.
registerBackend("cpu", () => createX64Backend({ preparedBytes: 0 }));
registerBackend("wasm", () => createWasmBackend({ preparedBytes: 0 }));
await setBackend(backend);

function filled(shape: readonly number[]): Variable {
  let state = 12345;
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
  return new Variable(tensor(values, { shape }));
}

for (const work of works) {
  if (!work.name.includes(only)) continue;
  let flop: number;
  let step: () => unknown;
  if (work.kind === "matmul") {
    const { size } = work;
    flop = 2 * size ** 3;
    const [a, b, c] = [filled([size, size]), filled([size, size]), filled([size, size])];
    step = () => c.assign(ops.matmul(a, b));
  } else {
    const { batch, side, channels, pass } = work;
    flop = 2 * batch * side * side * channels * channels * 9;
    const x = filled([batch, side, side, channels]);
    const kernel = filled([3, 3, channels, channels]);
    const y = filled([batch, side, side, channels]);
    const convolution = (): ReturnType<typeof ops.conv> => ops.conv(x, kernel, { padding: "same" });
    const result = filled(pass === "filter gradient" ? [3, 3, channels, channels] : [batch, side, side, channels]);
    step = () => {
      if (pass === "forward") return result.assign(convolution());
      const [gradient] = gradients([convolution()], [pass === "input gradient" ? x : kernel], { cotangents: [y] });
      return result.assign(gradient!);
    };
  }
  const program = jit(() => {
    step();
    return tensor(0);
  });
  const ms = await measure(async () => void (await program().data()), Number(seconds));
  const { threads } = backendInfo();
  console.log(JSON.stringify({ peer: `nabla ${backend}`, work: work.name, threads, ms, gflops: flop / ms / 1e6 }));
}
