/**
 * What keeping rows in cache is worth: softmax, attention's softmax, layer normalization and their gradients, with row
 * kernels and without, interleaved, as processor time.
 *
 *   node --import tsx --conditions=source bench/rows.ts [--threads 1]
 */
import { parseArgs } from "node:util";
import { gradients } from "../src/autodiff/index.ts";
import { createX64Backend } from "../src/backends/cpu/x64/index.ts";
import { compile } from "../src/compiler/compile.ts";
import { parameterTensor, Subgraph, type Tensor } from "../src/graph/index.ts";
import * as ops from "../src/ops/index.ts";

const { values } = parseArgs({ options: { threads: { type: "string", default: "1" }, rounds: { type: "string", default: "30" } } });
const threads = Number(values.threads);
const backends = [createX64Backend({ threads, rowsFrom: Infinity }), createX64Backend({ threads })];

const trained =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor, c: Tensor): Tensor[] => [f(x), ...gradients([f(x)], [x], { cotangents: [c] })];
const softmax = (x: Tensor): Tensor => ops.softmax(x, { axis: -1 });
const normalized = (x: Tensor): Tensor => ops.layerNormalization(x, { axis: -1, epsilon: 1e-3 });
const cases: readonly (readonly [string, readonly (readonly number[])[], (...xs: Tensor[]) => Tensor[]])[] = [
  ["softmax [128, 1000]", [[128, 1000]], (x) => [softmax(x)]],
  ["softmax [128, 1000] and gradient", [[128, 1000], [128, 1000]], (x, c) => trained(softmax)(x, c)], // prettier-ignore
  ["softmax [8192, 64]", [[8192, 64]], (x) => [softmax(x)]],
  ["attention [8, 8, 128, 128], scaled", [[8, 8, 128, 128]], (x) => [softmax(ops.multiply(x, 0.125))]],
  ["attention [8, 8, 512, 512], scaled", [[8, 8, 512, 512]], (x) => [softmax(ops.multiply(x, 0.125))]],
  ["layer norm [1024, 512]", [[1024, 512]], (x) => [normalized(x)]],
  ["layer norm [1024, 512] and gradient", [[1024, 512], [1024, 512]], (x, c) => trained(normalized)(x, c)], // prettier-ignore
];
for (const [name, shapes, f] of cases) {
  // Inputs and results are states: nothing is copied in or out.
  const inputs = shapes.map((shape) => parameterTensor(shape, "float32"));
  const results = f(...inputs);
  const outputs = results.map(({ shape }) => parameterTensor(shape as number[], "float32"));
  const graph = new Subgraph([...inputs, ...outputs], results);
  const counts = { arguments: 0, states: inputs.length + outputs.length, writtenStates: outputs.map((_, i) => inputs.length + i) };
  const runs = backends.map((backend) => {
    const program = compile(graph, counts, backend.target);
    const states = [...inputs, ...outputs].map(({ shape, dtype }, i) => {
      const buffer = backend.allocate({ shape: shape as number[], dtype });
      const size = (shape as number[]).reduce((a, b) => a * b, 1);
      buffer.write(Float32Array.from({ length: size }, (_, at) => (i < inputs.length ? Math.sin(at + i) : 0)));
      return buffer;
    });
    const executable = backend.load(program);
    return { kernels: program.kernels.length, run: () => executable.run({ arguments: [], states, scalars: [] }) };
  });
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const which of [0, 1] as const) {
      const start = process.cpuUsage();
      for (let i = 0; i < 10; i++) await runs[which]!.run();
      const { user, system } = process.cpuUsage(start);
      times[which].push((user + system) / 10);
    }
  }
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1]!;
  const [without, rows] = times.map(median) as [number, number];
  const kernels = runs.map((run) => run.kernels).join(" -> ");
  console.log(`${name.padEnd(38)} ${kernels} kernels  ${without.toFixed(0)} -> ${rows.toFixed(0)} us  ${(without / rows).toFixed(2)}x`);
}
for (const backend of backends) await backend.close();
