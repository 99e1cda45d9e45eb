/** The driver's functions for helper threads: their work, and their end. */
import { type Label, mem, r32, r64, rax, rbp, rbx, rdi, rsi } from "./assembler/index.ts";
import { controlWords, helperBytes, helperWords } from "./control.ts";
import { at, type DriverAssembler, futex, word } from "./driver-assembler.ts";

/**
 * Ticks that a helper looks for work before it sleeps: half a millisecond to one. What JavaScript does between two runs
 * fits in, so that a loop of steps wakes nobody: on a busy machine a helper that is woken may be put behind the caller, on
 * the caller's processor, and come too late.
 */
const idleTicks = 2_000_000;

const [r12, r13, r14, r15] = [r64(12), r64(13), r64(14), r64(15)];
const [eax, edx, esi] = [r32(0), r32(2), r32(6)];

/** work(helper record): rbx control, rbp helper record, r12 time stamp since when there is nothing to do (0: there was). */
export function emitWork(driver: DriverAssembler, chunk: Label): void {
  driver.prologue();
  driver.emit("mov", rbp, rdi);
  driver.emit("mov", rbx, at(rdi, helperWords.control));
  const busy = driver.label();
  const look = driver.label();
  const idle = driver.label();
  const out = driver.label();
  const sleepNot = driver.label();
  driver.bind(busy);
  driver.emit("mov", r32(12), 0);
  driver.bind(look);
  driver.emit("cmp", word(rbx, controlWords.stop), 0);
  driver.emit("jne", out);
  driver.emit("mov", rax, at(rbx, controlWords.ticket));
  driver.emit("test", eax, eax);
  driver.emit("je", idle);
  const last = driver.label();
  const claimed = driver.label();
  driver.emit("cmp", word(rbp, helperWords.takesLast), 0);
  driver.emit("jne", last);
  driver.claimFirst(look);
  driver.emit("jmp", claimed);
  driver.bind(last);
  driver.claimLast(look);
  driver.bind(claimed);
  driver.emit("mov", r14, at(rbp, helperWords.scratch));
  driver.emit("call", chunk);
  driver.emit("lock inc", word(rbx, controlWords.done));
  driver.emit("cmp", word(rbx, controlWords.callerSleeps), 0);
  driver.emit("je", busy);
  driver.emit("mov", edx, 1);
  driver.futex(controlWords.done, futex.wakePrivate);
  driver.emit("jmp", busy);

  const waits = driver.label();
  driver.bind(idle);
  driver.emit("pause");
  driver.readTicks();
  driver.emit("test", r12, r12);
  driver.emit("jne", waits);
  driver.emit("mov", r12, rax);
  driver.bind(waits);
  driver.emit("sub", rax, r12);
  driver.emit("cmp", rax, idleTicks);
  driver.emit("jb", look);
  driver.emit("lock inc", word(rbx, controlWords.sleepers));
  driver.emit("mov", edx, at(rbx, controlWords.wake));
  // Whoever publishes after this check sees the sleeper and counts `wake` up, so that the wait ends at once.
  driver.emit("cmp", word(rbx, controlWords.ticket), 0);
  driver.emit("jne", sleepNot);
  driver.emit("cmp", word(rbx, controlWords.stop), 0);
  driver.emit("jne", sleepNot);
  driver.emit("mov", r32(10), 0);
  driver.futex(controlWords.wake, futex.waitPrivate);
  driver.bind(sleepNot);
  driver.emit("lock dec", word(rbx, controlWords.sleepers));
  driver.emit("jmp", busy);

  driver.bind(out);
  driver.emit("mov", eax, 0);
  driver.epilogue();
}

/** close(control): tells the helpers to end and waits for them. */
export function emitClose(driver: DriverAssembler): Label {
  const entry = driver.here();
  const next = driver.label();
  const out = driver.label();
  driver.prologue();
  driver.emit("mov", rbx, rdi);
  driver.emit("mov", eax, 1);
  driver.emit("xchg", at(rbx, controlWords.stop), eax);
  driver.emit("lock inc", word(rbx, controlWords.wake));
  driver.emit("mov", edx, 0x7fffffff);
  driver.futex(controlWords.wake, futex.wakePrivate);
  driver.emit("lea", r12, at(rbx, controlWords.firstHelper));
  driver.bind(next);
  driver.emit("cmp", word(rbx, controlWords.helpers), 0);
  driver.emit("je", out);
  driver.emit("mov", rdi, at(r12, helperWords.thread));
  driver.emit("mov", esi, 0);
  driver.emit("mov", rax, at(rbx, controlWords.join));
  driver.emit("call", rax);
  driver.emit("add", r12, helperBytes);
  driver.emit("dec", word(rbx, controlWords.helpers));
  driver.emit("jmp", next);
  driver.bind(out);
  driver.emit("mov", word(rbx, controlWords.stop), 0);
  driver.epilogue();
  return entry;
}

/** dispose(control): close, then gives all memory back, the control block and this code too. */
export function emitDispose(driver: DriverAssembler, close: Label): void {
  const next = driver.label();
  const out = driver.label();
  for (const register of [rbx, r12, r13, r14, r15]) driver.emit("push", register);
  driver.emit("mov", rbx, rdi);
  driver.emit("call", close);
  driver.emit("mov", r12, at(rbx, controlWords.mappings));
  driver.emit("mov", r13, at(rbx, controlWords.mappingCount));
  // The control block and the list are among what is unmapped: what is needed of them stays in registers.
  driver.emit("mov", r14, at(rbx, controlWords.code));
  driver.emit("mov", r15, at(rbx, controlWords.codeBytes));
  driver.emit("mov", rbx, at(rbx, controlWords.unmap));
  driver.bind(next);
  driver.emit("test", r13, r13);
  driver.emit("je", out);
  driver.emit("dec", r13);
  driver.emit("mov", rax, r13);
  driver.emit("shl", rax, 4);
  driver.emit("mov", rdi, mem({ base: r12, index: rax }));
  driver.emit("mov", rsi, mem({ base: r12, index: rax, disp: 8 }));
  driver.emit("call", rbx);
  driver.emit("jmp", next);
  driver.bind(out);
  driver.emit("mov", rdi, r14);
  driver.emit("mov", rsi, r15);
  driver.emit("mov", rax, rbx);
  for (const register of [r15, r14, r13, r12, rbx]) driver.emit("pop", register);
  // munmap returns to this function's caller, since this code is gone then.
  driver.emit("jmp", rax);
}
