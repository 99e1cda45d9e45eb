/** Operands of x86-64 instructions: registers, memory, immediates, labels, and the AVX-512 decorations of them. */
import { InternalError } from "../../../../errors.ts";

/** Register files: general registers by width, vectors by width, opmasks. */
export type RegisterKind = "r8" | "r32" | "r64" | "xmm" | "ymm" | "zmm" | "k";

/** A write mask: `{k1}` keeps, `{k1}{z}` clears what it does not select. */
export interface WriteMask {
  /** 1 to 7. */
  readonly register: number;
  readonly zeroing: boolean;
}

/** A register. */
export interface Register {
  readonly kind: RegisterKind;
  /** 0 to 15; vectors 0 to 31, opmasks 0 to 7. */
  readonly number: number;
  readonly mask?: WriteMask;
}

/** Where a label stands in the code, once it is bound. */
export interface Label {
  readonly kind: "label";
  /** Byte position; -1 until bound. */
  position: number;
  /** Jumps to it before it is bound take one byte of displacement. */
  readonly isShort: boolean;
}

/** `[base + index * scale + disp]`, or `[rip + label + disp]`. */
export interface Memory {
  readonly kind: "mem";
  readonly base: Register | null;
  readonly index: Register | null;
  readonly scale: 1 | 2 | 4 | 8;
  readonly disp: number;
  /** Code position that the address is relative to; base and index are null then. */
  readonly label: Label | null;
  /** Bytes of the element that every lane gets (embedded broadcast); 0: none. */
  readonly broadcast: 0 | 4 | 8;
  /** Bytes read or written, for instructions that no register tells it: 1, 2, 4, 8; 0: not said. */
  readonly size: 0 | 1 | 2 | 4 | 8;
  readonly mask?: WriteMask;
}

/** An operand; a number is an immediate (bigint: one of 64 bits). */
export type Operand = Register | Memory | Label | number | bigint;

const names64 = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
const names32 = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"];
const names8 = ["al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"];

function file(kind: RegisterKind, count: number): readonly Register[] {
  return Array.from({ length: count }, (_, number): Register => ({ kind, number }));
}

/** Every register. */
export const registers: Readonly<Record<RegisterKind, readonly Register[]>> = {
  r8: file("r8", 16),
  r32: file("r32", 16),
  r64: file("r64", 16),
  xmm: file("xmm", 32),
  ymm: file("ymm", 32),
  zmm: file("zmm", 32),
  k: file("k", 8),
};

function register(kind: RegisterKind, number: number): Register {
  const found = registers[kind][number];
  if (found === undefined) throw new InternalError("x64 assembler", `there is no register ${number} of kind ${kind}`);
  return found;
}

/** General register of 64 bits by number (0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp, 6 rsi, 7 rdi, 8..15). */
export function r64(number: number): Register {
  return register("r64", number);
}
/** Low 32 bits of a general register. */
export function r32(number: number): Register {
  return register("r32", number);
}
/** Low byte of a general register. */
export function r8(number: number): Register {
  return register("r8", number);
}
/** Vector of 128 bits. */
export function xmm(number: number): Register {
  return register("xmm", number);
}
/** Vector of 256 bits. */
export function ymm(number: number): Register {
  return register("ymm", number);
}
/** Vector of 512 bits. */
export function zmm(number: number): Register {
  return register("zmm", number);
}
/** Opmask. */
export function k(number: number): Register {
  return register("k", number);
}

/** General register 0. */
export const rax: Register = r64(0);
/** General register 1. */
export const rcx: Register = r64(1);
/** General register 2. */
export const rdx: Register = r64(2);
/** General register 3. */
export const rbx: Register = r64(3);
/** General register 4. */
export const rsp: Register = r64(4);
/** General register 5. */
export const rbp: Register = r64(5);
/** General register 6. */
export const rsi: Register = r64(6);
/** General register 7. */
export const rdi: Register = r64(7);

/** Parts of a memory operand. */
export interface MemoryParts {
  readonly base?: Register | null;
  readonly index?: Register | null;
  readonly scale?: 1 | 2 | 4 | 8;
  readonly disp?: number;
  readonly label?: Label | null;
  readonly broadcast?: 0 | 4 | 8;
  readonly size?: 0 | 1 | 2 | 4 | 8;
}

/** A memory operand. */
export function mem(parts: MemoryParts): Memory {
  const { base = null, index = null, scale = 1, disp = 0, label = null, broadcast = 0, size = 0 } = parts;
  return { kind: "mem", base, index, scale, disp, label, broadcast, size };
}

/** The same operand under a write mask: `masked(zmm(1), k(2), "zeroing")` is `zmm1{k2}{z}`. */
export function masked<T extends Register | Memory>(operand: T, mask: Register, how: "merging" | "zeroing" = "merging"): T {
  return { ...operand, mask: { register: mask.number, zeroing: how === "zeroing" } };
}

/** Name of a register in the vendor manual's spelling. */
export function registerName({ kind, number }: Register): string {
  switch (kind) {
    case "r64":
      return names64[number]!;
    case "r32":
      return number < 8 ? names32[number]! : `r${number}d`;
    case "r8":
      return number < 8 ? names8[number]! : `r${number}b`;
    case "xmm":
    case "ymm":
    case "zmm":
    case "k":
      return `${kind}${number}`;
  }
}

function hex(value: number): string {
  return `0x${Math.abs(value).toString(16)}`;
}

function maskText(mask: WriteMask | undefined): string {
  return mask === undefined ? "" : `{k${mask.register}}${mask.zeroing ? "{z}" : ""}`;
}

/** An operand as a disassembler prints it (Intel syntax, without sizes of memory). */
export function formatOperand(operand: Operand): string {
  if (typeof operand === "number") return operand < 0 ? `-${hex(operand)}` : hex(operand);
  if (typeof operand === "bigint") return `0x${operand.toString(16)}`;
  if (operand.kind === "label") return operand.position < 0 ? "label" : hex(operand.position);
  if (operand.kind !== "mem") return registerName(operand) + maskText(operand.mask);
  const parts: string[] = [];
  if (operand.label !== null) parts.push("rip");
  if (operand.base !== null) parts.push(registerName(operand.base));
  if (operand.index !== null) parts.push(`${registerName(operand.index)}*${operand.scale}`);
  const { disp } = operand;
  let text = parts.join("+");
  if (text === "") text = disp < 0 ? `-${hex(disp)}` : hex(disp);
  else if (disp !== 0) text += `${disp < 0 ? "-" : "+"}${hex(disp)}`;
  return `[${text}]${operand.broadcast > 0 ? "{bcst}" : ""}${maskText(operand.mask)}`;
}
