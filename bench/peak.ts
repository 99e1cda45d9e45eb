/** Prints the multiply-add peak of one thread of a back-end, GFLOP/s. Usage: peak.ts BACKEND */
import { createWasmBackend } from "../src/backends/cpu/wasm/index.ts";
import { createX64Backend } from "../src/backends/cpu/x64/index.ts";

const [name = "cpu"] = process.argv.slice(2);
const backend = name === "wasm" ? createWasmBackend({ threads: 1 }) : name === "cpu" ? createX64Backend({ threads: 1 }) : undefined;
console.log(backend?.measurePeak().gflops ?? Number.NaN);
