/**
 * Random graphs against their exact meaning, for as long as you like.
 *
 *   npm run nightly -- [--backend avx512|avx2|wasm] [--from 1] [--graphs 5000] [--threads 2]
 *
 * Prints every graph that disagrees, shrunk to the smallest part that still does; exit status 1 where there was one.
 */
import { parseArgs } from "node:util";
import { createWasmBackend } from "../src/backends/cpu/wasm/index.ts";
import { createX64Backend } from "../src/backends/cpu/x64/index.ts";
import { compareOnGraphs } from "../src/testing/fuzz.ts";

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm" },
    from: { type: "string", default: "1" },
    graphs: { type: "string", default: "5000" },
    threads: { type: "string", default: "2" },
  },
});
const threads = Number(values.threads);
const { backend: name } = values;
if (name !== "wasm" && name !== "avx2" && name !== "avx512") throw new Error(`--backend is wasm, avx2 or avx512, not ${name}`);
const backend = name === "wasm" ? createWasmBackend({ threads }) : createX64Backend({ threads, instructionSet: name });
const first = Number(values.from);
const graphs = Number(values.graphs);
let failed = 0;
let elements = 0;
for (let start = first; start < first + graphs; start += 50) {
  const count = Math.min(50, first + graphs - start);
  const report = await compareOnGraphs(
    backend,
    Array.from({ length: count }, (_, i) => start + i),
  );
  failed += report.failures.length;
  elements += report.elements;
  for (const failure of report.failures) console.log(`${failure}\n`);
}
await backend.close();
console.log(`${graphs} graphs, ${elements} elements compared, ${failed} graphs disagree`);
process.exitCode = failed > 0 ? 1 : 0;
