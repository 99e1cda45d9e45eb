/** Loads and stores of the loop IR as WebAssembly: whole vectors, some lanes, bytes. */
import { bitcast, i32, isByteStorage, isNarrowStorage, shl, shrU, storageTypes } from "../loops/block.ts";
import { elementBytes } from "../loops/expression.ts";
import type { Address, Expr, Stmt, ValueType } from "../loops/ir.ts";
import { rareKernels } from "../loops/parts.ts";
import type { ByteWriter, WasmType } from "./encode.ts";
import { reservedBytes } from "./memory-bounds.ts";
import { localTypes } from "./opcode-tables.ts";

/** Lanes of a vector. */
export const laneCount: number = 4;

/** Byte 0 of every lane, then zeros. */
// prettier-ignore
const lowBytes = [0, 4, 8, 12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80];
/** Bytes 0 and 1 of every lane, then zeros. */
// prettier-ignore
const lowHalves = [0, 1, 4, 5, 8, 9, 12, 13, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80];

/** What the emitter of a function does for its memory instructions. */
export interface EmitHost {
  readonly code: ByteWriter;
  fail(problem: string, detail?: string): never;
  /** A scratch local; `release` gives it back once its last read is emitted. */
  scratch(type: WasmType): number;
  release(type: WasmType, local: number): void;
  expr(x: Expr): void;
  expect(x: Expr, type: ValueType): void;
  constant(type: ValueType, value: number): void;
  /** Takes the value on the stack into a variable, until the next call for its type. */
  keep(type: ValueType): Expr;
}

/** Emits the memory instructions of one function. */
export class MemoryEmitter {
  readonly #host: EmitHost;

  constructor(host: EmitHost) {
    this.#host = host;
  }

  /** Emits the base of an address; gives the offset for the instruction. */
  address(address: Address): number {
    let base = address.base;
    let offset = address.offset;
    while (base.op === "advance" && base.index.op === "const") {
      offset += base.index.value * base.scale;
      base = base.x;
    }
    this.#host.expect(base, "ptr");
    if (offset >= 0 && offset <= reservedBytes - 64) return offset;
    this.#host.code.i32Const(offset);
    this.#host.code.op("i32.add");
    return 0;
  }

  /** Emits an address that is needed `times` times; gives a function that pushes it again, and the offset. */
  #sharedAddress(address: Address, use: (push: () => void, offset: number) => void): void {
    const offset = this.address(address);
    const local = this.#host.scratch("i32");
    this.#host.code.opWith("local.set", local);
    use(() => this.#host.code.opWith("local.get", local), offset);
    this.#host.release("i32", local);
  }

  #staticCount(count: number | Expr | undefined): number {
    if (count === undefined) return laneCount;
    if (typeof count !== "number" || count < 0 || count > laneCount) this.#host.fail("a count of lanes must be a number from 0 to 4");
    return count;
  }

  load(x: Extract<Expr, { op: "load" }>): void {
    const { code } = this.#host;
    const isVector = localTypes[x.type] === "v128";
    const laneType = storageTypes[x.storage];
    const sign = x.storage === "i8" ? "s" : "u";
    if (x.type !== (isVector ? `${laneType}v` : laneType)) this.#host.fail(`storage ${x.storage} does not load as ${x.type}`);
    if (!isVector) {
      const offset = this.address(x.address);
      switch (x.storage) {
        case "f32":
          return code.memory("f32.load", 2, offset);
        case "f64":
          return code.memory("f64.load", 3, offset);
        case "i32":
          return code.memory("i32.load", 2, offset);
        case "i8":
        case "u8":
          return code.memory(`i32.load8_${sign}`, 0, offset);
        case "f16":
        case "bf16":
          code.memory("i32.load16_u", 1, offset);
          return this.#widen(x.storage, "i32");
      }
    }
    if (x.splat === true) {
      const offset = this.address(x.address);
      if (x.storage === "f16" || x.storage === "bf16") {
        code.memory("i32.load16_u", 1, offset);
        code.op("i32x4.splat");
        return this.#widen(x.storage, "i32v");
      }
      if (!isByteStorage(x.storage)) return code.memory("v128.load32_splat", 2, offset);
      code.memory(`i32.load8_${sign}`, 0, offset);
      return code.op("i32x4.splat");
    }
    const count = this.#staticCount(x.count);
    if (count === 0) return this.#host.constant("i32v", 0);
    if (isByteStorage(x.storage)) {
      this.#loadBytes(x.address, count);
      code.op(`i16x8.extend_low_i8x16_${sign}`);
      return code.op(`i32x4.extend_low_i16x8_${sign}`);
    }
    if (x.storage === "f16" || x.storage === "bf16") {
      this.#loadHalves(x.address, count);
      code.op("i32x4.extend_low_i16x8_u");
      return this.#widen(x.storage, "i32v");
    }
    if (count === 3) {
      return this.#sharedAddress(x.address, (push, offset) => {
        push();
        push();
        code.memory("v128.load64_zero", 2, offset);
        code.memory("v128.load32_lane", 2, offset + 8);
        code.byte(2);
      });
    }
    const offset = this.address(x.address);
    code.memory(count === 4 ? "v128.load" : count === 2 ? "v128.load64_zero" : "v128.load32_zero", 2, offset);
  }

  /** The values of the bits on the stack (in the low halves of lanes). */
  #widen(storage: "f16" | "bf16", type: "i32" | "i32v"): void {
    const bits = this.#host.keep(type);
    this.#host.expr(
      storage === "f16" ? rareKernels.get().fromHalfBits(bits) : bitcast(type === "i32v" ? "f32v" : "f32", shl(bits, i32(16))),
    );
  }

  /** Pushes the bits of a value. */
  #narrow(storage: "f16" | "bf16", value: Expr): void {
    this.#host.expr(value);
    const kept = this.#host.keep(value.type);
    this.#host.expr(
      storage === "f16" ? rareKernels.get().toHalfBits(kept) : shrU(bitcast(value.type === "f32v" ? "i32v" : "i32", kept), i32(16)),
    );
  }

  /** The first `count` pairs of bytes in the low lanes of a v128, the rest 0. */
  #loadHalves(address: Address, count: number): void {
    const { code } = this.#host;
    if (count === 4) return code.memory("v128.load64_zero", 1, this.address(address));
    if (count === 2) return code.memory("v128.load32_zero", 1, this.address(address));
    this.#sharedAddress(address, (push, offset) => {
      if (count === 3) push();
      push();
      if (count === 3) code.memory("v128.load32_zero", 1, offset);
      else this.#host.constant("i32v", 0);
      code.memory("v128.load16_lane", 0, offset + (count === 3 ? 4 : 0));
      code.byte(count === 3 ? 2 : 0);
    });
  }

  /** The first `count` bytes in the low bytes of a v128, the rest 0 (whole or zeroed up to four). */
  #loadBytes(address: Address, count: number): void {
    const { code } = this.#host;
    if (count === 4) {
      const offset = this.address(address);
      return code.memory("v128.load32_zero", 0, offset);
    }
    this.#sharedAddress(address, (push, offset) => {
      if (count === 3) push();
      push();
      this.#host.constant("i32v", 0);
      if (count === 1) {
        code.memory("v128.load8_lane", 0, offset);
        return code.byte(0);
      }
      code.memory("v128.load16_lane", 0, offset);
      code.byte(0);
      if (count === 3) {
        code.memory("v128.load8_lane", 0, offset + 2);
        code.byte(2);
      }
    });
  }

  store(s: Extract<Stmt, { op: "store" }>): void {
    const { code } = this.#host;
    const { value, storage } = s;
    const isVector = localTypes[value.type] === "v128";
    const laneType = storageTypes[storage];
    if (value.type !== (isVector ? `${laneType}v` : laneType)) this.#host.fail(`${value.type} cannot be stored as ${storage}`);
    if (!isVector) {
      const offset = this.address(s.address);
      if (storage === "f16" || storage === "bf16") {
        this.#narrow(storage, value);
        return code.memory("i32.store16", 1, offset);
      }
      this.#host.expr(value);
      switch (storage) {
        case "f32":
          return code.memory("f32.store", 2, offset);
        case "f64":
          return code.memory("f64.store", 3, offset);
        case "i32":
          return code.memory("i32.store", 2, offset);
        case "i8":
        case "u8":
          return code.memory("i32.store8", 0, offset);
      }
    }
    const count = this.#staticCount(s.count);
    if (count === 0) return;
    const pushValue = (): void => {
      if (storage === "f16" || storage === "bf16") this.#narrow(storage, value);
      else this.#host.expr(value);
      if (!isNarrowStorage(storage)) return;
      code.op("v128.const");
      for (const byte of isByteStorage(storage) ? lowBytes : lowHalves) code.byte(byte);
      code.op("i8x16.swizzle");
    };
    const bytes = count * elementBytes[storage];
    if (bytes === 16) {
      const offset = this.address(s.address);
      pushValue();
      return code.memory("v128.store", 2, offset);
    }
    const pieces = storePieces.filter((piece) => (bytes & piece.bytes) !== 0);
    if (pieces.length === 1) {
      const offset = this.address(s.address);
      pushValue();
      code.memory(pieces[0]!.opcode, 0, offset);
      return code.byte(0);
    }
    this.#sharedAddress(s.address, (push, offset) => {
      const vector = this.#host.scratch("v128");
      pushValue();
      code.opWith("local.set", vector);
      let done = 0;
      for (const piece of pieces) {
        push();
        code.opWith("local.get", vector);
        code.memory(piece.opcode, 0, offset + done);
        code.byte(done / piece.bytes);
        done += piece.bytes;
      }
      this.#host.release("v128", vector);
    });
  }
}

/** Largest first: what is stored before a piece is a multiple of its size. */
const storePieces = [
  { bytes: 8, opcode: "v128.store64_lane" },
  { bytes: 4, opcode: "v128.store32_lane" },
  { bytes: 2, opcode: "v128.store16_lane" },
  { bytes: 1, opcode: "v128.store8_lane" },
] as const;
