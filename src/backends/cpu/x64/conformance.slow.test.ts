import { runnerOf } from "../../../testing/compare.ts";
import { runConformance } from "../../../testing/conformance.ts";
import { forInstructionSets } from "../../../testing/native-instruction-sets.ts";
import { createX64Backend } from "./index.ts";

forInstructionSets((instructionSet) => {
  runConformance(`${instructionSet} on one thread`, runnerOf(createX64Backend({ threads: 1, instructionSet })));
});
