import { afterAll, expect, it } from "vitest";
import { compareOnGraphs } from "./fuzz.ts";
import { whereWebGpu } from "./webgpu-device.ts";

/** Graphs. Seeds differ from those of the other back-ends. */
const graphs = 120;

await whereWebGpu("random graphs on WebGPU", (backend) => {
  it("random graphs are within the error analysis on webgpu", async () => {
    const report = await compareOnGraphs(
      backend,
      Array.from({ length: graphs }, (_, i) => 7_000 + i),
    );
    expect(report.failures).toEqual([]);
    expect(report.graphs).toBe(graphs);
    expect(report.undecided / report.elements).toBeLessThan(0.1);
  });
  afterAll(() => backend.close());
});
