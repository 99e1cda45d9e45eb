/** Keras's recorded cases on the WebGPU back-end: the test files of this folder, run with NABLA_BACKEND=webgpu. */
import { it } from "vitest";
import { webGpuForTests } from "../../src/testing/webgpu-device.ts";

process.env["NABLA_BACKEND"] = "webgpu";
const backend = await webGpuForTests();
if (typeof backend === "string") {
  console.warn(`skipped: Keras's cases on WebGPU (${backend})`);
  it.skip(`Keras's cases on WebGPU: ${backend}`, () => undefined);
} else {
  backend.close();
  await import("./ops.test.ts");
  await import("./layers.test.ts");
  await import("./recurrent-layers.test.ts");
  await import("./models.test.ts");
  await import("./wasm.slow.test.ts");
}
