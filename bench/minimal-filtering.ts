/**
 * 3x3 convolutions and both gradients by minimal filtering and directly, in turns in one process, on one thread:
 * quartiles of the processor's time. Usage: minimal-filtering.ts SECONDS [PART OF A NAME] [BATCH,SIDE,INPUTS,OUTPUTS ...]
 */
import { createX64Backend } from "../src/backends/cpu/x64/index.ts";
import "../src/backends/cpu/loops/complete.ts";
import "../src/compiler/complete.ts";
import { compile } from "../src/compiler/compile.ts";
import { parameterTensor, Subgraph } from "../src/graph/index.ts";
import { gradients } from "../src/autodiff/index.ts";
import { convGeneral } from "../src/primitives/index.ts";

const [seconds = "2", only = "", ...given] = process.argv.slice(2);
const shapes = given.length > 0 ? given.map((text) => text.split(",").map(Number)) : [[8, 56, 64, 64], [8, 28, 256, 256], [8, 14, 512, 512]];
const backends = (["never", "always"] as const).map((winograd) => createX64Backend({ threads: 1, winograd }));

for (const [batch, side, inputs, outputs] of shapes as [number, number, number, number][]) {
  const x = parameterTensor([batch, side, side, inputs], "float32");
  const w = parameterTensor([3, 3, inputs, outputs], "float32");
  const dy = parameterTensor([batch, side, side, outputs], "float32");
  const y = convGeneral(x, w, { padding: [[1, 1], [1, 1]] });
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
      const states = [x, w, dy, target].map(({ shape }) => {
        const state = backend.allocate({ dtype: "float32", shape: shape as number[] });
        let seed = 7;
        state.write(
          Float32Array.from({ length: (shape as number[]).reduce((a, b) => a * b, 1) }, () => {
            seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
            return seed / 2 ** 32 - 0.5;
          }),
        );
        return state;
      });
      const executable = backend.load(program);
      return { program, run: () => executable.run({ arguments: [], states, scalars: [] }), states, times: [] as number[], executable };
    });
    for (const { run } of runs) await run();
    const [direct, filtered] = await Promise.all(runs.map(async ({ states }) => (await states[3]!.read()) as Float32Array));
    const rms = Math.sqrt(direct!.reduce((sum, value) => sum + value * value, 0) / direct!.length);
    const apart = direct!.reduce((most, value, i) => Math.max(most, Math.abs(value - filtered![i]!)), 0) / rms;
    const end = performance.now() + Number(seconds) * 1000;
    while (performance.now() < end || runs[0]!.times.length < 5) {
      for (const one of runs) {
        const start = process.cpuUsage();
        await one.run();
        const { user, system } = process.cpuUsage(start);
        one.times.push((user + system) / 1000);
      }
    }
    const quartile = runs.map(({ times }) => times.sort((a, b) => a - b)[times.length >> 2]!);
    const rates = quartile.map((ms) => flop / ms / 1e6);
    console.log(
      `${name}: direct ${quartile[0]!.toFixed(2)} ms ${rates[0]!.toFixed(1)} GFLOP/s, filtered ${quartile[1]!.toFixed(2)} ms ${rates[1]!.toFixed(1)}, ratio ${(quartile[0]! / quartile[1]!).toFixed(2)}; arenas ${runs.map(({ program }) => (program.arenaBytes / 2 ** 20).toFixed(1)).join(" and ")} MiB; apart ${apart.toExponential(1)} of the root of the mean square`,
    );
    for (const { states, executable } of runs) {
      executable.free();
      for (const state of states) state.free();
    }
  }
}
await Promise.all(backends.map((backend) => backend.close()));
