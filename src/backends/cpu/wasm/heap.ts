/** The one linear memory of the back-end, and the allocator of its bytes. */
import { type DType, type HostDType, type StoredElements, storedElements, type TypedArray } from "../../../dtype/index.ts";
import { BackendError, InternalError } from "../../../errors.ts";
import type { MachineMemory, MemoryBlock } from "../runtime/machine.ts";
import { maximumPages, pageBytes, reservedBytes } from "./memory-bounds.ts";

/** Every allocation starts at a multiple of this: a cache line. */
const alignment = 64;

/** A part of the heap that is free. */
interface Range {
  start: number;
  bytes: number;
}

/**
 * WebAssembly memory that grows when it has to, at most to 4 GiB. It cannot shrink: what is freed is given out again.
 * The first `reservedBytes` belong to the control words of the threads and are never allocated.
 */
export class Heap implements MachineMemory {
  readonly memory: WebAssembly.Memory;
  readonly isShared: boolean;
  /** Counts growths: views made before the last one may be stale. */
  version = 0;
  /** Views of the whole memory, current until the next growth. */
  u8: Uint8Array;
  i32: Int32Array;
  u32: Uint32Array;
  f32: Float32Array;
  f64: Float64Array;
  /** Bytes given out. */
  bytesInUse = 0;
  readonly #free: Range[] = [];
  readonly #sizes = new Map<number, number>();
  #end: number = reservedBytes;
  readonly #maximumBytes: number;

  /** Throws BackendError where the engine gives no memory. */
  constructor(isShared: boolean, maximumBytes: number = maximumPages * pageBytes) {
    this.isShared = isShared;
    this.#maximumBytes = Math.floor(maximumBytes / pageBytes) * pageBytes;
    const initial = Math.ceil((2 * reservedBytes) / pageBytes);
    try {
      // Shared memory must name the maximum that emitted modules import.
      this.memory = new WebAssembly.Memory(isShared ? { initial, maximum: maximumPages, shared: true } : { initial });
    } catch (error) {
      throw new BackendError({
        where: "wasm back-end",
        problem: "the engine gives no WebAssembly memory",
        received: error instanceof Error ? error.message : String(error),
        advice: isShared ? "set NABLA_THREADS=1 to use memory that is not shared" : "close other programs, or use another back-end",
      });
    }
    const buffer = this.memory.buffer;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  /** Bytes of the memory as it is now. */
  get capacity(): number {
    return this.u8.length;
  }

  /**
   * Address of `bytes` fresh bytes (their contents are arbitrary). Throws BackendError where 4 GiB would not hold them;
   * `what` names the wish in the error.
   */
  allocate(bytes: number, what: string): number {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    const place = this.#takeFree(size) ?? this.#extend(size, what);
    this.#sizes.set(place, size);
    this.bytesInUse += size;
    return place;
  }

  block(bytes: number, what: string): MemoryBlock {
    return new HeapBlock(this, this.allocate(bytes, what));
  }

  byteAt(address: number): number {
    return this.u8[address]!;
  }

  /** Gives bytes back. */
  release(place: number): void {
    const bytes = this.#sizes.get(place);
    if (bytes === undefined) throw new InternalError("wasm heap", "frees what was not allocated", String(place));
    this.#sizes.delete(place);
    this.bytesInUse -= bytes;
    let at = this.#free.findIndex((range) => range.start > place);
    if (at < 0) at = this.#free.length;
    this.#free.splice(at, 0, { start: place, bytes });
    this.#join(at);
    this.#join(at - 1);
    const last = this.#free[this.#free.length - 1];
    if (last !== undefined && last.start + last.bytes === this.#end) {
      this.#end = last.start;
      this.#free.pop();
    }
  }

  /** A view of `length` elements of a dtype at an address. */
  view(dtype: HostDType, place: number, length: number): TypedArray;
  view(dtype: DType, place: number, length: number): StoredElements;
  view(dtype: DType, place: number, length: number): StoredElements {
    return storedElements(dtype, this.memory.buffer, place, length);
  }

  /** A copy of a typed array's elements at an address; the array's dtype must be `dtype`. */
  write(dtype: DType, place: number, values: TypedArray): void {
    this.view(dtype, place, values.length).set(values);
  }

  /** A copy of elements in an array of its own. */
  read(dtype: DType, place: number, length: number): TypedArray {
    return this.view(dtype, place, length).slice();
  }

  #takeFree(size: number): number | undefined {
    let best = -1;
    for (let i = 0; i < this.#free.length; i++) {
      const { bytes } = this.#free[i]!;
      if (bytes >= size && (best < 0 || bytes < this.#free[best]!.bytes)) best = i;
    }
    if (best < 0) return undefined;
    const range = this.#free[best]!;
    const place = range.start;
    range.start += size;
    range.bytes -= size;
    if (range.bytes === 0) this.#free.splice(best, 1);
    return place;
  }

  #extend(size: number, what: string): number {
    const place = this.#end;
    const needed = place + size;
    if (needed > this.#maximumBytes) this.#refuse(size, what);
    if (needed > this.capacity) {
      // Some more than needed, so that many small wishes do not grow one by one.
      const generous = Math.min(this.#maximumBytes, needed + Math.min(64 * 2 ** 20, Math.ceil(this.capacity / 8)));
      if (!this.#grow(generous) && !this.#grow(needed)) this.#refuse(size, what);
    }
    this.#end = needed;
    return place;
  }

  #grow(bytes: number): boolean {
    try {
      this.memory.grow(Math.ceil((bytes - this.capacity) / pageBytes));
    } catch {
      return false;
    }
    const buffer = this.memory.buffer;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.version++;
    return true;
  }

  #refuse(size: number, what: string): never {
    const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    throw new BackendError({
      where: "wasm back-end",
      problem: `${what} does not fit into WebAssembly memory`,
      expected: `at most ${mebibytes(this.#maximumBytes - reservedBytes)} altogether`,
      received: `${mebibytes(size)} more, with ${mebibytes(this.bytesInUse)} in use`,
      advice: "use a smaller batch or a smaller model, or a back-end without the limit (cpu, where the machine allows it)",
    });
  }

  /** Joins free range `at` with the next one where they touch. */
  #join(at: number): void {
    const range = this.#free[at];
    const next = this.#free[at + 1];
    if (range === undefined || next === undefined || range.start + range.bytes !== next.start) return;
    range.bytes += next.bytes;
    this.#free.splice(at + 1, 1);
  }
}

/** An allocation, written through the heap's current views. */
class HeapBlock implements MemoryBlock {
  readonly address: number;
  readonly #heap: Heap;

  constructor(heap: Heap, address: number) {
    this.#heap = heap;
    this.address = address;
  }

  setPointer(offset: number, address: number): void {
    this.#heap.u32[(this.address + offset) / 4] = address;
  }
  setInt32(offset: number, value: number): void {
    this.#heap.i32[(this.address + offset) / 4] = value;
  }
  setFloat32(offset: number, value: number): void {
    this.#heap.f32[(this.address + offset) / 4] = value;
  }
  setFloat64(offset: number, value: number): void {
    this.#heap.f64[(this.address + offset) / 8] = value;
  }
  getInt32(offset: number): number {
    return this.#heap.i32[(this.address + offset) / 4]!;
  }
  release(): void {
    this.#heap.release(this.address);
  }
}
