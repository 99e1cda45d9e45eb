/** Words of a mapping that generated code reads and writes too. */

/** Typed access by byte offset. 64-bit values are numbers below 2^53. */
export class Words {
  readonly address: number;
  private readonly i32: Int32Array;
  private readonly u32: Uint32Array;

  constructor(address: number, buffer: ArrayBuffer) {
    this.address = address;
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
  }

  getInt32(offset: number): number {
    return this.i32[offset >> 2]!;
  }
  setInt32(offset: number, value: number): void {
    this.i32[offset >> 2] = value;
  }
  getInt64(offset: number): number {
    return this.u32[offset >> 2]! + this.i32[(offset >> 2) + 1]! * 2 ** 32;
  }
  setInt64(offset: number, value: number): void {
    this.u32[offset >> 2] = value;
    this.i32[(offset >> 2) + 1] = Math.floor(value / 2 ** 32);
  }
}
