import { runExecutableSuite } from "../../../testing/executable-suite.ts";
import { forInstructionSets } from "../../../testing/native-instruction-sets.ts";
import { createX64Backend } from "./index.ts";

forInstructionSets((instructionSet) => {
  runExecutableSuite(instructionSet, {
    create: (options) => createX64Backend({ ...options, instructionSet }),
    module: new URL("./index.ts", import.meta.url),
    expression: `module.createX64Backend({ threads: 2, instructionSet: "${instructionSet}" })`,
  });
});
