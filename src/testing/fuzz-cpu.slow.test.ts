import { describe, expect, it } from "vitest";
import type { CpuBackend } from "../backends/cpu/runtime/cpu-backend.ts";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import { createX64Backend } from "../backends/cpu/x64/index.ts";
import { compareOnGraphs } from "./fuzz.ts";
import { forInstructionSets } from "./native-instruction-sets.ts";

/** Graphs per test, of which there are six: 2,004 graphs. Seeds differ from those of the fast tests. */
const graphs = 334;

/** Declares the tests of one generator, on its own seeds. */
function declare(name: string, create: (threads: number) => CpuBackend, seeds: number): void {
  describe(`random graphs on ${name}`, () => {
    it.each([
      { threads: 1, first: seeds },
      { threads: 2, first: seeds + 1_000 },
    ])("of seeds from $first are within the error analysis on $threads thread(s)", async ({ threads, first }) => {
      const backend = create(threads);
      const report = await compareOnGraphs(
        backend,
        Array.from({ length: graphs }, (_, i) => first + i),
      );
      await backend.close();
      expect(report.failures).toEqual([]);
      expect(report.graphs).toBe(graphs);
      expect(report.elements).toBeGreaterThan(100 * graphs);
      expect(report.undecided / report.elements).toBeLessThan(0.1);
    });
  });
}

declare("wasm", (threads) => createWasmBackend({ threads }), 1_000);
forInstructionSets((instructionSet) =>
  declare(instructionSet, (threads) => createX64Backend({ threads, instructionSet }), instructionSet === "avx512" ? 3_000 : 5_000),
);
