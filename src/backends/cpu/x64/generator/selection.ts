/** The machine code of one function under construction: what every part of instruction selection shares. */
import { InternalError } from "../../../../errors.ts";
import type { CallableFunction, Expr, LoopFunction, ValueType, Variable } from "../../loops/ir.ts";
import type { Label, Mnemonic, RegisterKind } from "../assembler/index.ts";
import { type Assembler, registers } from "../assembler/index.ts";
import { type ConstantPool, floatBits } from "./constant-pool.ts";
import {
  accessOf,
  type MachineInstruction,
  type MachineOperand,
  type MemoryOperand,
  type RegisterClass,
  type RegisterOperand,
  type VirtualRegister,
} from "./machine-code.ts";
import { analyseVariables, forEachVariable, type VariableFacts } from "./variables.ts";

/** What the code may use, and whom it may call. */
export interface EmitFeatures {
  /** AVX-512 F, VL, DQ and BW: 16 lanes, 32 registers, opmasks. Otherwise AVX2, FMA and BMI: 8 lanes, 16 registers. */
  readonly avx512: boolean;
  /** Addresses of the functions that `call` expressions name: of one or two doubles, System V ABI. */
  readonly functions?: Partial<Readonly<Record<CallableFunction, bigint>>>;
}

/** Parts of a memory operand; what is left out is empty. */
export type MemoryParts = Partial<Omit<MemoryOperand, "op">>;

/** A memory operand. */
export function memory(parts: MemoryParts): MemoryOperand {
  const { base = null, index = null, scale = 1, disp = 0, label = null, broadcast = 0, size = 0, mask = null } = parts;
  return { op: "memory", base, index, scale, disp, label, broadcast, size, mask };
}

/** State of instruction selection for one function. */
export class Selection {
  readonly fn: LoopFunction;
  readonly features: EmitFeatures;
  readonly facts: VariableFacts;
  readonly pool: ConstantPool;
  readonly code: MachineInstruction[] = [];
  /** Instructions that run once, before everything else. */
  readonly entry: MachineInstruction[] = [];
  readonly registers: VirtualRegister[] = [];
  hasCalls = false;
  /** Register kind of whole vectors, their lanes and bytes. */
  readonly vectorKind: "ymm" | "zmm";
  readonly lanes: number;
  readonly #assembler: Assembler;
  readonly #variables = new Map<Variable, VirtualRegister>();
  /** Loads whose only reader has not come yet, with the variables that their address reads. */
  readonly #pending = new Map<Variable, { readonly load: Expr; readonly reads: ReadonlySet<Variable> }>();
  readonly #countMasks = new Map<number, VirtualRegister>();
  /** Masks made from run-time counts, while they hold. */
  readonly #liveCounts = new Map<Expr, { readonly mask: VirtualRegister; readonly reads: ReadonlySet<Variable> }>();

  constructor(fn: LoopFunction, features: EmitFeatures, pool: ConstantPool, assembler: Assembler) {
    this.fn = fn;
    this.features = features;
    this.pool = pool;
    this.#assembler = assembler;
    this.facts = analyseVariables(fn);
    this.vectorKind = features.avx512 ? "zmm" : "ymm";
    this.lanes = features.avx512 ? 16 : 8;
    const parameters = [fn.block, fn.from, fn.to, fn.scratch].map((variable) => this.variable(variable));
    this.entry.push({ op: "entry", parameters });
  }

  fail(problem: string, detail?: string): never {
    throw new InternalError(`x64 code of ${this.fn.name}`, problem, detail);
  }

  /** A new virtual register. */
  register(kind: RegisterClass, bytes: number, isTemporary = true): VirtualRegister {
    const id = this.registers.length;
    const made: VirtualRegister = { class: kind, id, bytes, isTemporary, hint: null, register: -1, slot: -1, views: {} };
    this.registers.push(made);
    return made;
  }

  /** A new register for values of a type. */
  forType(type: ValueType): VirtualRegister {
    return this.register(type === "i32" || type === "ptr" ? "gpr" : "vec", bytesOf(type, this.lanes));
  }

  isMaskVariable(variable: Variable): boolean {
    return this.features.avx512 && this.facts.masks.has(variable);
  }

  /** The register of a variable. */
  variable(variable: Variable): VirtualRegister {
    let found = this.#variables.get(variable);
    if (found === undefined) {
      const { type } = variable;
      const isGeneral = type === "i32" || type === "ptr";
      const kind = isGeneral ? "gpr" : this.isMaskVariable(variable) ? "mask" : "vec";
      found = this.register(kind, kind === "mask" ? 2 : bytesOf(type, this.lanes), false);
      this.#variables.set(variable, found);
    }
    return found;
  }

  /** Register of a variable that has been set. */
  read(variable: Variable): VirtualRegister {
    const found = this.#variables.get(variable);
    if (found === undefined) this.fail(`variable ${variable.name} is read before it is set`);
    return found;
  }

  emit(mnemonic: Mnemonic, ...operands: readonly MachineOperand[]): void {
    this.code.push({ op: "plain", mnemonic, operands, access: accessOf(mnemonic, operands) });
  }

  /** An instruction that gives the same whatever stands in its only register: `vxorps d, d, d`. */
  emitClear(mnemonic: Mnemonic, operand: RegisterOperand): void {
    this.code.push({ op: "plain", mnemonic, operands: [operand, operand, operand], access: "clear" });
  }

  /** An instruction that takes one register twice and updates it: `sbb d, d`. */
  emitSelfUpdate(mnemonic: Mnemonic, operand: RegisterOperand): void {
    this.code.push({ op: "plain", mnemonic, operands: [operand, operand], access: "update" });
  }

  label(): Label {
    return this.#assembler.label();
  }

  bind(label: Label): void {
    this.code.push({ op: "label", label });
    this.#liveCounts.clear();
  }

  jump(mnemonic: Mnemonic, target: Label): void {
    this.code.push({ op: "jump", mnemonic, target });
  }

  /** A register as an operand of a kind. */
  view(value: VirtualRegister, kind: RegisterKind): RegisterOperand {
    return (value.views[kind] ??= { op: "register", value, kind, mask: null, zeroing: false });
  }
  /** A whole vector. */
  v(value: VirtualRegister): RegisterOperand {
    return this.view(value, this.vectorKind);
  }
  /** The low 128 bits of a vector register. */
  x(value: VirtualRegister): RegisterOperand {
    return this.view(value, "xmm");
  }
  /** 32 bits of a general register. */
  r(value: VirtualRegister): RegisterOperand {
    return this.view(value, "r32");
  }
  /** 64 bits of a general register. */
  q(value: VirtualRegister): RegisterOperand {
    return this.view(value, "r64");
  }
  k(value: VirtualRegister): RegisterOperand {
    return this.view(value, "k");
  }
  /** A register as instructions on a type take it. */
  typed(type: ValueType, value: VirtualRegister): RegisterOperand {
    return this.view(value, type === "i32" ? "r32" : type === "ptr" ? "r64" : type === "f32" || type === "f64" ? "xmm" : this.vectorKind);
  }
  /** An operand under a write mask. */
  masked<T extends RegisterOperand | MemoryOperand>(operand: T, mask: VirtualRegister, zeroing = false): T {
    return operand.op === "register" ? { ...operand, mask, zeroing } : { ...operand, mask };
  }

  /** Copies between registers of a type. */
  move(type: ValueType, to: VirtualRegister, from: VirtualRegister): void {
    if (to === from) return;
    to.hint ??= from;
    from.hint ??= to;
    const mnemonic = type === "i32" || type === "ptr" ? "mov" : "vmovups";
    this.emit(mnemonic, this.typed(type, to), this.typed(type, from));
  }

  /** Constant of a vector or scalar float type, in memory; embedded broadcasts make vectors of one word. */
  constantOperand(type: ValueType, value: number): MemoryOperand {
    if (type === "f64") return memory({ label: this.pool.double(value) });
    const bits = type === "f32" || type === "f32v" ? floatBits(value) : value | 0;
    if (type === "f32") return memory({ label: this.pool.words([bits]) });
    return this.bitsOperand(bits);
  }

  /** A vector of one word in every lane, in memory. */
  bitsOperand(bits: number): MemoryOperand {
    return this.features.avx512
      ? memory({ label: this.pool.words([bits]), broadcast: 4 })
      : memory({ label: this.pool.words(new Array<number>(this.lanes).fill(bits)) });
  }

  /** Low `count` lanes: an opmask that is made once. */
  countMask(count: number): VirtualRegister {
    let found = this.#countMasks.get(count);
    if (found === undefined) {
      found = this.register("mask", 2, false);
      const bits = this.register("gpr", 4);
      for (const [mnemonic, operands] of [
        ["mov", [this.r(bits), 2 ** count - 1]],
        ["kmovw", [this.k(found), this.r(bits)]],
      ] as const)
        this.entry.push({ op: "plain", mnemonic, operands, access: "write" });
      this.#countMasks.set(count, found);
    }
    return found;
  }

  /** A mask made for a run-time count in this stretch of code. */
  liveCount(count: Expr): VirtualRegister | undefined {
    return this.#liveCounts.get(count)?.mask;
  }

  /** Remembers the mask of a run-time count until its variables change or the stretch of code ends. */
  keepCount(count: Expr, mask: VirtualRegister): void {
    const reads = new Set<Variable>();
    forEachVariable(count, (variable) => reads.add(variable));
    this.#liveCounts.set(count, { mask, reads });
  }

  /** Puts a load off until its only reader comes, which may take it as a memory operand. */
  defer(variable: Variable, load: Expr): void {
    const reads = new Set<Variable>();
    forEachVariable(load, (read) => reads.add(read));
    this.#pending.set(variable, { load, reads });
  }

  /** The load that a variable stands for, if it was put off; it is not pending any more. */
  takePending(variable: Variable): Expr | null {
    const found = this.#pending.get(variable);
    if (found === undefined) return null;
    this.#pending.delete(variable);
    return found.load;
  }

  /** Loads that were put off and have to happen before `variable` is set (null: now). */
  due(variable: Variable | null): { readonly variable: Variable; readonly load: Expr }[] {
    const found: { readonly variable: Variable; readonly load: Expr }[] = [];
    if (this.#pending.size > 0) {
      for (const [pending, { load, reads }] of this.#pending) {
        if (variable !== null && !reads.has(variable)) continue;
        this.#pending.delete(pending);
        found.push({ variable: pending, load });
      }
    }
    if (variable === null || this.#liveCounts.size === 0) return found;
    for (const [count, { reads }] of this.#liveCounts) if (reads.has(variable)) this.#liveCounts.delete(count);
    return found;
  }
}

/** Bytes of a value of a type. */
export function bytesOf(type: ValueType, lanes: number): number {
  switch (type) {
    case "i32":
    case "f32":
      return 4;
    case "ptr":
    case "f64":
      return 8;
    case "i32v":
    case "f32v":
      return lanes * 4;
  }
}

/** How many registers of each file there are. */
export const fileSizes: Readonly<Record<RegisterClass, number>> = {
  gpr: registers.r64.length,
  vec: registers.zmm.length,
  mask: registers.k.length,
};

/** What selects instructions for expressions: the parts call each other through it. */
export interface Evaluator {
  /** Code of an expression; its value is in `into` if that is given. */
  value(e: Expr, into?: VirtualRegister): VirtualRegister;
  /** The same as the last source of an instruction: memory, or (i32) an immediate, where that is possible. */
  source(e: Expr): MachineOperand;
  /** An i32v mask in an opmask (AVX-512). */
  mask(e: Expr, into?: VirtualRegister): VirtualRegister;
  /** What a variable stands for while its load is put off. */
  resolve(e: Expr): Expr;
}
