/** The suite that every back-end passes: each primitive's samples in every dtype and layout. */
import { describe, expect, it } from "vitest";
import type { DType, ShortFloat } from "../dtype/index.ts";
import { typeOf } from "../graph/index.ts";
import { allPrimitives, bitcastPrimitive } from "../primitives/index.ts";
import { compareWithExact, type RunGraph } from "./compare.ts";
import { inLayout, layoutNames } from "./layouts.ts";
import { type SampleGraph, sampleGraphs, shortenSample, widenSample } from "./sample-graph.ts";

/** What a back-end can be asked. */
export interface ConformanceOptions {
  /** Dtypes that the back-end stores. Default: all. */
  readonly dtypes?: readonly DType[];
  /** Formats of two bytes that samples of float32 are run in instead. Default: none. */
  readonly short?: readonly ShortFloat[];
}

function dtypesOf({ graph }: SampleGraph): DType[] {
  return [...graph.parameters, ...graph.results].map((tensor) => typeOf(tensor).dtype);
}

/** Primitives with graphs of their own, whose dtypes stay. */
const loops = new Set(["scan", "while", "cond"]);

/**
 * Declares a test per primitive: all samples, as they are and in float64, with their operands as they are, transposed,
 * sliced, reversed, broadcast, padded and computed (empty and rank-0 operands are among the samples). Results must lie
 * within the error that the analysis of `error-bound.ts` allows around the exact values.
 */
export function runConformance(name: string, run: RunGraph, options: ConformanceOptions = {}): void {
  const stored = options.dtypes ?? ["float32", "float64", "float16", "bfloat16", "int32", "uint8", "bool"];
  describe(`${name}: every primitive, dtype and layout`, () => {
    it.each(allPrimitives.map((primitive) => [primitive.name, primitive] as const))("%s", async (_name, primitive) => {
      const samples = sampleGraphs(primitive)
        .flatMap((sample) => {
          const varies = dtypesOf(sample).includes("float32") && primitive !== bitcastPrimitive;
          if (options.short !== undefined) {
            const isFlat = sample.graph.results.every(({ node }) => !loops.has(node.primitive.lowering.kind));
            return varies && isFlat ? options.short.map((format) => shortenSample(sample, format)) : [];
          }
          return varies ? [sample, widenSample(sample)] : [sample];
        })
        .filter((sample) => dtypesOf(sample).every((dtype) => stored.includes(dtype)));
      const failures: string[] = [];
      let compared = 0;
      for (const sample of samples) {
        for (const layout of layoutNames) {
          const varied = inLayout(sample, layout);
          if (varied === null) continue;
          try {
            const comparison = await compareWithExact(run, varied.graph, varied.args);
            failures.push(...comparison.failures.map((failure) => `${varied.name}: ${failure}`));
            compared += comparison.elements - comparison.undecided;
          } catch (error) {
            failures.push(`${varied.name}: ${String(error)}`);
          }
        }
      }
      expect(failures).toEqual([]);
      if (options.short === undefined) expect(compared).toBeGreaterThan(0);
    });
  });
}
