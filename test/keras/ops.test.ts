import { describe } from "vitest";
import { createWasmBackend } from "../../src/backends/cpu/wasm/index.ts";
import { evaluate } from "../../src/backends/reference/index.ts";
import { Subgraph, typeOf } from "../../src/graph/index.ts";
import { startBackend } from "../../src/runtime/index.ts";
import { type RunGraph, runnerOf } from "../../src/testing/compare.ts";
import { type Case, testCases } from "./cases.ts";
import { checkOpCase, type Evaluate, findOp } from "./op-case.ts";

/** The back-end of the compiled cases: NABLA_BACKEND's, else WebAssembly. */
const wanted = process.env["NABLA_BACKEND"];

/** The op of a case. */
function nameOf(entry: Case): string {
  return entry["op"] as string;
}

describe.skipIf(wanted !== undefined)("keras.ops", () => {
  testCases(
    "ops",
    nameOf,
    (name) => findOp(name) !== undefined,
    (entry) => checkOpCase(entry, evaluate),
  );
});

describe("keras.ops, compiled", () => {
  let runGraph: RunGraph | undefined;
  const evaluateCompiled: Evaluate = async (tensors) => {
    runGraph ??= runnerOf(wanted === undefined ? createWasmBackend({ threads: 1 }) : await startBackend(wanted));
    const values = await runGraph(new Subgraph([], tensors), []);
    return tensors.map((tensor, i) => ({ ...typeOf(tensor), data: values[i]! }));
  };
  testCases(
    "ops",
    nameOf,
    (name) => findOp(name) !== undefined,
    (entry) => checkOpCase(entry, evaluateCompiled),
  );
});
