/** The WebGPU back-end that tests run on: a graphics card where there is one, else SwiftShader, which Chromium brings along. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createWebGpuBackend, type WebGpuBackend } from "../backends/webgpu/index.ts";
import type { DeviceForms } from "../backends/webgpu/wgsl/kernel-code.ts";
import { BackendError } from "../errors.ts";

/** Where SwiftShader's description for the Vulkan loader may be. */
const swiftShaderFiles = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib64/chromium-browser/vk_swiftshader_icd.json",
  "/opt/google/chrome/vk_swiftshader_icd.json",
  "/snap/chromium/current/usr/lib/chromium-browser/vk_swiftshader_icd.json",
];

/**
 * Makes Dawn find a Vulkan driver: where VK_ICD_FILENAMES names none and no driver is installed, SwiftShader; where the
 * loader libvulkan.so.1 is not installed, the copy beside SwiftShader (loaded once, it is found by its name).
 */
export function prepareVulkan(): void {
  if (process.platform !== "linux") return;
  const hasDriver =
    process.env["VK_ICD_FILENAMES"] !== undefined || ["/dev/nvidia0", "/dev/dri/renderD128"].some((path) => existsSync(path));
  const swiftShader = swiftShaderFiles.find((path) => existsSync(path));
  if (!hasDriver && swiftShader !== undefined) process.env["VK_ICD_FILENAMES"] = swiftShader;
  process.env["XDG_RUNTIME_DIR"] ??= "/tmp";
  const icd = process.env["VK_ICD_FILENAMES"];
  const loader = icd === undefined ? undefined : join(dirname(icd), "libvulkan.so.1");
  if (loader === undefined || !existsSync(loader)) return;
  const koffi = createRequire(import.meta.url)("koffi") as { load(path: string): unknown };
  try {
    koffi.load("libvulkan.so.1");
  } catch {
    koffi.load(loader);
  }
}

/** A back-end (whose code has the best forms or these), or why there is none here. */
export async function webGpuForTests(forms?: DeviceForms): Promise<WebGpuBackend | string> {
  prepareVulkan();
  try {
    return await createWebGpuBackend(forms);
  } catch (error) {
    if (error instanceof BackendError && process.env["NABLA_REQUIRE_WEBGPU"] === undefined) return error.parts.problem;
    throw error;
  }
}

/** Calls `declare` with a back-end; where there is none, says why it is skipped (NABLA_REQUIRE_WEBGPU makes that a failure). */
export async function whereWebGpu(what: string, declare: (backend: WebGpuBackend) => void, forms?: DeviceForms): Promise<void> {
  const backend = await webGpuForTests(forms);
  if (typeof backend === "string") console.warn(`skipped: ${what} (${backend})`);
  else declare(backend);
}
