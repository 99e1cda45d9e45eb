import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import { parameterTensor, Subgraph } from "../graph/index.ts";
import { add, exp } from "../primitives/index.ts";
import { loadProgram } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "nabla-dump-"));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it("NABLA_DUMP writes the graph, the kernels, the loop IR and the code of every program", () => {
  vi.stubEnv("NABLA_DUMP", folder);
  const x = parameterTensor([7, 9], "float32");
  const backend = createWasmBackend({ threads: 1 });
  loadProgram(backend, new Subgraph([x], [add(exp(x), x)]), { arguments: 1, states: 0, writtenStates: [] }).free();
  const [program] = readdirSync(folder);
  const read = (name: string): string => readFileSync(join(folder, program!, name), "utf8");
  expect(read("graph.txt")).toMatch(/^float32\[7,9\][^]*exp[^]*add/);
  expect(read("program.txt")).toMatch(/stage 0\n {2}map \(p63\*?\)/);
  const files = readdirSync(join(folder, program!, "kernels"));
  const [text, code] = [files.find((name) => name.endsWith(".txt"))!, files.find((name) => name.endsWith(".wasm"))!];
  expect(read(`kernels/${text}`)).toMatch(/units[^]*function \w+\(block: ptr/);
  expect(WebAssembly.validate(readFileSync(join(folder, program!, "kernels", code)))).toBe(true);
  expect(read("kernels/disassemble.sh")).toContain(code);
});
