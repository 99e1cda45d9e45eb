/** Memory of variables on a device. */
import { type DType, dtypes, isShortFloat, ShortFloatArray, storedElements, type TypedArray } from "../../../dtype/index.ts";
import { ShapeError, StateError } from "../../../errors.ts";
import { sizeOf, type TensorType } from "../../../graph/index.ts";
import type { DeviceBuffer } from "../../backend.ts";
import { valueTypeOf } from "../wgsl/literals.ts";
import { alignmentBytes, type Gpu, roundUp, where } from "./gpu.ts";
import { usage } from "./usage.ts";

/** A device buffer that several variables are in; given back with the last of them. */
class Slab {
  readonly gpu: Gpu;
  readonly buffer: GPUBuffer;
  readonly holdings: Set<Holding> = new Set<Holding>();

  constructor(gpu: Gpu, bytes: number) {
    this.gpu = gpu;
    this.buffer = gpu.buffer(bytes, usages, "variables of a program");
  }

  leave(holding: Holding): void {
    this.holdings.delete(holding);
    if (this.holdings.size === 0) this.gpu.release(this.buffer);
  }
}

/** Where a variable is in device memory; another object where it has moved. */
export interface GpuPlace {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

const usages = usage.storage | usage.copySource | usage.copyTarget;

/** Memory of a variable, shared with the registry, which must not hold the variable itself. */
class Holding {
  readonly gpu: Gpu;
  readonly bytes: number;
  place: GpuPlace;
  slab: Slab | undefined;
  isFreed = false;

  constructor(gpu: Gpu, buffer: GPUBuffer) {
    this.gpu = gpu;
    this.bytes = buffer.size;
    this.place = { buffer, offset: 0 };
  }

  /** Gives back the memory that the variable is in. */
  leave(): void {
    if (this.slab === undefined) this.gpu.release(this.place.buffer);
    else this.slab.leave(this);
  }

  free(): void {
    if (this.isFreed) return;
    this.isFreed = true;
    this.leave();
  }
}

/**
 * Brings variables into one device buffer, in the order of what is submitted, and with them those that share one with any of
 * them: programs that use some of them in turn do not move them to and fro. Not those where all would exceed `most` bytes.
 */
export function bringTogether(variables: readonly GpuMemory[], most: number): GPUBuffer {
  const own = new Set(variables.map(({ held }) => held));
  const slab = [...own][0]!.slab;
  if (slab !== undefined && [...own].every((holding) => holding.slab === slab)) return slab.buffer;
  const sizeOf = (holdings: Iterable<Holding>): number => [...holdings].reduce((sum, { bytes }) => sum + roundUp(bytes, alignmentBytes), 0);
  const all = new Set([...own].flatMap((holding) => [holding, ...(holding.slab?.holdings ?? [])]));
  const moved = sizeOf(all) <= most ? all : own;
  const { gpu } = variables[0]!;
  const next = new Slab(gpu, sizeOf(moved));
  const encoder = gpu.device.createCommandEncoder();
  let offset = 0;
  for (const { place, bytes } of moved) {
    encoder.copyBufferToBuffer(place.buffer, place.offset, next.buffer, offset, bytes);
    offset += roundUp(bytes, alignmentBytes);
  }
  gpu.device.queue.submit([encoder.finish()]);
  offset = 0;
  for (const holding of moved) {
    holding.leave();
    holding.place = { buffer: next.buffer, offset };
    holding.slab = next;
    next.holdings.add(holding);
    offset += roundUp(holding.bytes, alignmentBytes);
  }
  return next.buffer;
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
    this.holding = new Holding(gpu, gpu.buffer(bytes, usages, label));
    orphans.register(this, this.holding, this);
  }

  /** What holds the memory. Throws StateError once freed. */
  get held(): Holding {
    if (this.holding.isFreed) throw new StateError({ where, problem: "memory of a variable is used after it was freed" });
    return this.holding;
  }

  /** Where the variable is. Throws StateError once freed. */
  get place(): GpuPlace {
    return this.held.place;
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
    const { buffer, offset } = this.place;
    upload(this.gpu, buffer, offset, this.type.dtype, values);
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
      const { buffer, offset } = this.place;
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, whole);
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
