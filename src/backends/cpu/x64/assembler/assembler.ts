/**
 * An x86-64 assembler: instructions in the vendor manual's spelling to bytes. The shortest of the tables' encodings is
 * taken: VEX where no operand needs EVEX, disp8 where the displacement fits.
 *
 * Source: Intel SDM volume 2, chapter 2 (formats of legacy, VEX and EVEX instructions).
 */
import { InternalError } from "../../../../errors.ts";
import { type Encoding, encodingsOf, type Mnemonic, operandCode, signature } from "./encodings.ts";
import { formatOperand, type Label, type Memory, type Operand, type Register } from "./operands.ts";

interface Fixup {
  readonly label: Label;
  /** Where the displacement stands, and its bytes. */
  readonly at: number;
  readonly bytes: 1 | 4;
  /** Position that the displacement counts from. */
  readonly from: number;
  readonly addend: number;
}

/** An instruction as text, in Intel syntax. */
export function formatInstruction(mnemonic: Mnemonic, operands: readonly Operand[]): string {
  return operands.length === 0 ? mnemonic : `${mnemonic} ${operands.map(formatOperand).join(",")}`;
}

/** Collects instructions and data; `finish` resolves labels. Positions are bytes from the start. */
export class Assembler {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  #length = 0;
  readonly #fixups: Fixup[] = [];
  /** Whether the encoding that was found last is taken with EVEX. */
  #isEvex = false;

  /** Bytes so far. */
  get position(): number {
    return this.#length;
  }

  /** A new label. Jumps to a `short` one that is not bound yet take a one-byte displacement (checked when it is bound). */
  label(options: { readonly short?: boolean } = {}): Label {
    return { kind: "label", position: -1, isShort: options.short === true };
  }

  /** The label stands here. Throws InternalError when it is bound already. */
  bind(label: Label): void {
    if (label.position >= 0) throw new InternalError("x64 assembler", "a label is bound twice");
    label.position = this.#length;
  }

  /** Zero bytes (or `nop`s) up to a multiple of `bytes`. */
  align(bytes: number, fill: 0 | 0x90 = 0): void {
    while (this.#length % bytes !== 0) this.byte(fill);
  }

  /** One byte of data. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = value;
  }

  /** Four bytes of data, least significant first. */
  int32(value: number): void {
    this.byte(value & 255);
    this.byte((value >> 8) & 255);
    this.byte((value >> 16) & 255);
    this.byte((value >> 24) & 255);
  }

  /** Eight bytes of data. */
  int64(value: bigint): void {
    const low = BigInt.asIntN(32, value);
    this.int32(Number(low));
    this.int32(Number(BigInt.asIntN(32, value >> 32n)));
  }

  /**
   * One instruction. Throws InternalError where there is no encoding for these operands (a high register, mask or
   * broadcast on an instruction without EVEX; an immediate out of range; memory of unknown size).
   */
  emit(mnemonic: Mnemonic, ...operands: Operand[]): void {
    this.emitList(mnemonic, operands);
  }

  /** The same with operands as a list. */
  emitList(mnemonic: Mnemonic, operands: readonly Operand[]): void {
    const encoding = this.#find(mnemonic, operands);
    if (encoding === null) this.#fail("there is no encoding for these operands", mnemonic, operands);
    switch (encoding.form) {
      case "jump":
        return this.#jump(encoding, operands[0] as Label);
      case "general":
        return this.#general(encoding, operands);
      case "vector":
        return this.#vector(encoding, operands);
    }
  }

  /** Whether there is an encoding for these operands. */
  encodes(mnemonic: Mnemonic, operands: readonly Operand[]): boolean {
    return this.#find(mnemonic, operands) !== null;
  }

  #find(mnemonic: Mnemonic, operands: readonly Operand[]): Encoding | null {
    let key = 0;
    // What no table line is asked about: masks, and all that is said of memory.
    let isPlain = true;
    let needsEvex = false;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i]!;
      key |= operandCode(operand) << (4 * i);
      if (typeof operand !== "object" || operand.kind === "label") continue;
      if (operand.mask !== undefined) {
        isPlain = false;
        needsEvex = true;
      }
      if (operand.kind === "mem") {
        isPlain = false;
        if (operand.broadcast > 0) needsEvex = true;
      } else if (operand.kind === "zmm" || operand.number > 15) needsEvex = true;
    }
    const candidates = encodingsOf(mnemonic, key);
    if (candidates === undefined) return null;
    for (const candidate of candidates) {
      if (candidate.form === "vector" && !candidate.hasEvex && needsEvex) continue;
      if (!isPlain && !fits(candidate, operands)) continue;
      this.#isEvex = candidate.form === "vector" && (needsEvex || !candidate.hasVex);
      return candidate;
    }
    return null;
  }

  /** Code and data with every label resolved. Throws InternalError for labels without a place. */
  finish(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#length);
    const view = new DataView(bytes.buffer);
    for (const { label, at, bytes: width, from, addend } of this.#fixups) {
      if (label.position < 0) throw new InternalError("x64 assembler", "a label is used and never bound");
      const distance = label.position - from + addend;
      if (width === 4) view.setInt32(at, distance, true);
      else if (distance >= -128 && distance <= 127) view.setInt8(at, distance);
      else throw new InternalError("x64 assembler", "a short jump reaches too far", `${distance} bytes`);
    }
    return bytes;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  #fail(problem: string, mnemonic: Mnemonic, operands: readonly Operand[]): never {
    throw new InternalError("x64 assembler", problem, formatInstruction(mnemonic, operands));
  }

  #jump(encoding: Encoding, label: Label): void {
    if (encoding.shortOpcode >= 0 && (label.position >= 0 ? label.position - (this.#length + 2) >= -128 : label.isShort)) {
      this.byte(encoding.shortOpcode);
      this.#displacement(label, 1, 0, 0);
      return;
    }
    for (const byte of encoding.opcode) this.byte(byte);
    this.#displacement(label, 4, 0, 0);
  }

  /** A displacement to a label, with `following` bytes of the instruction after it. */
  #displacement(label: Label, bytes: 1 | 4, following: number, addend: number): void {
    const from = this.#length + bytes + following;
    this.#fixups.push({ label, at: this.#length, bytes, from, addend });
    for (let i = 0; i < bytes; i++) this.byte(0);
  }

  #general(encoding: Encoding, operands: readonly Operand[]): void {
    const { fields, inOpcode } = encoding;
    const rmOperand = fields.rm < 0 ? null : (operands[fields.rm] as Register | Memory);
    const regOperand = fields.reg < 0 ? null : (operands[fields.reg] as Register);
    let rex = encoding.wide ? 0x48 : 0;
    const reg = regOperand?.number ?? Math.max(0, encoding.digit);
    if (inOpcode) {
      if (reg >= 8) rex |= 0x41;
    } else if (reg >= 8) rex |= 0x44;
    if (regOperand?.kind === "r8" && reg >= 4) rex |= 0x40;
    if (rmOperand !== null) {
      if (rmOperand.kind === "mem") {
        if ((rmOperand.base?.number ?? 0) >= 8) rex |= 0x41;
        if ((rmOperand.index?.number ?? 0) >= 8) rex |= 0x42;
      } else {
        if (rmOperand.number >= 8) rex |= 0x41;
        if (rmOperand.kind === "r8" && rmOperand.number >= 4) rex |= 0x40;
      }
    }
    if (encoding.prefix !== 0) this.byte(encoding.prefix);
    if (rex !== 0) this.byte(rex);
    const { opcode } = encoding;
    for (let i = 0; i < opcode.length - 1; i++) this.byte(opcode[i]!);
    this.byte(opcode[opcode.length - 1]! + (inOpcode ? reg & 7 : 0));
    if (rmOperand !== null) this.#modrm(reg, rmOperand, 1, encoding.immediateBytes);
    if (fields.immediate >= 0) this.#immediate(encoding.immediateBytes, operands[fields.immediate] as number | bigint);
  }

  #immediate(bytes: number, value: number | bigint): void {
    if (bytes === 8) this.int64(BigInt(value));
    else if (bytes === 4) this.int32(Number(value) | 0);
    else this.byte(Number(value) & 255);
  }

  #vector(encoding: Encoding, operands: readonly Operand[]): void {
    const { fields } = encoding;
    const rm = fields.rm < 0 ? null : (operands[fields.rm] as Register | Memory);
    let reg = fields.reg < 0 ? Math.max(0, encoding.digit) : (operands[fields.reg] as Register).number;
    const vvvv = fields.vvvv < 0 ? 0 : (operands[fields.vvvv] as Register).number;
    const isEvex = this.#isEvex;
    let b = 0;
    let x = 0;
    if (rm !== null) {
      if (rm.kind === "mem") {
        b = ((rm.base?.number ?? 0) >> 3) & 1;
        x = ((rm.index?.number ?? 0) >> 3) & 1;
      } else {
        b = (rm.number >> 3) & 1;
        x = (rm.number >> 4) & 1;
      }
    }
    const r = (reg >> 3) & 1;
    if (isEvex) {
      const first = operands[0];
      const mask = typeof first === "object" && first.kind !== "label" ? first.mask : undefined;
      const broadcast = rm?.kind === "mem" && rm.broadcast > 0 ? 1 : 0;
      this.byte(0x62);
      this.byte(((r ^ 1) << 7) | ((x ^ 1) << 6) | ((b ^ 1) << 5) | (((reg >> 4) ^ 1) << 4) | encoding.map);
      this.byte((encoding.evexW << 7) | ((~vvvv & 15) << 3) | 4 | encoding.prefix);
      this.byte(
        ((mask?.zeroing === true ? 1 : 0) << 7) |
          (encoding.length << 5) |
          (broadcast << 4) |
          (((vvvv >> 4) ^ 1) << 3) |
          (mask?.register ?? 0),
      );
    } else if (encoding.map === 1 && encoding.vexW === 0 && b === 0 && x === 0) {
      this.byte(0xc5);
      this.byte(((r ^ 1) << 7) | ((~vvvv & 15) << 3) | (encoding.length << 2) | encoding.prefix);
    } else {
      this.byte(0xc4);
      this.byte(((r ^ 1) << 7) | ((x ^ 1) << 6) | ((b ^ 1) << 5) | encoding.map);
      this.byte((encoding.vexW << 7) | ((~vvvv & 15) << 3) | (encoding.length << 2) | encoding.prefix);
    }
    this.byte(encoding.opcode[0]!);
    if (rm === null) return;
    reg &= 7;
    const broadcasts = rm.kind === "mem" && rm.broadcast > 0;
    this.#modrm(reg, rm, isEvex ? (broadcasts ? encoding.broadcast : encoding.dispScale) : 1, encoding.immediateBytes);
    if (fields.is4 >= 0) this.byte((operands[fields.is4] as Register).number << 4);
    else if (fields.immediate >= 0) this.#immediate(1, operands[fields.immediate] as number);
  }

  /** ModRM, SIB and displacement; disp8 counts in `scale` bytes. */
  #modrm(reg: number, rm: Register | Memory, scale: number, following: number): void {
    const high = (reg & 7) << 3;
    if (rm.kind !== "mem") {
      this.byte(0xc0 | high | (rm.number & 7));
      return;
    }
    const { base, index, disp } = rm;
    if (rm.label !== null) {
      this.byte(high | 5);
      this.#displacement(rm.label, 4, following, disp);
      return;
    }
    const sib = ((rm.scale === 1 ? 0 : rm.scale === 2 ? 1 : rm.scale === 4 ? 2 : 3) << 6) | ((index === null ? 4 : index.number & 7) << 3);
    if (base === null) {
      this.byte(high | 4);
      this.byte(sib | 5);
      this.int32(disp);
      return;
    }
    const low = base.number & 7;
    const compressed = disp / scale;
    const mode = disp === 0 && low !== 5 ? 0 : Number.isInteger(compressed) && compressed >= -128 && compressed <= 127 ? 1 : 2;
    if (index !== null || low === 4) {
      this.byte((mode << 6) | high | 4);
      this.byte(sib | low);
    } else this.byte((mode << 6) | high | low);
    if (mode === 1) this.byte(compressed & 255);
    else if (mode === 2) this.int32(disp);
  }
}

/** Whether masks and memory operands are such as an encoding takes. */
function fits(encoding: Encoding, operands: readonly Operand[]): boolean {
  const { rm } = encoding.fields;
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]!;
    if (typeof operand !== "object" || operand.kind === "label") continue;
    if (operand.mask !== undefined && !maskFits(encoding, operand, i)) return false;
    if (operand.kind !== "mem") continue;
    if (i !== rm || operand.index?.number === 4) return false;
    if (operand.label !== null && (operand.base !== null || operand.index !== null)) return false;
    if (operand.broadcast !== 0 && operand.broadcast !== encoding.broadcast) return false;
    if (encoding.memorySize !== 0) {
      // Where only the size tells encodings apart, it has to be said.
      if (operand.size !== 0 ? operand.size !== encoding.memorySize : isAmbiguous(encoding)) return false;
    }
  }
  return true;
}

function maskFits(encoding: Encoding, operand: Register | Memory, position: number): boolean {
  const { register, zeroing } = operand.mask!;
  if (position !== 0 || register < 1 || register > 7 || !encoding.hasEvex) return false;
  // What is stored or compared cannot be zeroed.
  return !(zeroing && (operand.kind === "mem" || operand.kind === "k"));
}

const ambiguous = new Map<Encoding, boolean>();

/** Whether other encodings of the mnemonic take the same kinds of operands with another size of memory. */
function isAmbiguous(encoding: Encoding): boolean {
  let known = ambiguous.get(encoding);
  if (known === undefined) {
    const same = encodingsOf(encoding.mnemonic, signature(encoding.operands))!;
    known = same.some((other) => other.memorySize !== 0 && other.memorySize !== encoding.memorySize);
    ambiguous.set(encoding, known);
  }
  return known;
}
