/** Bytes that grow as they are written, little-endian. */
export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Makes room for `count` zeros at the end, which begin at a multiple of 8; gives where they begin. */
  reserve(count: number): number {
    const start = (this.#length + 7) & ~7;
    const end = start + count;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = end;
    return start;
  }

  /** Writes a number of 1, 2, 4 or 8 bytes at a place that is reserved. */
  put(at: number, size: 1 | 2 | 4 | 8, value: number): void {
    if (size === 1) this.#view.setUint8(at, value);
    else if (size === 2) this.#view.setUint16(at, value, true);
    else if (size === 4) this.#view.setUint32(at, value, true);
    else {
      this.#view.setUint32(at, value % 2 ** 32, true);
      this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
    }
  }

  /** Writes bytes at a place that is reserved. */
  set(at: number, bytes: ArrayLike<number>): void {
    this.#bytes.set(bytes, at);
  }

  /** What was written, without a copy. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
