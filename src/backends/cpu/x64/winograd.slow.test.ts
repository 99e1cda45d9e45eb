import "../../../compiler/complete.ts";
import "../loops/complete.ts";
import { type FilteredCase, runMinimalFiltering } from "../../../testing/minimal-filtering.ts";
import { forInstructionSets } from "../../../testing/native-instruction-sets.ts";
import { createWasmBackend } from "../wasm/backend.ts";
import "../wasm/complete.ts";
import { createX64Backend } from "./index.ts";

const cases: readonly FilteredCase[] = [
  { batch: 1, height: 7, width: 9, inputs: 5, outputs: 6, padding: 1 },
  { batch: 3, height: 6, width: 5, inputs: 33, outputs: 17, padding: 0 },
  { batch: 1, height: 3, width: 8, inputs: 4, outputs: 40, padding: 2 },
  // Channels that fill vectors: blocks of tiles, some of two images, some of less than a row.
  { batch: 5, height: 7, width: 9, inputs: 16, outputs: 32, padding: 1 },
  { batch: 2, height: 6, width: 41, inputs: 48, outputs: 16, padding: 2 },
  { batch: 1, height: 4, width: 160, inputs: 32, outputs: 32, padding: 1 },
  // Enough tiles for panels; rows of channels that would meet in the first cache.
  { batch: 1, height: 17, width: 16, inputs: 256, outputs: 32, padding: 1 },
  { batch: 1, height: 16, width: 19, inputs: 32, outputs: 256, padding: 0 },
];

forInstructionSets((instructionSet) =>
  runMinimalFiltering(instructionSet, (options) => createX64Backend({ ...options, instructionSet }), cases),
);
runMinimalFiltering("wasm", (options) => createWasmBackend(options), cases);
runMinimalFiltering("wasm without relaxed SIMD", (options) => createWasmBackend({ ...options, relaxedFma: false }), cases.slice(0, 2));
