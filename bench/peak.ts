/** Prints the multiply-add peak of one thread of wasm, GFLOP/s. */
import { measurePeak } from "../src/backends/cpu/wasm/peak.ts";

console.log(measurePeak());
