/**
 * 3x3 convolutions and both gradients directly and by both forms of minimal filtering, in turns in one process: quartiles of the
 * processor's time on one thread, the least of the clock's on several, and errors against float64 at sampled places.
 * Usage: minimal-filtering.ts BACKEND[:THREADS] SECONDS [PART OF A NAME] [BATCH,SIDE,INPUTS,OUTPUTS ...]
 */
import { createWasmBackend } from "../src/backends/cpu/wasm/backend.ts";
import { createX64Backend } from "../src/backends/cpu/x64/index.ts";
import "../src/backends/cpu/loops/complete.ts";
import "../src/backends/cpu/wasm/complete.ts";
import "../src/compiler/complete.ts";
import { compile } from "../src/compiler/compile.ts";
import { parameterTensor, Subgraph } from "../src/graph/index.ts";
import { gradients } from "../src/autodiff/index.ts";
import { convGeneral } from "../src/primitives/index.ts";

const [backendText = "cpu", seconds = "2", only = "", ...given] = process.argv.slice(2);
const [kind = "cpu", threadText = "1"] = backendText.split(":");
const threads = Number(threadText);
const shapes =
  given.length > 0
    ? given.map((text) => text.split(",").map(Number))
    : [
        [8, 56, 64, 64],
        [8, 28, 256, 256],
        [8, 14, 512, 512],
      ];
const forms = ["never", "whole", "blocks"] as const;
const backends = forms.map((winograd) =>
  kind === "wasm" ? createWasmBackend({ threads, winograd }) : createX64Backend({ threads, winograd }),
);

/** Numbers in [-1/2, 1/2), other ones for each operand. */
function values(shape: readonly number[], operand: number): Float32Array {
  let state = 1234567 + operand * 7654321;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32 - 0.5;
  });
}

function rootMeanSquare(list: readonly number[]): number {
  return Math.sqrt(list.reduce((sum, value) => sum + value * value, 0) / list.length);
}

/** Places of a result and what stands there, summed in float64. */
function samples(pass: string, batch: number, side: number, inputs: number, outputs: number): (readonly [at: number, exact: number])[] {
  const image = values([batch, side, side, inputs], 0);
  const filter = values([3, 3, inputs, outputs], 1);
  const cotangent = values([batch, side, side, outputs], 2);
  const inside = (i: number): boolean => i >= 0 && i < side;
  const at = (b: number, y: number, x: number, c: number, channels: number): number => ((b * side + y) * side + x) * channels + c;
  let state = 99;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return Array.from({ length: 500 }, () => {
    const [b, y, x, i, o, v, u] = [below(batch), below(side), below(side), below(inputs), below(outputs), below(3), below(3)];
    let sum = 0;
    if (pass === "filter gradient") {
      for (let n = 0; n < batch; n++)
        for (let row = 0; row < side; row++)
          for (let column = 0; column < side; column++)
            if (inside(row + v - 1) && inside(column + u - 1))
              sum += image[at(n, row + v - 1, column + u - 1, i, inputs)]! * cotangent[at(n, row, column, o, outputs)]!;
      return [((v * 3 + u) * inputs + i) * outputs + o, sum] as const;
    }
    const isForward = pass === "forward";
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 3; column++) {
        const [py, px] = isForward ? [y + row - 1, x + column - 1] : [y - row + 1, x - column + 1];
        if (!inside(py) || !inside(px)) continue;
        for (let c = 0; c < (isForward ? inputs : outputs); c++)
          sum += isForward
            ? image[at(b, py, px, c, inputs)]! * filter[((row * 3 + column) * inputs + c) * outputs + o]!
            : cotangent[at(b, py, px, c, outputs)]! * filter[((row * 3 + column) * inputs + i) * outputs + c]!;
      }
    return [isForward ? at(b, y, x, o, outputs) : at(b, y, x, i, inputs), sum] as const;
  });
}

for (const [batch, side, inputs, outputs] of shapes as [number, number, number, number][]) {
  const x = parameterTensor([batch, side, side, inputs], "float32");
  const w = parameterTensor([3, 3, inputs, outputs], "float32");
  const dy = parameterTensor([batch, side, side, outputs], "float32");
  const y = convGeneral(x, w, {
    padding: [
      [1, 1],
      [1, 1],
    ],
  });
  const passes = {
    forward: [y, y],
    "input gradient": [gradients([y], [x], { cotangents: [dy] })[0]!, x],
    "filter gradient": [gradients([y], [w], { cotangents: [dy] })[0]!, w],
  } as const;
  for (const [pass, [result, like]] of Object.entries(passes)) {
    const name = `${inputs}-${outputs} ${side}x${side} batch ${batch} ${pass}`;
    if (!name.includes(only)) continue;
    const target = parameterTensor(like.shape as number[], "float32");
    const flop = 2 * batch * side * side * inputs * outputs * 9;
    const runs = backends.map((backend) => {
      const graph = new Subgraph([x, w, dy, target], [result]);
      const program = compile(graph, { arguments: 0, states: 4, writtenStates: [3] }, backend.target);
      const states = [x, w, dy, target].map(({ shape }, i) => {
        const state = backend.allocate({ dtype: "float32", shape: shape as number[] });
        state.write(values(shape as number[], i));
        return state;
      });
      const executable = backend.load(program);
      return { program, run: () => executable.run({ arguments: [], states, scalars: [] }), states, times: [] as number[], executable };
    });
    for (const { run } of runs) await run();
    const found = await Promise.all(runs.map(async ({ states }) => (await states[3]!.read()) as Float32Array));
    const sampled = samples(pass, batch, side, inputs, outputs);
    const errors = found.map((values) => rootMeanSquare(sampled.map(([at, exact]) => values[at]! - exact)));
    const size = rootMeanSquare(sampled.map(([, exact]) => exact));
    const end = performance.now() + Number(seconds) * 1000;
    while (performance.now() < end || runs[0]!.times.length < 5) {
      for (const one of runs) {
        const [start, cpu] = [performance.now(), process.cpuUsage()];
        await one.run();
        const { user, system } = process.cpuUsage(cpu);
        one.times.push(threads === 1 ? (user + system) / 1000 : performance.now() - start);
      }
    }
    const quartile = runs.map(({ times }) => times.sort((a, b) => a - b)[threads === 1 ? times.length >> 2 : 0]!);
    const texts = forms.map((form, i) => {
      const ms = quartile[i]!;
      const arena = (runs[i]!.program.arenaBytes / 2 ** 20).toFixed(1);
      return `${form} ${ms.toFixed(2)} ms ${(flop / ms / 1e6).toFixed(1)} GFLOP/s, arena ${arena} MiB, error ${errors[i]!.toExponential(1)}`;
    });
    console.log(`${name} (results of ${size.toFixed(2)}): ${texts.join("; ")}`);
    for (const { states, executable } of runs) {
      executable.free();
      for (const state of states) state.free();
    }
  }
}
await Promise.all(backends.map((backend) => backend.close()));
