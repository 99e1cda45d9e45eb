/** Buffers whose memory is used again once the collector has taken them. */
import type { MemoryBlock } from "../runtime/machine.ts";

/** Smaller ones are left to the engine: the C library has such pieces at hand. */
const leastBytes = 2 ** 16;
/** Most bytes given out and kept; beyond it the engine's own arrays serve. */
const mostBytes = 2 ** 28;
/** What nobody asked for in this time goes back. */
const idleMilliseconds = 2000;

/** What blocks are cut from. */
export interface BlockSource {
  block(bytes: number, what: string): MemoryBlock;
  /** The bytes of a block as a buffer of its own. */
  bufferOf(block: MemoryBlock, bytes: number): ArrayBuffer;
}

interface Piece {
  readonly block: MemoryBlock;
  readonly bytes: number;
}

/**
 * Memory for results. An engine's own arrays of this size are pages that the C library gives back and the system hands out
 * zeroed again, some microseconds a page. Every buffer given out is an object of its own, which the collector sees with its
 * size; views of it keep it alive. When it is gone, its memory serves the next one.
 */
export class HeldBuffers {
  private readonly source: BlockSource;
  /** Free pieces by size. */
  private readonly free = new Map<number, Piece[]>();
  private readonly registry: FinalizationRegistry<Piece>;
  /** Bytes of all pieces, and how many were given out since the start. */
  private bytes = 0;
  private taken = 0;
  private isWatched = false;

  constructor(source: BlockSource) {
    this.source = source;
    this.registry = new FinalizationRegistry((piece) => {
      this.giveBack(piece);
    });
  }

  /** A buffer of arbitrary contents; undefined where the engine's own serve. It must not be transferred to another thread. */
  take(bytes: number): ArrayBuffer | undefined {
    if (bytes < leastBytes) return undefined;
    const piece = this.free.get(bytes)?.pop() ?? this.cut(bytes);
    if (piece === undefined) return undefined;
    this.taken++;
    const buffer = this.source.bufferOf(piece.block, bytes);
    this.registry.register(buffer, piece);
    return buffer;
  }

  private cut(bytes: number): Piece | undefined {
    if (this.bytes + bytes > mostBytes) this.trim();
    if (this.bytes + bytes > mostBytes) return undefined;
    const piece = { block: this.source.block(bytes, "a result"), bytes };
    this.bytes += bytes;
    return piece;
  }

  private giveBack(piece: Piece): void {
    const known = this.free.get(piece.bytes);
    if (known === undefined) this.free.set(piece.bytes, [piece]);
    else known.push(piece);
    if (!this.isWatched) this.watch();
  }

  /** Gives free pieces back to the system when nobody has asked for one in a while. */
  private watch(): void {
    this.isWatched = true;
    const { taken } = this;
    const timer: { unref?(): void } | number = setTimeout(() => {
      this.isWatched = false;
      if (this.taken === taken) this.trim();
      else this.watch();
    }, idleMilliseconds);
    if (typeof timer === "object") timer.unref?.();
  }

  private trim(): void {
    for (const pieces of this.free.values()) {
      for (const { block, bytes } of pieces) {
        this.bytes -= bytes;
        block.release();
      }
    }
    this.free.clear();
  }
}
