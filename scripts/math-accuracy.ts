/**
 * Measures the float32 functions of src/backends/cpu/loops/math over samples of all bit patterns and writes
 * docs/math-accuracy.md. Run with a Node that has relaxed SIMD (22 or newer): `npx tsx scripts/math-accuracy.ts`.
 */
import { writeFileSync } from "node:fs";
import type { MathFunction } from "../src/backends/cpu/loops/math.ts";
import { binaryFunctions, evaluateMath, exactFunctions, largestError, sampleFloats } from "../src/backends/cpu/loops/math/measure.ts";
import { detectRelaxedSimd } from "../src/backends/cpu/wasm/detect.ts";

const stride = 509;
const all = sampleFloats(stride);
const pairs = 1 << 21;

/** A fixed sequence in [0, 1). */
let state = 1;
function next(): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return state / 2 ** 32;
}

/** Half the pairs from all bit patterns, half from ordinary magnitudes (power: with results inside the float32 range). */
function samplePairs(f: MathFunction): [Float32Array, Float32Array] {
  const x = new Float32Array(pairs);
  const y = new Float32Array(pairs);
  for (let i = 0; i < pairs; i++) {
    if (i % 2 === 0) {
      x[i] = all[Math.floor(next() * all.length)]!;
      y[i] = all[Math.floor(next() * all.length)]!;
      continue;
    }
    x[i] = Math.exp((next() - 0.5) * 20) * (f !== "power" && next() < 0.5 ? -1 : 1);
    y[i] = f === "power" ? ((next() - 0.5) * 190) / Math.log(x[i]!) : Math.exp((next() - 0.5) * 20) * (next() < 0.5 ? -1 : 1);
  }
  return [x, y];
}

if (!detectRelaxedSimd()) throw new Error("run this with Node 22 or newer: the fused variant needs relaxed SIMD");
const rows: string[] = [];
for (const f of Object.keys(exactFunctions) as MathFunction[]) {
  const isBinary = binaryFunctions.includes(f);
  const [x, y] = isBinary ? samplePairs(f) : [all, all];
  const cells = [false, true].map((relaxedFma) => {
    const worst = largestError(f, x, y, evaluateMath(f, x, y, { vector: true, relaxedFma }));
    return `${worst.ulp.toFixed(2)} at ${worst.x}${isBinary ? `, ${worst.y}` : ""}`;
  });
  rows.push(`| ${f} | ${cells.join(" | ")} |`);
}
writeFileSync(
  new URL("../docs/math-accuracy.md", import.meta.url),
  `# Accuracy of float32 functions on the CPU

Written by \`scripts/math-accuracy.ts\`. Largest error in units in the last place (ulp) of the float32 binade of the exact
result, against float64; 0.5 is correct rounding. Functions of one argument: every ${stride}th of all 2^32 bit patterns
(subnormals, huge and special values among them). Functions of two: ${pairs} pairs, half of them arbitrary bit patterns.
Scalars and vectors give the same bits (tested). "fused" is a target with fused multiply-add, "unfused" one without.

The polynomials are weighted minimax fits made for this project: Lawson's iteratively reweighted least squares on 1200
Chebyshev nodes in 40-digit arithmetic, coefficients rounded to float32 one after another, lowest first, each time fitting
the rest again. Each source file states the error of its fits. Range reductions follow Cody and Waite, and Payne and Hanek.

| function | unfused | fused |
| --- | --- | --- |
${rows.join("\n")}
`,
);
