import { describe, expect, it } from "vitest";
import { createWasmBackend } from "../backends/cpu/wasm/index.ts";
import { compareOnGraphs } from "./fuzz.ts";

/** Graphs per test. Seeds differ from those of the fast tests. */
const graphs = 250;

describe("random graphs on wasm", () => {
  it.each([
    { threads: 1, first: 1_000 },
    { threads: 2, first: 2_000 },
  ])("of seeds from $first are within the error analysis on $threads thread(s)", async ({ threads, first }) => {
    const backend = createWasmBackend({ threads });
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
