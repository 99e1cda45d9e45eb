/**
 * The type f16 of WGSL: what is generated for devices that have it is accepted by Dawn. Its null device has every feature and
 * runs nothing. In a file of its own: beside devices of another instance of Dawn in one process it was seen to hang.
 */
import { expect, it } from "vitest";
import { openGpu } from "../backends/webgpu/runtime/gpu.ts";
import { lowerProgram } from "../backends/webgpu/runtime/lower-program.ts";
import { Pipelines } from "../backends/webgpu/runtime/pipelines.ts";
import { plainHalves } from "../backends/webgpu/wgsl/kernel-code.ts";
import { exactGraph, exactGraphs, networkGraph, programOf } from "./short-float-graphs.ts";

/** Dawn, where its package is installed. */
async function nullDevices(): Promise<GPU | undefined> {
  const name: string = "webgpu";
  try {
    return ((await import(name)) as { create(options: readonly string[]): GPU }).create(["backend=null"]);
  } catch (error) {
    if (process.env["NABLA_REQUIRE_WEBGPU"] !== undefined) throw error;
    return undefined;
  }
}

const devices = await nullDevices();
if (devices === undefined) console.warn("skipped: code with the type f16 (the package webgpu cannot be loaded)");

it.skipIf(devices === undefined)(
  "float16 as the type f16, with conversions by the device or by integers, is code that Dawn accepts",
  async () => {
    const gpu = await openGpu(devices!, { float16: plainHalves });
    expect(gpu.features.has("shader-f16")).toBe(true);
    const pipelines = new Pipelines(gpu);
    const graphs = [networkGraph("float16"), ...Object.keys(exactGraphs).map((kind) => exactGraph(kind, "float16"))];
    let vectors = 0;
    for (const isExact of [true, false]) {
      for (const graph of graphs) {
        const limits = { ...gpu.limits, float16: { hasType: true, widens: isExact, narrows: isExact } };
        for (const { code } of lowerProgram(programOf(graph), limits).kernels) {
          expect(code.wgsl).not.toContain("store_part");
          if (code.wgsl.includes("array<vec4<f16>>")) vectors++;
          await pipelines.acquire(code, "f16").ready;
        }
      }
    }
    expect(vectors).toBeGreaterThan(0);
    gpu.device.destroy();
  },
);
