/** How float16 is kept on a device, and which conversions it does exactly: WGSL lets it flush subnormals, and assume no NaN. */
import { type HalfForm, plainHalves } from "../wgsl/kernel-code.ts";
import { libraryFor } from "../wgsl/library.ts";
import { mapModeRead, usage } from "./usage.ts";

/** Counts the patterns of 16 bits that the device widens and narrows in another way than integer arithmetic. */
function checkCode(hasType: boolean): string {
  const wide = hasType ? "f32(bitcast<vec2<f16>>(bits).x)" : "unpack2x16float(bits).x";
  const narrow = hasType ? "bitcast<u32>(vec2<f16>(f16(value), 0h))" : "pack2x16float(vec2<f32>(value, 0f))";
  const body = `@group(0) @binding(0) var<storage, read_write> wrong: array<atomic<u32>, 2>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let bits = id.x;
  let value = from_float16(bits);
  let wide = ${wide};
  let narrow = ${narrow};
  let is_none = is_nan(value);
  if (select(bitcast<u32>(wide) != bitcast<u32>(value), !is_nan(wide), is_none)) { atomicAdd(&wrong[0], 1u); }
  if (select(narrow != bits, ((narrow & 0x7fffu) <= 0x7c00u) | (narrow > 0xffffu), is_none)) { atomicAdd(&wrong[1], 1u); }
}`;
  return [...(hasType ? ["enable f16;"] : []), ...libraryFor(body), body].join("\n");
}

/** Finds out by trying all values. */
export async function halfFormOf(device: GPUDevice): Promise<HalfForm> {
  const hasType = (device.features as ReadonlySet<string>).has("shader-f16");
  const bytes = 8;
  const counts = device.createBuffer({ size: bytes, usage: usage.storage | usage.copySource });
  const staging = device.createBuffer({ size: bytes, usage: usage.mapRead | usage.copyTarget });
  try {
    const module = device.createShaderModule({ code: checkCode(hasType), label: "a check of float16" });
    const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const entries = [{ binding: 0, resource: { buffer: counts } }];
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(65536 / 64);
    pass.end();
    encoder.copyBufferToBuffer(counts, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(mapModeRead);
    const [widened, narrowed] = new Uint32Array(staging.getMappedRange());
    return { hasType, widens: widened === 0, narrows: narrowed === 0 };
  } catch {
    // What refuses any of this does not refuse integers.
    return plainHalves;
  } finally {
    counts.destroy();
    staging.destroy();
  }
}
