import { runnerOf } from "../../../testing/compare.ts";
import { runConformance } from "../../../testing/conformance.ts";
import { nativeInstructionSets, whereNative } from "../../../testing/native-instruction-sets.ts";
import { createX64Backend } from "./index.ts";

// The widest; conformance.slow.test.ts runs the others.
whereNative("conformance of machine code", () => {
  const instructionSet = nativeInstructionSets().includes("avx512") ? "avx512" : "avx2";
  runConformance(`${instructionSet} on two threads`, runnerOf(createX64Backend({ threads: 2, instructionSet })));
});
