/** A device of WebGPU: its limits, its memory, its failures. */
import { BackendError } from "../../../errors.ts";
import type { DeviceForms, DeviceLimits } from "../wgsl/kernel-code.ts";
import { halfFormOf } from "./half-form.ts";
import { subgroupsOf } from "./subgroup-form.ts";
import { mapModeRead } from "./usage.ts";

/** Where bindings of uniform and storage buffers may start, by WebGPU's default limits. */
export const alignmentBytes = 256;

/** Name of the back-end in errors. */
export const where = "webgpu back-end";

/** Features that are used where an adapter has them. */
const wantedFeatures = ["shader-f16", "subgroups", "timestamp-query"] as const;
/** Limits that are raised to what the adapter has. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Bytes rounded up to a multiple of `step`. */
export function roundUp(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step;
}

/** A device, with what is held on it. */
export class Gpu {
  readonly device: GPUDevice;
  readonly adapterName: string;
  readonly features: ReadonlySet<string>;
  /** Limits that generated code depends on. */
  readonly limits: DeviceLimits;
  /** Bytes of all buffers. */
  bytes = 0;
  /** Why nothing can run any more, or what went wrong last. */
  private failure: BackendError | undefined;

  constructor(device: GPUDevice, adapterName: string, forms: DeviceForms) {
    this.device = device;
    this.adapterName = adapterName;
    this.features = new Set(device.features as ReadonlySet<string>);
    const {
      maxComputeInvocationsPerWorkgroup: invocations,
      maxComputeWorkgroupStorageSize: workgroupBytes,
      maxStorageBufferBindingSize: bindingBytes,
    } = device.limits;
    this.limits = { invocations, workgroupBytes, bindingBytes, ...forms };
    void device.lost.then(({ reason, message }) => {
      this.failure = new BackendError({
        where,
        problem: reason === "destroyed" ? "the device was closed" : "the graphics device was lost",
        received: message,
        advice: "values that were on it are gone: build the model again and load its saved weights, or use another back-end",
      });
    });
    device.addEventListener("uncapturederror", (event) => {
      const { error } = event;
      this.failure ??= new BackendError({ where, problem: "the device refused a command", received: error.message.split("\n")[0]! });
      event.preventDefault();
    });
  }

  /** Throws what went wrong with the device since the last call; a lost device stays lost. */
  check(): void {
    const { failure } = this;
    if (failure === undefined) return;
    if (failure.parts.problem !== "the graphics device was lost" && failure.parts.problem !== "the device was closed")
      this.failure = undefined;
    throw failure;
  }

  /** A buffer of at least `bytes` zeroed bytes. Throws BackendError where no buffer can be so large. */
  buffer(bytes: number, usages: number, label: string): GPUBuffer {
    this.check();
    const size = roundUp(Math.max(bytes, 16), 16);
    const most = this.device.limits.maxBufferSize;
    if (size > most) {
      throw new BackendError({
        where,
        problem: `${label} is too large for this device`,
        expected: `at most ${most} bytes`,
        received: `${size} bytes`,
        advice: 'use a smaller batch, or the back-end "cpu"',
      });
    }
    this.device.pushErrorScope("out-of-memory");
    const buffer = this.device.createBuffer({ size, usage: usages, label });
    void this.device.popErrorScope().then(
      (error) => {
        if (error === null) return;
        this.failure ??= new BackendError({
          where,
          problem: `the device has no memory for ${label}`,
          expected: `${size} bytes, beside ${this.bytes} that are held`,
          advice: "use a smaller batch, or free models that are not needed",
        });
      },
      () => undefined,
    );
    this.bytes += size;
    return buffer;
  }

  /** Gives a buffer back. */
  release(buffer: GPUBuffer): void {
    this.bytes -= buffer.size;
    buffer.destroy();
  }

  /** Waits until a buffer can be read on the host, and gives a copy of its bytes. Throws what went wrong on the way. */
  async map(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    try {
      await buffer.mapAsync(mapModeRead, 0, bytes);
    } catch (error) {
      // A loss settles its promise a little later than the mapping.
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
      this.check();
      throw error;
    }
    const copy = buffer.getMappedRange(0, bytes).slice(0);
    buffer.unmap();
    this.check();
    return copy;
  }
}

/** Features to be used of those that an adapter has, but for `without` (names with commas between). Throws BackendError for others. */
function featuresOf(adapter: GPUAdapter, without: string): GPUFeatureName[] {
  const left = without.split(",").filter((name) => name !== "");
  const unknown = left.find((name) => !wantedFeatures.some((wanted) => wanted === name));
  if (unknown !== undefined) {
    throw new BackendError({
      where,
      problem: "NABLA_WEBGPU_WITHOUT names a feature that is not used anyway",
      expected: `of ${wantedFeatures.join(", ")}, with commas between`,
      received: unknown,
    });
  }
  const available = adapter.features as ReadonlySet<string>;
  return wantedFeatures.filter((feature) => available.has(feature) && !left.includes(feature));
}

/**
 * Opens the best device of a host. `forms`: taken so, instead of as the device does best; `without`: features that are not used.
 * Throws BackendError where there is no device.
 */
export async function openGpu(gpu: GPU, forms: DeviceForms = {}, without = ""): Promise<Gpu> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new BackendError({
      where,
      problem: "no graphics device offers WebGPU here",
      expected: "an adapter (Vulkan, Metal or Direct3D 12)",
      received: "requestAdapter gave none",
      advice: 'install the driver (on Linux libvulkan1 and a Vulkan driver), or stay with the back-end "cpu"; nothing was changed',
    });
  }
  const requiredFeatures = featuresOf(adapter, without);
  const requiredLimits = Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]]));
  const { vendor, architecture, device: model, description, subgroupMinSize: min, subgroupMaxSize: max } = adapter.info;
  const name = [vendor, architecture, model, description].filter((part) => part !== "").join(" ");
  const opened = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  const hasSubgroups = requiredFeatures.some((feature) => (feature as string) === "subgroups");
  const { float16, subgroups } = forms;
  return new Gpu(opened, name, {
    float16: float16 ?? (await halfFormOf(opened)),
    subgroups: !hasSubgroups ? null : subgroups === undefined ? await subgroupsOf(opened, { min, max }) : subgroups,
  });
}
