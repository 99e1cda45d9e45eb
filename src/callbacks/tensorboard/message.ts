/** Protocol buffers: writing messages field by field (https://protobuf.dev/programming-guides/encoding). */

/** A message under construction. Fields are written in the order of the calls. */
export class Message {
  readonly #bytes: number[] = [];
  static readonly #encoder: TextEncoder = new TextEncoder();

  #varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#bytes.push(Number(rest));
  }

  #key(field: number, wire: 0 | 1 | 2 | 5): void {
    this.#varint((field << 3) | wire);
  }

  /** int32, int64, bool, enum. */
  integer(field: number, value: number | bigint): this {
    this.#key(field, 0);
    this.#varint(value);
    return this;
  }

  double(field: number, value: number): this {
    this.#key(field, 1);
    this.#bytes.push(...new Uint8Array(Float64Array.of(value).buffer));
    return this;
  }

  float(field: number, value: number): this {
    this.#key(field, 5);
    this.#bytes.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  /** string, bytes, or an embedded message. */
  bytes(field: number, value: string | Uint8Array | Message): this {
    const content = typeof value === "string" ? Message.#encoder.encode(value) : value instanceof Message ? value.finish() : value;
    this.#key(field, 2);
    this.#varint(content.length);
    for (const byte of content) this.#bytes.push(byte);
    return this;
  }

  /** The message as bytes. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
