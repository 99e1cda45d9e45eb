/** Which subgroups a device forms, and whether they are what generated code takes them for. */
import type { Subgroups } from "../wgsl/kernel-code.ts";
import { mapModeRead, usage } from "./usage.ts";

/**
 * Counts exchanges that bring something else than the register of the invocation whose number in the workgroup differs in one
 * bit (WGSL leaves to devices which invocations a subgroup has), and subgroups of another size than the adapter tells.
 */
function checkCode(invocations: number, { min, max }: Subgroups): string {
  const masks = Array.from({ length: Math.log2(Math.min(invocations, max)) }, (_, bit) => 2 ** bit);
  return `enable subgroups;
@group(0) @binding(0) var<storage, read_write> wrong: array<atomic<u32>, 2>;
@compute @workgroup_size(${invocations})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_size) size: u32) {
  var failures = select(1u, 0u, (size >= ${min}u) & (size <= ${max}u));
${masks.map((mask) => `  failures += select(0u, 1u, (subgroupShuffleXor(lane, ${mask}u) != (lane ^ ${mask}u)) & (size > ${mask}u));`).join("\n")}
  if (failures > 0u) { atomicAdd(&wrong[0], failures); }
}`;
}

/** The subgroups of a device that has them as the adapter tells, found out by trying; null where they are of no use. */
export async function subgroupsOf(device: GPUDevice, told: Subgroups): Promise<Subgroups | null> {
  const { min, max } = told;
  const isPower = (size: number): boolean => size >= 1 && size <= 128 && Number.isInteger(Math.log2(size));
  if (!isPower(min) || !isPower(max) || min > max) return null;
  const bytes = 8;
  const counts = device.createBuffer({ size: bytes, usage: usage.storage | usage.copySource });
  const staging = device.createBuffer({ size: bytes, usage: usage.mapRead | usage.copyTarget });
  try {
    const encoder = device.createCommandEncoder();
    for (const invocations of [64, 256].filter((size) => size <= device.limits.maxComputeInvocationsPerWorkgroup)) {
      const module = device.createShaderModule({ code: checkCode(invocations, told), label: "a check of subgroups" });
      const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      const entries = [{ binding: 0, resource: { buffer: counts } }];
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(4);
      pass.end();
    }
    encoder.copyBufferToBuffer(counts, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(mapModeRead);
    return new Uint32Array(staging.getMappedRange())[0] === 0 ? { min, max } : null;
  } catch {
    // What refuses any of this does not refuse workgroup memory.
    return null;
  } finally {
    counts.destroy();
    staging.destroy();
  }
}
