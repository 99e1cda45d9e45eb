/** Encodes a function whose registers are chosen: prologue, instructions, spilled values, fixed registers, epilogue. */
import {
  type Assembler,
  masked,
  mem,
  type Memory,
  type Mnemonic,
  type Operand,
  r64,
  rax,
  rbp,
  type Register,
  registers,
  rsp,
  xmm,
} from "../assembler/index.ts";
import { calleeSaved, type RegisterFile } from "./allocate.ts";
import type { Access, MachineFunction, MachineInstruction, MachineOperand, RegisterClass, VirtualRegister } from "./machine-code.ts";

/** MXCSR with every exception masked, and subnormals read and written as 0 (FTZ, DAZ). */
const flushSubnormals = 0x9fc0;

/** Where the parameters arrive. */
const parameterRegisters = [7, 6, 2, 1];

type Plain = Extract<MachineInstruction, { op: "plain" }>;

const plainMoves = new Set<Mnemonic>(["mov", "vmovups", "kmovw"]);

/** Writes one function. */
export class FunctionEncoder {
  readonly #fn: MachineFunction;
  readonly #asm: Assembler;
  readonly #carriers: RegisterFile;
  readonly #hasFrame: boolean;
  readonly #slotBytes: number;
  readonly #saved: readonly number[];
  readonly #hasSpilled: boolean;

  constructor(fn: MachineFunction, assembler: Assembler, carriers: RegisterFile, hasFrame: boolean, slotBytes = 0) {
    this.#fn = fn;
    this.#asm = assembler;
    this.#carriers = carriers;
    this.#hasFrame = hasFrame;
    this.#slotBytes = slotBytes;
    this.#hasSpilled = slotBytes > 0;
    const used = new Set(fn.registers.filter((register) => register.class === "gpr").map((register) => register.register));
    // With a frame rbp is saved by it, and any carrier may be used.
    this.#saved = calleeSaved.filter((number) =>
      hasFrame ? number !== 5 && (used.has(number) || carriers.gpr.includes(number)) : used.has(number),
    );
  }

  write(): void {
    this.#prologue();
    for (const instruction of this.#fn.code) this.#instruction(instruction);
    this.#epilogue();
  }

  /** Bytes below the saved registers: slots, then 64 bytes for MXCSR and moves. */
  get #frameBytes(): number {
    return Math.ceil(this.#slotBytes / 64) * 64 + 64;
  }

  #prologue(): void {
    const asm = this.#asm;
    if (this.#hasFrame) {
      asm.emit("push", rbp);
      asm.emit("mov", rbp, rsp);
    }
    for (const number of this.#saved) asm.emit("push", r64(number));
    if (this.#hasFrame) {
      asm.emit("sub", rsp, this.#frameBytes);
      asm.emit("and", rsp, -64);
    }
    if (this.#fn.hasCalls) return;
    asm.emit("stmxcsr", this.#control(0));
    asm.emit("mov", { ...this.#control(4), size: 4 }, flushSubnormals);
    asm.emit("ldmxcsr", this.#control(4));
  }

  /** Where MXCSR is kept: in the frame, or in the red zone below the stack pointer. */
  #control(disp: number): Memory {
    return mem({ base: rsp, disp: this.#hasFrame ? this.#frameBytes - 64 + disp : disp - 8 });
  }

  #epilogue(): void {
    const asm = this.#asm;
    if (!this.#fn.hasCalls) asm.emit("ldmxcsr", this.#control(0));
    asm.emit("vzeroupper");
    if (this.#hasFrame) asm.emit("lea", rsp, mem({ base: rbp, disp: -8 * this.#saved.length }));
    for (const number of [...this.#saved].reverse()) asm.emit("pop", r64(number));
    if (this.#hasFrame) asm.emit("pop", rbp);
    asm.emit("ret");
  }

  #instruction(instruction: MachineInstruction): void {
    switch (instruction.op) {
      case "label":
        return this.#asm.bind(instruction.label);
      case "jump":
        return this.#asm.emit(instruction.mnemonic, instruction.target);
      case "plain":
        return this.#plain(instruction);
      case "entry":
        return this.#parameters(instruction.parameters);
      case "divide":
        return this.#divide(instruction);
      case "call":
        return this.#call(instruction);
    }
  }

  #slot(register: VirtualRegister): Memory {
    return mem({ base: rsp, disp: register.slot });
  }

  /** Moves between a spilled register's slot and a register. */
  #load(target: Register, register: VirtualRegister): void {
    this.#asm.emit(spillMove(register), target, this.#slot(register));
  }

  #store(register: VirtualRegister, source: Register): void {
    this.#asm.emit(spillMove(register), this.#slot(register), source);
  }

  #plain({ mnemonic, operands, access }: Plain): void {
    const first = operands[0];
    if (plainMoves.has(mnemonic) && operands.length === 2 && this.#isNoMove(first!, operands[1]!)) return;
    const spilled = this.#hasSpilled ? spilledIn(operands) : nothing;
    if (spilled.length === 0) {
      const list: Operand[] = [];
      for (let i = 0; i < operands.length; i++) list.push(this.#operand(operands[i]!, noCarriers));
      this.#asm.emitList(mnemonic, list);
      return;
    }
    // The last operand may stay in memory where no other is there.
    const last = operands[operands.length - 1]!;
    const lastRegister = operands.length > 1 && typeof last !== "number" && last.op === "register" ? last : null;
    if (
      lastRegister !== null &&
      lastRegister.value.register < 0 &&
      lastRegister.mask === null &&
      operands.every((operand) => typeof operand === "number" || operand.op === "register") &&
      operands.every(
        (operand) => operand === last || typeof operand === "number" || operand.op !== "register" || operand.value !== lastRegister.value,
      )
    ) {
      const others = spilled.filter((register) => register !== lastRegister.value);
      const carried = this.#carry(others, operands, access);
      const list = operands.map((operand) => (operand === last ? this.#slot(lastRegister.value) : this.#operand(operand, carried)));
      if (this.#asm.encodes(mnemonic, list)) {
        this.#withCarried(mnemonic, list, others, carried, operands, access);
        return;
      }
    }
    const carried = this.#carry(spilled, operands, access);
    this.#withCarried(
      mnemonic,
      operands.map((operand) => this.#operand(operand, carried)),
      spilled,
      carried,
      operands,
      access,
    );
  }

  /** Emits an instruction between the loads and the store of spilled registers. */
  #withCarried(
    mnemonic: Mnemonic,
    list: readonly Operand[],
    spilled: readonly VirtualRegister[],
    carried: ReadonlyMap<VirtualRegister, number>,
    operands: readonly MachineOperand[],
    access: Access,
  ): void {
    const written = writtenRegister(operands, access);
    for (const register of spilled) {
      const isOnlyWritten = register === written && isWrittenOnly(operands, access);
      if (!isOnlyWritten) this.#load(fullRegister(register, carried.get(register)!), register);
    }
    this.#asm.emitList(mnemonic, list);
    if (written !== null && written.register < 0) this.#store(written, fullRegister(written, carried.get(written)!));
  }

  /** A carrier for each spilled register; what is only written shares one with what is only read. */
  #carry(spilled: readonly VirtualRegister[], operands: readonly MachineOperand[], access: Access): ReadonlyMap<VirtualRegister, number> {
    const found = new Map<VirtualRegister, number>();
    const next: Record<RegisterClass, number> = { gpr: 0, vec: 0, mask: 0 };
    const written = writtenRegister(operands, access);
    for (const register of spilled) {
      if (register === written && isWrittenOnly(operands, access)) {
        // Written after everything is read.
        found.set(register, this.#carriers[register.class][0]!);
        continue;
      }
      const number = this.#carriers[register.class][next[register.class]++];
      if (number === undefined) throw new Error("more spilled operands than registers to carry them");
      found.set(register, number);
    }
    return found;
  }

  #isNoMove(to: MachineOperand, from: MachineOperand): boolean {
    return (
      typeof to === "object" &&
      typeof from === "object" &&
      to.op === "register" &&
      from.op === "register" &&
      to.mask === null &&
      to.kind === from.kind &&
      (to.value === from.value || (to.value.register >= 0 && to.value.register === from.value.register))
    );
  }

  #operand(operand: MachineOperand, carried: ReadonlyMap<VirtualRegister, number>): Operand {
    if (typeof operand === "number") return operand;
    const numberOf = (register: VirtualRegister): number => (register.register >= 0 ? register.register : carried.get(register)!);
    if (operand.op === "register") {
      const register = registers[operand.kind][numberOf(operand.value)]!;
      return operand.mask === null
        ? register
        : masked(register, registers.k[numberOf(operand.mask)]!, operand.zeroing ? "zeroing" : "merging");
    }
    const { base, index, scale, disp, label, broadcast, size } = operand;
    let baseRegister = base === null ? null : registers.r64[numberOf(base)]!;
    let indexRegister = index === null ? null : registers.r64[numberOf(index)]!;
    // rbp and r13 as a base cost a displacement; as an index with scale 1 they do not.
    if (scale === 1 && disp === 0 && indexRegister !== null && baseRegister !== null && (baseRegister.number & 7) === 5)
      [baseRegister, indexRegister] = [indexRegister, baseRegister];
    const place: Memory = { kind: "mem", base: baseRegister, index: indexRegister, scale, disp, label, broadcast, size };
    return operand.mask === null ? place : masked(place, registers.k[numberOf(operand.mask)]!);
  }

  /** The parameters go to where they are kept: one by one, each before its place is overwritten. */
  #parameters(parameters: readonly VirtualRegister[]): void {
    const asm = this.#asm;
    let moves: { from: number; to: number; readonly bytes: number }[] = [];
    parameters.forEach((parameter, i) => {
      const from = parameterRegisters[i]!;
      if (parameter.register < 0) {
        if (parameter.slot >= 0) this.#store(parameter, fullRegister(parameter, from));
      } else moves.push({ from, to: parameter.register, bytes: parameter.bytes });
    });
    // An i32 may arrive with anything in its upper half.
    const move = (to: number, from: number, bytes: number): void => {
      if (bytes === 4) asm.emit("mov", registers.r32[to]!, registers.r32[from]!);
      else if (to !== from) asm.emit("mov", registers.r64[to]!, registers.r64[from]!);
    };
    while (moves.length > 0) {
      const ready = moves.find(({ to, from }) => !moves.some((other) => other.from === to && other.from !== from));
      if (ready !== undefined) {
        move(ready.to, ready.from, ready.bytes);
        moves = moves.filter((other) => other !== ready);
        continue;
      }
      // A circle: swap the first into place.
      const { from, to } = moves[0]!;
      asm.emit("xchg", registers.r64[to]!, registers.r64[from]!);
      for (const other of moves) {
        if (other.from === to) other.from = from;
        else if (other.from === from) other.from = to;
      }
    }
  }

  #general(register: VirtualRegister, carrier: number): Register {
    if (register.register >= 0) return registers.r32[register.register]!;
    const number = this.#carriers.gpr[carrier]!;
    this.#load(registers.r32[number]!, register);
    return registers.r32[number]!;
  }

  #divide({ x, y, result, quotient }: Extract<MachineInstruction, { op: "divide" }>): void {
    const asm = this.#asm;
    const divisor = this.#general(y, 0);
    if (x.register < 0) this.#load(registers.r32[0]!, x);
    else if (x.register !== 0) asm.emit("mov", registers.r32[0]!, registers.r32[x.register]!);
    asm.emit("cdq");
    asm.emit("idiv", divisor);
    const found = quotient ? registers.r32[0]! : registers.r32[2]!;
    if (result.register < 0) {
      if (result.slot >= 0) this.#store(result, found);
    } else if (result.register !== found.number) asm.emit("mov", registers.r32[result.register]!, found);
  }

  #call({ address, args, result }: Extract<MachineInstruction, { op: "call" }>): void {
    const asm = this.#asm;
    const from = args.map((argument) => argument.register);
    if (args.length === 2 && from[1] === 0 && from[0]! >= 0) {
      // The second stands where the first has to go.
      const carrier = xmm(this.#carriers.vec[0]!);
      asm.emit("vmovups", carrier, xmm(0));
      if (from[0] !== 0) asm.emit("vmovups", xmm(0), xmm(from[0]!));
      asm.emit("vmovups", xmm(1), carrier);
    } else {
      const place = (argument: VirtualRegister, number: number): void => {
        if (argument.register < 0) this.#load(xmm(number), argument);
        else if (argument.register !== number) asm.emit("vmovups", xmm(number), xmm(argument.register));
      };
      // The second first, unless the first stands in its place.
      if (args.length === 2 && from[0] !== 1) {
        place(args[1]!, 1);
        place(args[0]!, 0);
      } else {
        place(args[0]!, 0);
        if (args.length === 2) place(args[1]!, 1);
      }
    }
    asm.emit("vzeroupper");
    asm.emit("mov", rax, address);
    asm.emit("call", rax);
    if (result.register < 0) {
      if (result.slot >= 0) this.#store(result, xmm(0));
    } else if (result.register !== 0) asm.emit("vmovups", xmm(result.register), xmm(0));
  }
}

const noCarriers: ReadonlyMap<VirtualRegister, number> = new Map();

/** The register of a number that holds all bytes of a value. */
function fullRegister(register: VirtualRegister, number: number): Register {
  if (register.class === "mask") return registers.k[number]!;
  if (register.class === "gpr") return registers[register.bytes === 8 ? "r64" : "r32"][number]!;
  return registers[register.bytes === 64 ? "zmm" : register.bytes === 32 ? "ymm" : "xmm"][number]!;
}

/** The instruction that moves a register to or from its slot. */
function spillMove(register: VirtualRegister): Mnemonic {
  if (register.class === "mask") return "kmovw";
  if (register.class === "gpr") return "mov";
  return register.bytes === 4 ? "vmovss" : register.bytes === 8 ? "vmovsd" : "vmovups";
}

/** The spilled registers among operands, each once. */
function spilledIn(operands: readonly MachineOperand[]): readonly VirtualRegister[] {
  let found: VirtualRegister[] | null = null;
  const check = (register: VirtualRegister | null): void => {
    if (register === null || register.register >= 0) return;
    found ??= [];
    if (!found.includes(register)) found.push(register);
  };
  for (const operand of operands) {
    if (typeof operand === "number") continue;
    if (operand.op === "memory") {
      check(operand.base);
      check(operand.index);
    } else check(operand.value);
    check(operand.mask);
  }
  return found ?? nothing;
}

const nothing: readonly VirtualRegister[] = [];

/** The register that an instruction changes. */
function writtenRegister(operands: readonly MachineOperand[], access: Access): VirtualRegister | null {
  const first = operands[0];
  return access !== "read" && typeof first === "object" && first.op === "register" ? first.value : null;
}

/** Whether an instruction writes its first operand without reading it in any way. */
function isWrittenOnly(operands: readonly MachineOperand[], access: Access): boolean {
  const written = writtenRegister(operands, access);
  return access === "clear" || (access === "write" && written !== null && !operands.slice(1).some((operand) => mentions(operand, written)));
}

/** Whether an operand reads a register. */
function mentions(operand: MachineOperand, register: VirtualRegister): boolean {
  if (typeof operand === "number") return false;
  if (operand.op === "memory") return operand.base === register || operand.index === register || operand.mask === register;
  return operand.value === register || operand.mask === register;
}
