/** Memory in segments of their own, which go back to the system. */
import { type DType, dtypes, type HostDType, type StoredElements, storedElements, type TypedArray } from "../../../dtype/index.ts";
import { InternalError } from "../../../errors.ts";
import type { MachineMemory, MemoryBlock } from "../runtime/machine.ts";
import { HeldBuffers } from "./held-buffers.ts";
import type { Mappings } from "./mappings.ts";
import { pageBytes } from "./system.ts";

/** Every block starts at a multiple of this: a cache line. */
const alignment = 64;
/** Blocks from this size on have segments of their own. */
const largeBytes = 2 ** 20;
/** What small blocks are cut from. */
const poolBytes = 4 * 2 ** 20;
/** Segments from this size on start at a multiple of it and are advised to use huge pages. */
const hugeBytes = 2 * 2 ** 20;

/** Bytes that one window spans at most; the last one of a segment may be shorter. */
const windowBytes = 2 ** 32;

/** Views of some of a segment's bytes. */
class Window {
  readonly buffer: ArrayBuffer;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.u8 = new Uint8Array(buffer);
  }
}

/**
 * Pages of the system with views of them. The views never leave the runtime of programs, whose objects refuse to be used
 * once they have been freed: nothing reads a view of pages that were given back.
 */
class Segment {
  readonly address: number;
  readonly bytes: number;
  /** One after the other: a host may not view all bytes of a large segment at once. Words lie in one of them whole. */
  readonly windows: readonly Window[];
  /** Free parts in order, by offset; unused where the segment is one block. */
  readonly free: { offset: number; bytes: number }[] = [];
  used = 0;

  constructor(address: number, bytes: number, view: (address: number, bytes: number) => ArrayBuffer) {
    this.address = address;
    this.bytes = bytes;
    this.windows = Array.from(
      { length: Math.ceil(bytes / windowBytes) },
      (_, i) => new Window(view(address + i * windowBytes, Math.min(windowBytes, bytes - i * windowBytes))),
    );
  }

  /** The window that an offset lies in. */
  at(offset: number): Window {
    return this.windows[Math.floor(offset / windowBytes)]!;
  }
}

/** Memory of a native back-end: large blocks are mapped one by one, small ones cut from pools. */
export class NativeMemory implements MachineMemory {
  readonly version = 0;
  bytesInUse = 0;
  private readonly mappings: Mappings;
  private readonly held: HeldBuffers = new HeldBuffers(this);
  private readonly pools: Segment[] = [];
  /** All segments, by address in ascending order. */
  private readonly segments: Segment[] = [];

  constructor(mappings: Mappings) {
    this.mappings = mappings;
  }

  block(bytes: number, what: string): MemoryBlock {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    if (size >= largeBytes) {
      const segment = this.map(Math.ceil(size / pageBytes) * pageBytes, what);
      this.bytesInUse += segment.bytes;
      return new SegmentBlock(this, segment, 0, segment.bytes);
    }
    this.bytesInUse += size;
    for (const pool of this.pools) {
      const offset = takeFree(pool, size);
      if (offset >= 0) return new SegmentBlock(this, pool, offset, size);
    }
    const pool = this.map(poolBytes, what);
    pool.free.push({ offset: 0, bytes: poolBytes });
    this.pools.push(pool);
    return new SegmentBlock(this, pool, takeFree(pool, size), size);
  }

  view(dtype: HostDType, address: number, length: number): TypedArray;
  view(dtype: DType, address: number, length: number): StoredElements;
  view(dtype: DType, address: number, length: number): StoredElements {
    const segment = this.find(address);
    const offset = address - segment.address;
    const bytes = length * dtypes[dtype].bytes;
    // What spans two windows has a view of its own.
    if ((offset % windowBytes) + bytes > windowBytes) return storedElements(dtype, this.bytesAt(address, bytes), 0, length);
    return storedElements(dtype, segment.at(offset).buffer, offset % windowBytes, length);
  }

  heldBuffer(bytes: number): ArrayBuffer | undefined {
    return this.held.take(bytes);
  }

  /** The bytes of a block as a buffer of its own. */
  bufferOf({ address }: MemoryBlock, bytes: number): ArrayBuffer {
    return this.mappings.system.access.view(address, bytes);
  }

  byteAt(address: number): number {
    const segment = this.find(address);
    const offset = address - segment.address;
    return segment.at(offset).u8[offset % windowBytes]!;
  }

  /** Gives a block's bytes back; a pool that nothing uses goes back to the system while others remain. */
  release(segment: Segment, offset: number, bytes: number): void {
    this.bytesInUse -= bytes;
    const pool = this.pools.indexOf(segment);
    if (pool < 0) {
      this.unmap(segment);
      return;
    }
    giveBack(segment, offset, bytes);
    if (segment.used > 0 || this.pools.length === 1) return;
    this.pools.splice(pool, 1);
    this.unmap(segment);
  }

  private map(bytes: number, what: string): Segment {
    const address = bytes >= hugeBytes ? this.mapHuge(bytes, what) : this.mappings.map(bytes, what);
    const segment = new Segment(address, bytes, (start, length) => this.bytesAt(start, length));
    this.segments.splice(this.position(address), 0, segment);
    return segment;
  }

  private bytesAt(address: number, bytes: number): ArrayBuffer {
    return this.mappings.system.access.view(address, bytes);
  }

  private mapHuge(bytes: number, what: string): number {
    const { system } = this.mappings;
    const mapped = system.map(bytes + hugeBytes, what);
    const address = Math.ceil(mapped / hugeBytes) * hugeBytes;
    if (address > mapped) system.unmap(mapped, address - mapped);
    if (address < mapped + hugeBytes) system.unmap(address + bytes, mapped + hugeBytes - address);
    system.adviseHugePages(address, bytes);
    this.mappings.add(address, bytes);
    return address;
  }

  private unmap(segment: Segment): void {
    this.segments.splice(this.segments.indexOf(segment), 1);
    this.mappings.unmap(segment.address);
  }

  /** How many segments start at or below an address. */
  private position(address: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.segments[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private find(address: number): Segment {
    const segment = this.segments[this.position(address) - 1];
    if (segment === undefined || address >= segment.address + segment.bytes)
      throw new InternalError("x64 memory", "an address lies in no block", String(address));
    return segment;
  }
}

/** Offset of the smallest free part that fits, or -1. */
function takeFree(pool: Segment, size: number): number {
  let best: (typeof pool.free)[number] | undefined;
  for (const part of pool.free) if (part.bytes >= size && part.bytes < (best?.bytes ?? Infinity)) best = part;
  if (best === undefined) return -1;
  const { offset } = best;
  best.offset += size;
  best.bytes -= size;
  if (best.bytes === 0) pool.free.splice(pool.free.indexOf(best), 1);
  pool.used += size;
  return offset;
}

/** Frees a part, joined with its neighbours. */
function giveBack(pool: Segment, offset: number, bytes: number): void {
  pool.used -= bytes;
  const { free } = pool;
  let at = free.findIndex((part) => part.offset > offset);
  if (at < 0) at = free.length;
  const before = free[at - 1];
  const after = free[at];
  const joinsBefore = before !== undefined && before.offset + before.bytes === offset;
  const joinsAfter = after !== undefined && offset + bytes === after.offset;
  if (joinsBefore && joinsAfter) {
    before.bytes += bytes + after.bytes;
    free.splice(at, 1);
  } else if (joinsBefore) before.bytes += bytes;
  else if (joinsAfter) {
    after.offset = offset;
    after.bytes += bytes;
  } else free.splice(at, 0, { offset, bytes });
}

class SegmentBlock implements MemoryBlock {
  readonly address: number;
  private readonly memory: NativeMemory;
  private readonly segment: Segment;
  private readonly offset: number;
  private readonly bytes: number;
  private isReleased = false;

  constructor(memory: NativeMemory, segment: Segment, offset: number, bytes: number) {
    this.memory = memory;
    this.segment = segment;
    this.offset = offset;
    this.bytes = bytes;
    this.address = segment.address + offset;
  }

  setPointer(offset: number, address: number): void {
    const at = this.offset + offset;
    const { u32 } = this.segment.at(at);
    // The lower half first: typed arrays take numbers modulo 2^32.
    u32[(at % windowBytes) / 4] = address;
    u32[(at % windowBytes) / 4 + 1] = Math.floor(address / 2 ** 32);
  }
  setInt32(offset: number, value: number): void {
    const at = this.offset + offset;
    this.segment.at(at).i32[(at % windowBytes) / 4] = value;
  }
  setFloat32(offset: number, value: number): void {
    const at = this.offset + offset;
    this.segment.at(at).f32[(at % windowBytes) / 4] = value;
  }
  setFloat64(offset: number, value: number): void {
    const at = this.offset + offset;
    this.segment.at(at).f64[(at % windowBytes) / 8] = value;
  }
  getInt32(offset: number): number {
    const at = this.offset + offset;
    return this.segment.at(at).i32[(at % windowBytes) / 4]!;
  }
  release(): void {
    if (this.isReleased) throw new InternalError("x64 memory", "frees what was not allocated", String(this.address));
    this.isReleased = true;
    this.memory.release(this.segment, this.offset, this.bytes);
  }
}
