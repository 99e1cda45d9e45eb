import { runnerOf } from "../../../testing/compare.ts";
import { runConformance } from "../../../testing/conformance.ts";
import { createWasmBackend } from "./index.ts";

runConformance("wasm on one thread", runnerOf(createWasmBackend({ threads: 1 })));
runConformance("wasm on two threads", runnerOf(createWasmBackend({ threads: 2 })));
