/** Memory of variables on a device. */
import { type DType, dtypes, isShortFloat, ShortFloatArray, storedElements, type TypedArray } from "../../../dtype/index.ts";
import { ShapeError, StateError } from "../../../errors.ts";
import { sizeOf, type TensorType } from "../../../graph/index.ts";
import type { DeviceBuffer } from "../../backend.ts";
import { valueTypeOf } from "../wgsl/literals.ts";
import { type Gpu, roundUp, where } from "./gpu.ts";
import { usage } from "./usage.ts";

/** A buffer, shared with the registry, which must not hold the variable itself. */
class Holding {
  readonly gpu: Gpu;
  readonly buffer: GPUBuffer;
  isFreed = false;

  constructor(gpu: Gpu, buffer: GPUBuffer) {
    this.gpu = gpu;
    this.buffer = buffer;
  }

  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    this.gpu.release(this.buffer);
  }
}

const orphans = new FinalizationRegistry<Holding>((holding) => {
  holding.free();
});

/** Bytes of an array, filled up to whole words. */
function wholeWords(values: Stored): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(roundUp(values.byteLength, 4));
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return bytes;
}

/** Elements as they stand in memory. */
type Stored = TypedArray | Uint16Array;

function storedForm(dtype: DType, values: TypedArray): Stored {
  if (!isShortFloat(dtype)) return values;
  const short = new ShortFloatArray(dtype, new Uint16Array(values.length));
  short.set(values);
  return short.bits;
}

/** Writes an array into a buffer as elements of `dtype`, in the order of what is submitted. */
export function upload(gpu: Gpu, buffer: GPUBuffer, offset: number, dtype: DType, given: TypedArray): void {
  const values = storedForm(dtype, given);
  if (values.byteLength === 0) return;
  if (values.byteLength % 4 === 0 && values.buffer instanceof ArrayBuffer) {
    gpu.device.queue.writeBuffer(buffer, offset, values.buffer, values.byteOffset, values.byteLength);
  } else gpu.device.queue.writeBuffer(buffer, offset, wholeWords(values));
}

/** Values of a variable; freed by hand or when the object is collected. */
export class GpuMemory implements DeviceBuffer {
  readonly type: TensorType;
  readonly gpu: Gpu;
  private readonly holding: Holding;
  private readonly length: number;

  /** Throws DTypeError for float64 and BackendError where the variable is too large. */
  constructor(gpu: Gpu, type: TensorType) {
    valueTypeOf(type.dtype);
    this.gpu = gpu;
    this.type = type;
    this.length = sizeOf(type.shape);
    const bytes = this.length * dtypes[type.dtype].bytes;
    const label = `a variable of shape [${type.shape.join(", ")}]`;
    this.holding = new Holding(gpu, gpu.buffer(bytes, usage.storage | usage.copySource | usage.copyTarget, label));
    orphans.register(this, this.holding, this);
  }

  /** The buffer. Throws StateError once freed. */
  get buffer(): GPUBuffer {
    if (this.holding.isFreed) throw new StateError({ where, problem: "memory of a variable is used after it was freed" });
    return this.holding.buffer;
  }

  write(values: TypedArray): void {
    if (values.length !== this.length) {
      throw new ShapeError({
        where,
        problem: "values do not fill a variable",
        expected: `${this.length} elements`,
        received: `${values.length} elements`,
      });
    }
    upload(this.gpu, this.buffer, 0, this.type.dtype, values);
  }

  async read(): Promise<TypedArray> {
    const { gpu } = this;
    const bytes = this.length * dtypes[this.type.dtype].bytes;
    const array = dtypes[this.type.dtype].array;
    if (bytes === 0) return new array(0);
    const whole = roundUp(bytes, 4);
    const staging = gpu.buffer(whole, usage.mapRead | usage.copyTarget, "a copy of a variable");
    try {
      const encoder = gpu.device.createCommandEncoder();
      encoder.copyBufferToBuffer(this.buffer, 0, staging, 0, whole);
      gpu.device.queue.submit([encoder.finish()]);
      return fromBytes(this.type.dtype, await gpu.map(staging, whole), 0, this.length);
    } finally {
      gpu.release(staging);
    }
  }

  free(): void {
    orphans.unregister(this);
    this.holding.free();
  }
}

/** An array of its own with `length` elements that stand at `offset`. */
export function fromBytes(dtype: TensorType["dtype"], bytes: ArrayBuffer, offset: number, length: number): TypedArray {
  return storedElements(dtype, bytes, offset, length).slice();
}
