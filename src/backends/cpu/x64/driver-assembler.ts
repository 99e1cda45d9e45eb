/** What the driver's functions are made of: calls of chunks, claims, futexes, time stamps. */
import { jobBytes, jobWords, stageWords } from "../runtime/stage-format.ts";
import {
  Assembler,
  type Label,
  mem,
  type Memory,
  type Mnemonic,
  type Operand,
  r32,
  r64,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  type Register,
  rsi,
  rsp,
} from "./assembler/index.ts";
import { controlWords } from "./control.ts";

/** Linux's futex system call, for words of this process. */
export const futex = { number: 202, waitPrivate: 128, wakePrivate: 129 } as const;
/** Control word of SSE arithmetic: all exceptions masked, round to nearest, flush-to-zero, denormals-are-zero. */
const flushingControl = 0x9fc0;

const [eax, ecx, edx, esi] = [r32(0), r32(1), r32(2), r32(6)];
const r8 = r64(8);
const [r12, r13, r14, r15] = [r64(12), r64(13), r64(14), r64(15)];
const saved = [rbx, rbp, r12, r13, r14, r15];

/** `[base + disp]`. */
export function at(base: Register, disp = 0): Memory {
  return mem({ base, disp });
}
/** The same as four bytes, where only the operand's size says it. */
export function word(base: Register, disp = 0): Memory {
  return mem({ base, disp, size: 4 });
}

/** Instructions with the driver's conventions: rbx points to the control block, r13 to a stage, r14 to scratch memory. */
export class DriverAssembler {
  private readonly a = new Assembler();

  emit(mnemonic: Mnemonic, ...operands: Operand[]): void {
    this.a.emitList(mnemonic, operands);
  }

  /** Where the next function begins. */
  begin(): number {
    this.a.align(16);
    return this.a.position;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.a.finish();
  }

  label(): Label {
    return this.a.label();
  }
  bind(label: Label): void {
    this.a.bind(label);
  }
  /** Binds a new label here. */
  here(): Label {
    const label = this.a.label();
    this.a.bind(label);
    return label;
  }

  /** rax = time stamp; clobbers rdx. */
  readTicks(): void {
    this.emit("rdtsc");
    this.emit("shl", rdx, 32);
    this.emit("or", rax, rdx);
  }

  /** Saves what the caller owns, aligns the stack with 24 bytes of room, flushes subnormals. */
  prologue(): void {
    for (const register of saved) this.emit("push", register);
    this.emit("sub", rsp, 24);
    this.emit("stmxcsr", word(rsp));
    this.emit("mov", word(rsp, 4), flushingControl);
    this.emit("ldmxcsr", word(rsp, 4));
  }
  /** Undoes `prologue` and returns. */
  epilogue(): void {
    this.emit("ldmxcsr", word(rsp));
    this.emit("add", rsp, 24);
    for (const register of [...saved].reverse()) this.emit("pop", register);
    this.emit("ret");
  }

  /** futex(rbx + disp, operation, rdx [, r10]); clobbers rax, rcx, r11. */
  futex(disp: number, operation: number): void {
    this.emit("lea", rdi, at(rbx, disp));
    this.emit("mov", esi, operation);
    this.emit("mov", eax, futex.number);
    this.emit("syscall");
  }

  /** Calls a job's code for the units from esi on, at most a chunk; the job stands at `job`. Leaves the end in edx. */
  loadChunk(job: Register): void {
    // from + grain may pass 2^32: 64 bits.
    this.emit("mov", ecx, at(job, jobWords.grain));
    this.emit("mov", edx, at(job, jobWords.units));
    this.emit("add", rcx, rsi);
    this.emit("cmp", rcx, rdx);
    this.emit("cmovb", rdx, rcx);
    this.emit("mov", rdi, at(job, jobWords.block));
    this.emit("mov", rcx, r14);
    this.emit("mov", rax, at(job, jobWords.function));
  }

  /** chunk(eax: index, r13: stage, r14: scratch): finds the job that a chunk of a stage belongs to, and runs it. */
  chunkFunction(): Label {
    const entry = this.here();
    const next = this.label();
    const found = this.label();
    this.emit("lea", r8, at(r13, stageWords.firstJob));
    this.bind(next);
    this.emit("mov", ecx, at(r8, jobWords.chunks));
    this.emit("cmp", eax, ecx);
    this.emit("jb", found);
    this.emit("sub", eax, ecx);
    this.emit("add", r8, jobBytes);
    this.emit("jmp", next);
    this.bind(found);
    this.emit("mov", esi, eax);
    this.emit("imul", esi, at(r8, jobWords.grain));
    this.loadChunk(r8);
    this.emit("jmp", rax);
    return entry;
  }

  /** Takes the first chunk of the ticket in rax (which has some) or goes to `again`; leaves its index in eax and the stage in r13. */
  claimFirst(again: Label): void {
    this.emit("mov", rdx, rax);
    this.emit("shr", rdx, 32);
    // One chunk less, and the first of them one further.
    this.emit("mov", ecx, 0xffffffff);
    this.emit("lea", rcx, mem({ base: rcx, index: rax }));
    this.takeTicket(again);
    this.emit("mov", eax, edx);
  }

  /** The same with the last chunk. */
  claimLast(again: Label): void {
    this.emit("mov", rdx, rax);
    this.emit("shr", rdx, 32);
    this.emit("lea", rdx, mem({ base: rdx, index: rax, disp: -1 }));
    this.emit("lea", rcx, at(rax, -1));
    this.takeTicket(again);
    this.emit("mov", eax, edx);
  }

  /** Replaces the ticket in rax by the one in rcx, or goes to `again`. */
  private takeTicket(again: Label): void {
    this.emit("lock cmpxchg", at(rbx, controlWords.ticket), rcx);
    this.emit("jne", again);
    this.emit("mov", r13, at(rbx, controlWords.stage));
  }
}
