import { afterAll, expect, it } from "vitest";
import { binaryFunctions, exactFunctions, largestError, sampleFloats } from "../backends/cpu/loops/math/measure.ts";
import type { MathFunction } from "../backends/cpu/loops/math.ts";
import { parameterTensor, Subgraph } from "../graph/index.ts";
import * as p from "../primitives/index.ts";
import { runnerOf } from "./compare.ts";
import { whereWebGpu } from "./webgpu-device.ts";

/** Largest error allowed where division and square roots are correctly rounded, in units in the last place: docs/guides/webgpu.md. */
const bounds: Readonly<Record<MathFunction, number>> = {
  exp: 1,
  expm1: 1.5,
  log: 1,
  log1p: 2.5,
  tanh: 2,
  sigmoid: 2.5,
  erf: 2,
  sin: 2,
  cos: 2,
  tan: 2,
  asin: 2,
  acos: 2,
  atan: 2,
  sinh: 2,
  cosh: 2,
  asinh: 2.5,
  acosh: 2.5,
  atanh: 2.5,
  power: 1.5,
  atan2: 2,
  remainder: 0,
};

/** Numbers below this may be flushed to zero, as arguments and as results. */
const tiny = 2 ** -126;

await whereWebGpu("accuracy of the functions of the WebGPU back-end", (backend) => {
  const run = runnerOf(backend);
  afterAll(() => backend.close());
  it.each(Object.keys(bounds) as MathFunction[])("%s is right to its bound over all exponents", async (f) => {
    const isBinary = binaryFunctions.includes(f);
    const samples = sampleFloats(65_537 / (isBinary ? 1 : 5)).filter((x) => !(Math.abs(x) < tiny && x !== 0));
    let x = samples;
    let y = samples;
    if (isBinary) {
      // Half of the pairs arbitrary, half of moderate size.
      const moderate = (v: number): number =>
        Number.isFinite(v) && v !== 0 ? Math.fround(v * 2 ** (-Math.floor(Math.log2(Math.abs(v))) % 5)) : 1;
      y = samples.map((_, i) => samples[(i * 7919 + 13) % samples.length]!);
      x = Float32Array.from([...samples, ...samples.map(moderate)]);
      y = Float32Array.from([...y, ...y.map(moderate)]);
      const kept = [...x.keys()].filter((i) => !(Math.abs(exactFunctions[f](x[i]!, y[i]!)) < 2 * tiny));
      x = Float32Array.from(kept, (i) => x[i]!);
      y = Float32Array.from(kept, (i) => y[i]!);
    } else {
      x = samples.filter((v) => !(Math.abs(exactFunctions[f](v, v)) < 2 * tiny && exactFunctions[f](v, v) !== 0));
      y = x;
    }
    const shape = [x.length];
    const [a, b] = [parameterTensor(shape, "float32"), parameterTensor(shape, "float32")];
    const primitives = p as unknown as Record<string, (...tensors: unknown[]) => typeof a>;
    const graph = new Subgraph(isBinary ? [a, b] : [a], [isBinary ? primitives[f]!(a, b) : primitives[f]!(a)]);
    const args = (isBinary ? [x, y] : [x]).map((data) => ({ shape, dtype: "float32" as const, data }));
    const [values] = await run(graph, args);
    const worst = largestError(f, x, y, values as Float32Array);
    console.log(`${f}: ${worst.ulp.toFixed(2)} ulp at ${worst.x}${isBinary ? `, ${worst.y}` : ""}`);
    expect(worst.ulp).toBeLessThanOrEqual(bounds[f]);
  });
});
