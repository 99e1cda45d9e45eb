import { runMinimalFiltering } from "../../../testing/minimal-filtering.ts";
import { nativeInstructionSets, whereNative } from "../../../testing/native-instruction-sets.ts";
import { createX64Backend } from "./index.ts";

// The widest; winograd.slow.test.ts runs the others, and more shapes.
whereNative("minimal filtering as machine code", () => {
  const instructionSet = nativeInstructionSets().includes("avx512") ? "avx512" : "avx2";
  runMinimalFiltering(instructionSet, (options) => createX64Backend({ ...options, instructionSet }), [
    { batch: 3, height: 5, width: 6, inputs: 8, outputs: 20, padding: 1 },
    { batch: 3, height: 5, width: 6, inputs: 16, outputs: 48, padding: 1 },
  ]);
});
