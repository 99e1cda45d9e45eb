import { createReferenceBackend } from "../backends/reference/index.ts";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import { createX64Backend } from "../backends/cpu/x64/index.ts";
import { runnerOf } from "./compare.ts";
import { runConformance } from "./conformance.ts";
import { forInstructionSets } from "./native-instruction-sets.ts";

const short = ["float16", "bfloat16"] as const;

runConformance("reference in two bytes", runnerOf(createReferenceBackend()), { short });
runConformance("wasm in two bytes", runnerOf(createWasmBackend({ threads: 1 })), { short });
forInstructionSets((instructionSet) => {
  runConformance(`${instructionSet} in two bytes`, runnerOf(createX64Backend({ threads: 1, instructionSet })), { short });
});
