/**
 * Machine code before registers are chosen: x86-64 instructions over virtual registers, in running order, with labels
 * and jumps between them.
 */
import type { Label, Mnemonic, RegisterKind } from "../assembler/index.ts";

/** General registers, vector registers (xmm, ymm, zmm), opmasks. */
export type RegisterClass = "gpr" | "vec" | "mask";

/** A value in one register, or in a stack slot. Compared by identity. */
export interface VirtualRegister {
  readonly class: RegisterClass;
  readonly id: number;
  /** Bytes of it that count: what a spill stores. */
  readonly bytes: number;
  /** Whether its only reader is the expression that it was made for, which may overwrite it. */
  readonly isTemporary: boolean;
  /** A register that a move connects it with: taking the same one saves the move. */
  hint: VirtualRegister | null;
  /** Number of the machine's register; -1: spilled, or not allocated yet. */
  register: number;
  /** Offset of its stack slot; -1: none. */
  slot: number;
  /** The unmasked operands that show it, by kind: made when first asked for. */
  readonly views: Partial<Record<RegisterKind, RegisterOperand>>;
}

/** A virtual register seen with a width, maybe under a write mask. */
export interface RegisterOperand {
  readonly op: "register";
  readonly value: VirtualRegister;
  readonly kind: RegisterKind;
  readonly mask: VirtualRegister | null;
  readonly zeroing: boolean;
}

/** Memory addressed by virtual registers, or a constant after the code. */
export interface MemoryOperand {
  readonly op: "memory";
  readonly base: VirtualRegister | null;
  readonly index: VirtualRegister | null;
  readonly scale: 1 | 2 | 4 | 8;
  readonly disp: number;
  readonly label: Label | null;
  readonly broadcast: 0 | 4 | 8;
  readonly size: 0 | 1 | 2 | 4 | 8;
  readonly mask: VirtualRegister | null;
}

/** A number is an immediate. */
export type MachineOperand = RegisterOperand | MemoryOperand | number;

/** What an instruction does with its first operand; all others are read. `clear`: it reads nothing (`xor d, d`). */
export type Access = "write" | "update" | "read" | "clear";

/** An instruction, a place to jump to, or something that takes fixed registers. */
export type MachineInstruction =
  | { readonly op: "plain"; readonly mnemonic: Mnemonic; readonly operands: readonly MachineOperand[]; readonly access: Access }
  | { readonly op: "label"; readonly label: Label }
  | { readonly op: "jump"; readonly mnemonic: Mnemonic; readonly target: Label }
  /** The parameters arrive: rdi, rsi, rdx, rcx. */
  | { readonly op: "entry"; readonly parameters: readonly VirtualRegister[] }
  /** Signed 32-bit division; takes eax and edx. */
  | {
      readonly op: "divide";
      readonly quotient: boolean;
      readonly result: VirtualRegister;
      readonly x: VirtualRegister;
      readonly y: VirtualRegister;
    }
  /** Calls a function of one or two doubles; takes every register that a callee may change. */
  | { readonly op: "call"; readonly address: bigint; readonly result: VirtualRegister; readonly args: readonly VirtualRegister[] };

/** The code of one function. */
export interface MachineFunction {
  readonly name: string;
  readonly code: readonly MachineInstruction[];
  /** Every virtual register; `registers[i].id` is i. */
  readonly registers: readonly VirtualRegister[];
  readonly hasCalls: boolean;
}

const updates = new Set<string>([
  "vpternlogd",
  "vpermi2ps",
  "vpermt2ps",
  "add",
  "sub",
  "and",
  "or",
  "xor",
  "shl",
  "shr",
  "sar",
  "neg",
  "not",
]);
const reads = new Set<string>(["cmp", "test", "vucomiss", "vucomisd", "kortestw", "prefetcht1"]);

/** How an instruction treats its first operand (with a merging mask it is always updated). */
export function accessOf(mnemonic: Mnemonic, operands: readonly MachineOperand[]): Access {
  const first = operands[0];
  if (first === undefined || typeof first === "number" || first.op === "memory" || reads.has(mnemonic)) return "read";
  if (first.mask !== null && !first.zeroing && !mnemonic.startsWith("vblendm") && !mnemonic.startsWith("vpblendm")) return "update";
  if (mnemonic.startsWith("vf") || mnemonic.startsWith("cmov") || updates.has(mnemonic)) return "update";
  return mnemonic === "imul" && operands.length === 2 ? "update" : "write";
}

/** Calls `visit` with every virtual register that an instruction reads. */
export function forEachRead(instruction: MachineInstruction, visit: (register: VirtualRegister) => void): void {
  switch (instruction.op) {
    case "plain": {
      const { operands, access } = instruction;
      if (access === "clear") return;
      for (let i = 0; i < operands.length; i++) {
        const operand = operands[i]!;
        if (typeof operand === "number") continue;
        if (operand.op === "memory") {
          if (operand.base !== null) visit(operand.base);
          if (operand.index !== null) visit(operand.index);
        } else if (i > 0 || access !== "write") visit(operand.value);
        if (operand.mask !== null) visit(operand.mask);
      }
      return;
    }
    case "divide":
      visit(instruction.x);
      visit(instruction.y);
      return;
    case "call":
      for (const argument of instruction.args) visit(argument);
      return;
    case "label":
    case "jump":
    case "entry":
  }
}

/** Calls `visit` with every virtual register that an instruction writes. */
export function forEachWrite(instruction: MachineInstruction, visit: (register: VirtualRegister) => void): void {
  switch (instruction.op) {
    case "plain": {
      const first = instruction.operands[0];
      if (instruction.access !== "read" && first !== undefined && typeof first !== "number" && first.op === "register") visit(first.value);
      return;
    }
    case "divide":
    case "call":
      visit(instruction.result);
      return;
    case "entry":
      for (const parameter of instruction.parameters) visit(parameter);
      return;
    case "label":
    case "jump":
  }
}
