import { describe, expect, it } from "vitest";
import { allPrimitives } from "../primitives/index.ts";
import { checkGradients } from "./gradient-check.ts";
import { sampleGraphs, widenSample } from "./sample-graph.ts";

describe("first and second derivatives agree with differences in float64", () => {
  it.each(allPrimitives.map((primitive) => [primitive.name, primitive] as const))("%s", (_name, primitive) => {
    const failures = sampleGraphs(primitive)
      .filter((sample) => sample.differentiable)
      .map(widenSample)
      .flatMap((sample) => checkGradients(sample.graph, sample.args).map((failure) => `${sample.name}: ${failure}`));
    expect(failures).toEqual([]);
  });
});
