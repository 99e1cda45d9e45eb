import { describe, expect, it } from "vitest";
import { compile } from "../../../compiler/compile.ts";
import { BackendError } from "../../../errors.ts";
import { parameterTensor, Subgraph } from "../../../graph/index.ts";
import { exp } from "../../../primitives/index.ts";
import { runExecutableSuite } from "../../../testing/executable-suite.ts";
import { createWasmBackend } from "./index.ts";

runExecutableSuite("wasm", {
  create: createWasmBackend,
  module: new URL("./index.ts", import.meta.url),
  expression: "module.createWasmBackend({ threads: 2 })",
});

describe("memory of WebAssembly", () => {
  it("refuses a program that does not fit before it runs", () => {
    const backend = createWasmBackend({ threads: 1, maximumBytes: 16 * 2 ** 20 });
    const load = (n: number): ReturnType<typeof backend.load> => {
      const x = parameterTensor([n, n], "float32");
      return backend.load(compile(new Subgraph([x], [exp(x)]), { arguments: 1, states: 0, writtenStates: [] }, backend.target));
    };
    expect(() => load(2048)).toThrow(BackendError);
    expect(load(32).run({ arguments: [new Float32Array(1024)], states: [], scalars: [] })).toHaveLength(1);
  });
});
