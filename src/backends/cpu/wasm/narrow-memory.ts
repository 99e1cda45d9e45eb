/** Loads and stores of elements of one and two bytes: integers and booleans, float16, bfloat16. */
import { bitcast, i32, isByteStorage, shl, shrU } from "../loops/block.ts";
import type { Address, Expr, Storage } from "../loops/ir.ts";
import { rareKernels } from "../loops/parts.ts";
import type { MemoryEmitter } from "./emit-memory.ts";
import { localTypes } from "./opcode-tables.ts";

/** Byte 0 of every lane, then zeros. */
// prettier-ignore
const lowBytes = [0, 4, 8, 12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80];
/** Bytes 0 and 1 of every lane, then zeros. */
// prettier-ignore
const lowHalves = [0, 1, 4, 5, 8, 9, 12, 13, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80];

/** Pushes what a load reads. */
export function loadNarrow(memory: MemoryEmitter, x: Extract<Expr, { op: "load" }>): void {
  const { code } = memory.host;
  const { storage } = x;
  const isVector = localTypes[x.type] === "v128";
  const isByte = isByteStorage(storage);
  const sign = storage === "i8" ? "s" : "u";
  if (!isVector || x.splat === true) {
    const offset = memory.address(x.address);
    code.op(isByte ? `i32.load8_${sign}` : "i32.load16_u", isByte ? 0 : 1, offset);
    if (isVector) code.op("i32x4.splat");
  } else {
    const count = memory.staticCount(x.count);
    if (count === 0) return memory.host.constant("i32v", 0);
    if (isByte) {
      loadBytes(memory, x.address, count);
      code.op(`i16x8.extend_low_i8x16_${sign}`);
      return code.op(`i32x4.extend_low_i16x8_${sign}`);
    }
    loadHalves(memory, x.address, count);
    code.op("i32x4.extend_low_i16x8_u");
  }
  if (isByte) return;
  // The values of the bits on the stack (in the low halves of lanes).
  const bits = memory.host.keep(isVector ? "i32v" : "i32");
  memory.host.expr(storage === "f16" ? rareKernels.get().fromHalfBits(bits) : bitcast(isVector ? "f32v" : "f32", shl(bits, i32(16))));
}

/** Stores a scalar at the address on the stack. */
export function storeNarrow(memory: MemoryEmitter, value: Expr, storage: Storage, offset: number): void {
  pushBits(memory, value, storage);
  if (isByteStorage(storage)) memory.host.code.op("i32.store8", 0, offset);
  else memory.host.code.op("i32.store16", 1, offset);
}

/** Pushes a vector whose first bytes are the elements as they are stored. */
export function pushNarrow(memory: MemoryEmitter, value: Expr, storage: Storage): void {
  const { code } = memory.host;
  pushBits(memory, value, storage);
  code.op("v128.const");
  for (const byte of isByteStorage(storage) ? lowBytes : lowHalves) code.byte(byte);
  code.op("i8x16.swizzle");
}

/** Pushes a value: of two-byte floats its bits. */
function pushBits({ host }: MemoryEmitter, value: Expr, storage: Storage): void {
  host.expr(value);
  if (isByteStorage(storage)) return;
  const kept = host.keep(value.type);
  host.expr(storage === "f16" ? rareKernels.get().toHalfBits(kept) : shrU(bitcast(value.type === "f32v" ? "i32v" : "i32", kept), i32(16)));
}

/** The first `count` pairs of bytes in the low lanes of a v128, the rest 0. */
function loadHalves(memory: MemoryEmitter, address: Address, count: number): void {
  const { code } = memory.host;
  if (count === 4) return code.op("v128.load64_zero", 1, memory.address(address));
  if (count === 2) return code.op("v128.load32_zero", 1, memory.address(address));
  memory.sharedAddress(address, (push, offset) => {
    if (count === 3) push();
    push();
    if (count === 3) code.op("v128.load32_zero", 1, offset);
    else memory.host.constant("i32v", 0);
    code.op("v128.load16_lane", 0, offset + (count === 3 ? 4 : 0), count === 3 ? 2 : 0);
  });
}

/** The first `count` bytes in the low bytes of a v128, the rest 0 (whole or zeroed up to four). */
function loadBytes(memory: MemoryEmitter, address: Address, count: number): void {
  const { code } = memory.host;
  if (count === 4) return code.op("v128.load32_zero", 0, memory.address(address));
  memory.sharedAddress(address, (push, offset) => {
    if (count === 3) push();
    push();
    memory.host.constant("i32v", 0);
    if (count === 1) return code.op("v128.load8_lane", 0, offset, 0);
    code.op("v128.load16_lane", 0, offset, 0);
    if (count === 3) code.op("v128.load8_lane", 0, offset + 2, 2);
  });
}
