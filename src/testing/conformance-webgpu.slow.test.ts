import { afterAll } from "vitest";
import { runnerOf } from "./compare.ts";
import { runConformance } from "./conformance.ts";
import { whereWebGpu } from "./webgpu-device.ts";

await whereWebGpu("conformance of the WebGPU back-end", (backend) => {
  runConformance("webgpu", runnerOf(backend), { dtypes: ["float32", "int32", "int8", "uint8", "bool"] });
  afterAll(() => backend.close());
});
