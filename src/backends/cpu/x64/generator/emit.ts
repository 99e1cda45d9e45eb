/** Loop IR to x86-64 machine code: instruction selection, register allocation, encoding. */
import type { LoopFunction } from "../../loops/ir.ts";
import { Assembler } from "../assembler/index.ts";
import { allocateRegisters, forbiddenRegisters, type RegisterFile } from "./allocate.ts";
import { ConstantPool } from "./constant-pool.ts";
import { FunctionEncoder } from "./encode-function.ts";
import { findIntervals } from "./liveness.ts";
import type { MachineFunction, RegisterClass } from "./machine-code.ts";
import type { EmitFeatures } from "./selection.ts";
import { selectInstructions } from "./statements.ts";

/** Code of several functions, in one block that may stand anywhere. */
export interface EmittedCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each function starts. */
  readonly offsets: readonly number[];
}

/** General registers: those without a REX prefix and without a save first. rbp last: frames take it. */
const general = [0, 1, 2, 6, 7, 8, 9, 10, 11, 3, 12, 13, 14, 15, 5];
const numbered = (count: number, first = 0): number[] => Array.from({ length: count }, (_, i) => first + i);

/** Registers to give out; of files in which something is spilled the last ones are kept for moving it. */
function fileFor(features: EmitFeatures, spills: ReadonlySet<RegisterClass>): RegisterFile {
  const vectors = features.avx512 ? 32 : 16;
  return {
    gpr: spills.has("gpr") ? general.slice(0, -4) : spills.size > 0 ? general.slice(0, -1) : general,
    vec: numbered(spills.has("vec") ? vectors - 3 : vectors),
    mask: numbered(spills.has("mask") ? 5 : 7, 1),
  };
}

/** Registers that carry spilled values to and from instructions. */
const carriers = (features: EmitFeatures): RegisterFile => {
  const vectors = features.avx512 ? 32 : 16;
  return { gpr: [13, 14, 15], vec: [vectors - 1, vectors - 2, vectors - 3], mask: [6, 7] };
};

/**
 * Machine code of functions `(block: rdi, from: esi, to: edx, scratch: rcx)` in the System V ABI: rbx, rbp, r12 to r15
 * and MXCSR are preserved, the stack is aligned at calls, and `vzeroupper` stands before every return. Position
 * independent; constants follow the code. Subnormal numbers count as 0; functions that call out leave that to their caller.
 * Throws InternalError for IR that is not well-typed, and for calls of functions whose address is not given.
 */
export function emitFunctions(functions: readonly LoopFunction[], features: EmitFeatures): EmittedCode {
  const assembler = new Assembler();
  const pool = new ConstantPool(assembler);
  const offsets = functions.map((source) => {
    const fn = selectInstructions(source, features, pool, assembler);
    assembler.align(64, 0x90);
    const start = assembler.position;
    encode(fn, features, assembler);
    return start;
  });
  pool.write();
  return { bytes: assembler.finish(), offsets };
}

function encode(fn: MachineFunction, features: EmitFeatures, assembler: Assembler): void {
  const intervals = findIntervals(fn);
  const forbidden = forbiddenRegisters(fn, intervals);
  // A call takes every vector register, and needs a frame.
  const spills = new Set<RegisterClass>(fn.hasCalls ? ["gpr", "vec", "mask"] : []);
  for (;;) {
    const spilled = allocateRegisters(fn, intervals, fileFor(features, spills), forbidden);
    const more = spilled.filter((register) => !spills.has(register.class));
    if (more.length === 0) {
      let size = 0;
      for (const register of spilled.sort((a, b) => b.bytes - a.bytes)) {
        register.slot = size;
        size += Math.max(8, register.bytes);
      }
      new FunctionEncoder(fn, assembler, carriers(features), spills.size > 0, size).write();
      return;
    }
    for (const register of more) spills.add(register.class);
  }
}
