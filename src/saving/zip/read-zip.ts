/** Reads zip archives from bytes in memory (APPNOTE.TXT 6.3.10): entries that are stored are views, without a copy. */
import { FormatError } from "../source.ts";
import { crc32 } from "./crc32.ts";
import { inflateBounded } from "./inflate.ts";

const stored = 0;
const deflated = 8;
/** Deflate packs no better than this. */
const mostPacked = 1032;

/** An entry of an archive. */
interface ZipEntry {
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly size: number;
  readonly compressedSize: number;
  /** Where its local header stands. */
  readonly at: number;
}

/** Whether bytes begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/** A zip archive. Sizes and checksums are checked when an entry is read. */
export class ZipArchive {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  readonly #entries = new Map<string, ZipEntry>();

  /** Reads the directory. `where` names the file in errors. Throws FormatError for what is no archive, or a damaged one. */
  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
    this.#readDirectory();
  }

  /** Names of the entries, without folders. */
  get names(): string[] {
    return [...this.#entries.keys()].filter((name) => !name.endsWith("/"));
  }

  /** Whether there is an entry of this name. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Bytes that an entry takes beside those of the archive: none where it is stored as it is. */
  unpackedSize(name: string): number {
    const entry = this.#entries.get(name);
    return entry === undefined || entry.method === stored ? 0 : entry.size;
  }

  /** The bytes of an entry; undefined where there is none. `limit` bounds what compressed data may become. */
  read(name: string, limit: number = 2 ** 32): Uint8Array | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const what = `"${name}"`;
    if (entry.encrypted) throw this.#error(`${what} is encrypted`, undefined, "save the file again without a password");
    this.#expect(entry.at, 30, "an entry");
    if (this.#view.getUint32(entry.at, true) !== 0x04034b50) throw this.#damaged(`${what} does not stand where the directory says`);
    const start = entry.at + 30 + this.#view.getUint16(entry.at + 26, true) + this.#view.getUint16(entry.at + 28, true);
    this.#expect(start, entry.compressedSize, what);
    const raw = this.#bytes.subarray(start, start + entry.compressedSize);
    if (entry.method !== stored && entry.method !== deflated)
      throw this.#error(`${what} is compressed by method ${entry.method}`, "stored, or deflated", "save the file again with Keras");
    if (entry.method === deflated && entry.size > raw.length * mostPacked + 64)
      throw this.#error(
        `${what} claims to hold more than it can: ${entry.size} bytes`,
        `at most ${raw.length * mostPacked + 64} bytes from ${raw.length} packed`,
        "do not trust this file",
      );
    if (entry.method === deflated && entry.size > limit)
      throw this.#error(`${what} is too large: ${entry.size} bytes`, `${limit} bytes or fewer`, "do not trust this file");
    const bytes = entry.method === stored ? raw : inflateBounded(`${this.#where}: ${what}`, raw, entry.size);
    if (bytes.length !== entry.size) throw this.#damaged(`${what} has ${bytes.length} bytes instead of ${entry.size}`);
    if (crc32(bytes) !== entry.crc) throw this.#damaged(`the checksum of ${what} is wrong`);
    return bytes;
  }

  #error(problem: string, expected?: string, advice?: string): FormatError {
    return new FormatError({
      where: this.#where,
      problem,
      ...(expected === undefined ? {} : { expected }),
      ...(advice === undefined ? {} : { advice }),
    });
  }

  #damaged(problem: string): FormatError {
    return this.#error(`the archive is damaged: ${problem}`, undefined, "copy or write the file anew, or load an earlier copy");
  }

  #expect(at: number, count: number, what: string): void {
    if (at >= 0 && count >= 0 && at + count <= this.#bytes.length) return;
    throw this.#error(`the archive is truncated or damaged: ${what} ends outside of it`, `${at + count} bytes or more`);
  }

  #u64(at: number): number {
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  #readDirectory(): void {
    const end = this.#endRecord();
    let count = this.#view.getUint16(end + 10, true);
    let size = this.#view.getUint32(end + 12, true);
    let at = this.#view.getUint32(end + 16, true);
    if (
      (count === 0xffff || size === 0xffffffff || at === 0xffffffff) &&
      end >= 20 &&
      this.#view.getUint32(end - 20, true) === 0x07064b50
    ) {
      const large = this.#u64(end - 12);
      this.#expect(large, 56, "the directory");
      if (this.#view.getUint32(large, true) !== 0x06064b50) throw this.#damaged("the end of the directory is missing");
      [count, size, at] = [this.#u64(large + 32), this.#u64(large + 40), this.#u64(large + 48)];
    }
    this.#expect(at, size, "the directory");
    const decoder = new TextDecoder();
    let position = at;
    for (let index = 0; index < count; index++) {
      this.#expect(position, 46, "the directory");
      if (this.#view.getUint32(position, true) !== 0x02014b50) throw this.#damaged(`entry ${index} of the directory is missing`);
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => this.#view.getUint16(position + offset, true)) as [
        number,
        number,
        number,
      ];
      this.#expect(position + 46, nameLength + extraLength + commentLength, "the directory");
      const name = decoder.decode(this.#bytes.subarray(position + 46, position + 46 + nameLength));
      if (this.#entries.has(name)) throw this.#damaged(`"${name}" stands in the directory twice`);
      this.#entries.set(name, this.#entry(position, position + 46 + nameLength, extraLength));
      position += 46 + nameLength + extraLength + commentLength;
    }
  }

  #entry(position: number, extra: number, extraLength: number): ZipEntry {
    const view = this.#view;
    let [compressedSize, size, at] = [20, 24, 42].map((offset) => view.getUint32(position + offset, true)) as [number, number, number];
    // Sizes of 4 GB and more stand in an extra field.
    for (let field = extra; field + 4 <= extra + extraLength; field += 4 + view.getUint16(field + 2, true)) {
      if (view.getUint16(field, true) !== 1) continue;
      let value = field + 4;
      const next = (): number => {
        this.#expect(value, 8, "the directory");
        value += 8;
        return this.#u64(value - 8);
      };
      if (size === 0xffffffff) size = next();
      if (compressedSize === 0xffffffff) compressedSize = next();
      if (at === 0xffffffff) at = next();
    }
    return {
      method: view.getUint16(position + 10, true),
      encrypted: (view.getUint16(position + 8, true) & 1) !== 0,
      crc: view.getUint32(position + 16, true),
      size,
      compressedSize,
      at,
    };
  }

  #endRecord(): number {
    // A comment of up to 65535 bytes may follow.
    const first = Math.max(0, this.#bytes.length - 22 - 65535);
    for (let at = this.#bytes.length - 22; at >= first; at--) if (this.#view.getUint32(at, true) === 0x06054b50) return at;
    throw this.#error("this is no zip archive, or its end is missing", undefined, "copy or write the file anew");
  }
}
