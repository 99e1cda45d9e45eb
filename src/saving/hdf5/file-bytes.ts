/** Bounded reading of a file's bytes: nothing outside them is ever looked at. */
import { FormatError } from "../source.ts";

/** The address that stands for none. */
export const noAddress = -1;

/** The bytes of an HDF5 file, little-endian. */
export class FileBytes {
  readonly bytes: Uint8Array;
  readonly where: string;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, where: string) {
    this.bytes = bytes;
    this.where = where;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Number of bytes. */
  get length(): number {
    return this.bytes.length;
  }

  /** The error of a file that is not what it should be. */
  broken(problem: string, received?: string): FormatError {
    return new FormatError({
      where: this.where,
      problem: `the HDF5 file is damaged: ${problem}`,
      ...(received === undefined ? {} : { received }),
      advice: "write the file anew, or load an earlier copy",
    });
  }

  /** The error of a file that is right but holds what is not read here. */
  unsupported(what: string): FormatError {
    return new FormatError({
      where: this.where,
      problem: `the HDF5 file uses ${what}, which is not read here`,
      expected: "files as h5py writes them by default",
      advice: 'write it again with h5py.File(path, "w"), without the option libver',
    });
  }

  /** Throws FormatError unless `count` bytes stand at `at`. */
  check(at: number, count: number): void {
    if (at >= 0 && count >= 0 && at + count <= this.length) return;
    throw this.broken("it points outside itself", `${count} bytes at ${at} of ${this.length}`);
  }

  u8(at: number): number {
    this.check(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    this.check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.check(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** A length or extent; those beyond 2^53 are read as 2^53, which fits nowhere. */
  u64(at: number): number {
    const [low, high] = [this.u32(at), this.u32(at + 4)];
    return Math.min(high * 2 ** 32 + low, 2 ** 53);
  }

  /** An address; noAddress where it is undefined. */
  address(at: number): number {
    return this.u32(at) === 0xffffffff && this.u32(at + 4) === 0xffffffff ? noAddress : this.u64(at);
  }

  /** Bytes of the file, without a copy. */
  slice(at: number, count: number): Uint8Array {
    this.check(at, count);
    return this.bytes.subarray(at, at + count);
  }

  /** Throws FormatError unless a signature stands at `at`. */
  expectSignature(at: number, signature: string): void {
    const found = new TextDecoder("latin1").decode(this.slice(at, signature.length));
    if (found !== signature) throw this.broken(`"${signature}" is missing at ${at}`);
  }

  /** The text that ends with a zero byte, within `limit` bytes. */
  text(at: number, limit: number): string {
    const bytes = this.slice(at, Math.min(limit, this.length - at));
    const end = bytes.indexOf(0);
    if (end < 0) throw this.broken("a name has no end");
    return new TextDecoder().decode(bytes.subarray(0, end));
  }
}
