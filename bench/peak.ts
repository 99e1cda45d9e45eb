/** Prints the multiply-add peak of one thread of a back-end, GFLOP/s. Usage: peak.ts BACKEND */
import { measurePeak } from "../src/backends/cpu/wasm/peak.ts";

const [backend = "wasm"] = process.argv.slice(2);
console.log(backend === "wasm" ? measurePeak() : Number.NaN);
