import { describe, expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { type Node } from "../graph/index.ts";
import { allPrimitives } from "../primitives/index.ts";
import { compareOnGraphs } from "./fuzz.ts";
import { randomGraph } from "./random-graph.ts";

const seeds = Array.from({ length: 150 }, (_, i) => i + 1);

describe("randomGraph", () => {
  it("makes the same graph of the same seed, and covers the primitives", () => {
    const print = (seed: number): string => {
      const { parameters, results, values } = randomGraph(seed);
      return JSON.stringify([parameters.length, results.map(String), values.map((value) => Array.from(value.data))]);
    };
    for (const seed of seeds.slice(0, 5)) expect(print(seed)).toBe(print(seed));
    expect(new Set(seeds.map(print)).size).toBe(seeds.length);

    const used = new Set<string>();
    for (const seed of seeds) {
      const seen = new Set<Node>();
      const pending = randomGraph(seed).results.map((result) => result.node);
      while (pending.length > 0) {
        const node = pending.pop()!;
        if (seen.has(node)) continue;
        seen.add(node);
        used.add(node.primitive.name);
        pending.push(...node.inputs.map((input) => input.node));
      }
    }
    // Branches and loops of unknown length, and bits of floats, have suites of their own.
    const elsewhere = ["while", "cond", "bitcast", "shiftRightArithmetic"];
    expect(allPrimitives.map((primitive) => primitive.name).filter((name) => !used.has(name) && !elsewhere.includes(name))).toEqual([]);
  });
});

describe("compareOnGraphs", () => {
  it("finds the reference, which rounds every operation, within what the error analysis allows", async () => {
    const report = await compareOnGraphs(createReferenceBackend(), seeds);
    expect(report.failures).toEqual([]);
    expect(report.undecided / report.elements).toBeLessThan(0.1);
  });

  it("finds a back-end that is wrong by 1 part in 10,000 in one operation", async () => {
    const right = createReferenceBackend();
    const wrong: typeof right = {
      ...right,
      interpret: (graph, counts) => {
        const executable = right.interpret(graph, counts);
        return {
          free: () => executable.free(),
          read: () => executable.read(),
          run: async (args) =>
            (await executable.run(args)).map((values) => (values instanceof Float32Array ? values.map((value) => value * 1.0001) : values)),
        };
      },
    };
    const report = await compareOnGraphs(wrong, seeds.slice(0, 20));
    expect(report.failures.length).toBeGreaterThan(15);
  });
});
