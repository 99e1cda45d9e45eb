import { createReferenceBackend } from "../backends/reference/index.ts";
import { runnerOf } from "./compare.ts";
import { runConformance } from "./conformance.ts";

// The reference rounds to float32 after every operation: the analysis must allow that.
runConformance("reference", runnerOf(createReferenceBackend()));
