/** The driver's walk through the commands of a program (see control.ts). */
import { jobBytes, jobWords, stageWords } from "../runtime/stage-format.ts";
import { type Label, mem, r32, r64, rax, rbp, rbx, rcx, rdi, rdx, rsi } from "./assembler/index.ts";
import {
  commands,
  controlWords,
  moveBytes,
  moveWords,
  phases,
  soloBits,
  threadNumber,
  walkBytes,
  walkModes,
  walkResults,
  walkWords,
} from "./control.ts";
import { at, type DriverAssembler, futex, word } from "./driver-assembler.ts";

/** Turns that the caller waits for the last chunks before it sleeps. */
const waitTurns = 2_000;

const r8 = r64(8);
const r10 = r64(10);
const [r12, r13, r14, r15] = [r64(12), r64(13), r64(14), r64(15)];
const [eax, ecx, edx, esi] = [r32(0), r32(1), r32(2), r32(6)];

/** walk(record, control): rbx control, rbp record, r12 command, r13 stage, r14 scratch. Returns where it begins. */
export function emitWalk(driver: DriverAssembler, chunk: Label): Label {
  const entry = driver.here();
  new WalkWriter(driver, chunk).write();
  return entry;
}

/**
 * slices(lanes, from, to, scratch), called like a kernel's code: walks the commands of this thread's lane once for every
 * slice. rbx is the control block, as always where chunks are called; rbp the lane's record, r12 the slice.
 */
export function emitSlices(d: DriverAssembler, walk: Label): void {
  const next = d.label();
  const out = d.label();
  d.prologue();
  d.emit("mov", rax, at(rcx, threadNumber));
  d.emit("shl", rax, Math.log2(walkBytes));
  d.emit("lea", rbp, mem({ base: rdi, index: rax }));
  d.emit("mov", at(rbp, walkWords.scratch), rcx);
  d.emit("mov", r32(12), esi);
  d.emit("mov", r32(13), edx);
  d.bind(next);
  d.emit("cmp", r12, r13);
  d.emit("jae", out);
  d.emit("mov", rax, at(rbp, walkWords.turn));
  d.emit("mov", at(rax, commands.turn.turn), r12);
  d.emit("mov", at(rbp, walkWords.command), rax);
  d.emit("mov", rdi, rbp);
  d.emit("mov", rsi, rbx);
  d.emit("call", walk);
  d.emit("inc", r12);
  d.emit("jmp", next);
  d.bind(out);
  d.epilogue();
}

/** settle(control): no chunk of the published stage is left, and none is being worked on. */
export function emitSettle(d: DriverAssembler): void {
  const wait = d.label();
  const out = d.label();
  // eax: chunks that nobody has claimed; edx: those that somebody has.
  d.emit("mov", eax, 0);
  d.emit("xchg", at(rdi, controlWords.ticket), rax);
  d.emit("mov", rcx, at(rdi, controlWords.stage));
  d.emit("mov", edx, at(rcx, stageWords.chunks));
  d.emit("sub", edx, eax);
  d.bind(wait);
  d.emit("mov", eax, at(rdi, controlWords.done));
  d.emit("cmp", eax, edx);
  d.emit("je", out);
  d.emit("pause");
  d.emit("jmp", wait);
  d.bind(out);
  d.emit("ret");
}

class WalkWriter {
  private readonly d: DriverAssembler;
  private readonly chunk: Label;

  constructor(driver: DriverAssembler, chunk: Label) {
    this.d = driver;
    this.chunk = chunk;
  }

  write(): void {
    this.d.prologue();
    this.d.emit("mov", rbp, rdi);
    this.d.emit("mov", rbx, rsi);
    this.d.emit("mov", r14, at(rbp, walkWords.scratch));
    const hasScratch = this.d.label();
    this.d.emit("test", r14, r14);
    this.d.emit("jne", hasScratch);
    this.d.emit("mov", r14, at(rbx, controlWords.scratch));
    this.d.bind(hasScratch);
    this.d.emit("mov", r12, at(rbp, walkWords.command));
    const next = this.d.label();
    const stage = this.d.label();
    const exit = this.d.label();
    const pause = this.d.label();
    const pauseCommand = this.d.label();
    const goOn = { shared: this.d.label(), alone: this.d.label() };

    // Where a pause was.
    this.d.emit("cmp", word(rbp, walkWords.phase), phases.command);
    this.d.emit("je", next);
    this.d.emit("mov", r13, at(r12, commands.stage.stage));
    this.d.readTicks();
    this.d.emit("sub", rax, at(rbp, walkWords.start));
    this.d.emit("mov", at(rbp, walkWords.start), rax);
    this.d.emit("cmp", word(rbp, walkWords.phase), phases.shared);
    this.d.emit("mov", word(rbp, walkWords.phase), phases.command);
    this.d.emit("je", goOn.shared);
    this.d.emit("jmp", goOn.alone);

    this.d.bind(next);
    this.d.emit("mov", eax, at(r12));
    this.d.emit("test", eax, eax);
    this.d.emit("je", stage);
    this.controlFlow(next, exit);

    this.d.bind(stage);
    this.d.emit("mov", r13, at(r12, commands.stage.stage));
    this.d.emit("mov", eax, at(r12, commands.stage.writes));
    this.d.emit("or", at(rbp, walkWords.written), eax);
    this.d.readTicks();
    this.d.emit("mov", at(rbp, walkWords.start), rax);
    this.chooseThreads(goOn);
    const ended = this.d.label();
    this.aloneLoop(goOn.alone, ended, pause);
    this.sharedLoop(goOn.shared, ended, pause);

    this.d.bind(ended);
    this.d.readTicks();
    this.d.emit("sub", rax, at(rbp, walkWords.start));
    this.d.emit("mov", at(r13, stageWords.ticks), rax);
    this.checkFaults(exit);
    this.d.emit("add", r12, commands.stage.bytes);
    this.checkDeadline(pauseCommand);
    this.d.emit("jmp", next);

    // ecx: phase.
    this.d.bind(pause);
    this.d.emit("mov", at(rbp, walkWords.phase), ecx);
    this.d.readTicks();
    this.d.emit("sub", rax, at(rbp, walkWords.start));
    this.d.emit("mov", at(rbp, walkWords.start), rax);
    this.d.bind(pauseCommand);
    this.d.emit("mov", at(rbp, walkWords.command), r12);
    this.d.emit("mov", eax, walkResults.paused);
    this.d.bind(exit);
    this.d.epilogue();
  }

  /** All commands but stages; the code of the command is in eax. */
  private controlFlow(next: Label, exit: Label): void {
    const { turn, enter, again, branch, jump } = commands;
    const end = this.d.label();
    const cases = ([turn, enter, again, branch, jump] as const).map(({ code }) => ({ code, label: this.d.label() }));
    for (const { code, label } of cases) {
      this.d.emit("cmp", eax, code);
      this.d.emit("je", label);
    }
    this.d.bind(end);
    this.d.emit("mov", eax, walkResults.done);
    this.d.emit("jmp", exit);
    const [turnLabel, enterLabel, againLabel, branchLabel, jumpLabel] = cases.map(({ label }) => label) as [
      Label,
      Label,
      Label,
      Label,
      Label,
    ];

    this.d.bind(turnLabel);
    this.turnCommand(next);

    this.d.bind(enterLabel);
    this.d.emit("mov", r12, at(r12, enter.target));
    this.d.emit("mov", mem({ base: r12, disp: turn.turn, size: 8 }), 0);
    this.d.emit("jmp", turnLabel);

    this.d.bind(againLabel);
    this.d.emit("mov", r12, at(r12, again.target));
    this.d.emit("inc", mem({ base: r12, disp: turn.turn, size: 8 }));
    this.d.emit("jmp", turnLabel);

    this.d.bind(branchLabel);
    const isTrue = this.d.label();
    this.d.emit("mov", rcx, at(r12, branch.condition));
    this.d.emit("mov", rcx, at(rcx));
    this.d.emit("movzx", ecx, mem({ base: rcx, size: 1 }));
    this.d.emit("test", ecx, ecx);
    this.d.emit("jne", isTrue);
    this.d.emit("mov", r12, at(r12, branch.target));
    this.d.emit("jmp", next);
    this.d.bind(isTrue);
    this.d.emit("add", r12, branch.bytes);
    this.d.emit("jmp", next);

    this.d.bind(jumpLabel);
    this.d.emit("mov", r12, at(r12, jump.target));
    this.d.emit("jmp", next);
  }

  private turnCommand(next: Label): void {
    const { turn } = commands;
    const leave = this.d.label();
    const moves = this.d.label();
    const condition = this.d.label();
    const enter = this.d.label();
    const isEven = this.d.label();
    // rax: turn; r8: move; rcx: moves left.
    this.d.emit("mov", rax, at(r12, turn.turn));
    this.d.emit("cmp", rax, at(r12, turn.trips));
    this.d.emit("jae", leave);
    this.d.emit("mov", rcx, at(r12, turn.moves));
    this.d.emit("mov", r8, at(r12, turn.firstMove));
    this.d.bind(moves);
    this.d.emit("test", rcx, rcx);
    this.d.emit("je", condition);
    this.d.emit("mov", rdx, at(r8, moveWords.even));
    this.d.emit("test", eax, 1);
    this.d.emit("je", isEven);
    this.d.emit("mov", rdx, at(r8, moveWords.odd));
    this.d.bind(isEven);
    this.d.emit("mov", rdx, at(rdx));
    this.d.emit("add", rdx, at(r8, moveWords.base));
    this.d.emit("mov", rsi, at(r8, moveWords.stride));
    this.d.emit("imul", rsi, rax);
    this.d.emit("add", rdx, rsi);
    this.d.emit("mov", rsi, at(r8, moveWords.target));
    this.d.emit("mov", at(rsi), rdx);
    this.d.emit("add", r8, moveBytes);
    this.d.emit("dec", rcx);
    this.d.emit("jmp", moves);
    this.d.bind(condition);
    this.d.emit("mov", rcx, at(r12, turn.condition));
    this.d.emit("test", rcx, rcx);
    this.d.emit("je", enter);
    this.d.emit("mov", rcx, at(rcx));
    this.d.emit("movzx", ecx, mem({ base: rcx, size: 1 }));
    this.d.emit("test", ecx, ecx);
    this.d.emit("je", leave);
    this.d.bind(enter);
    this.d.emit("add", r12, turn.bytes);
    this.d.emit("jmp", next);
    this.d.bind(leave);
    this.d.emit("mov", r12, at(r12, turn.exit));
    this.d.emit("jmp", next);
  }

  /** Falls through to the loop of one thread, prepared, or jumps to the publication of a shared stage. */
  private chooseThreads(goOn: { readonly shared: Label; readonly alone: Label }): void {
    const alone = this.d.label();
    const otherMode = this.d.label();
    const byMeasurement = this.d.label();
    const share = this.d.label();
    this.d.emit("mov", ecx, at(r13, stageWords.solo));
    this.d.emit("mov", eax, at(rbp, walkWords.mode));
    this.d.emit("cmp", eax, walkModes.alone);
    this.d.emit("jne", otherMode);
    this.d.emit("test", ecx, soloBits.never);
    this.d.emit("je", alone);
    this.d.emit("jmp", share);
    this.d.bind(otherMode);
    this.d.emit("cmp", eax, walkModes.best);
    this.d.emit("je", byMeasurement);
    this.d.emit("test", ecx, soloBits.always);
    this.d.emit("jne", alone);
    this.d.emit("jmp", share);
    this.d.bind(byMeasurement);
    this.d.emit("test", ecx, soloBits.chosen);
    this.d.emit("jne", alone);

    this.d.bind(share);
    const claim = goOn.shared;
    this.d.emit("mov", word(rbx, controlWords.done), 0);
    this.d.emit("mov", at(rbx, controlWords.stage), r13);
    this.d.emit("mov", eax, at(r13, stageWords.chunks));
    // An exchange is a full barrier: either a helper on its way to sleep sees the ticket, or it is seen as a sleeper.
    this.d.emit("xchg", at(rbx, controlWords.ticket), rax);
    this.d.emit("cmp", word(rbx, controlWords.sleepers), 0);
    this.d.emit("je", claim);
    this.d.emit("lock inc", word(rbx, controlWords.wake));
    this.d.emit("mov", edx, 0x7fffffff);
    this.d.futex(controlWords.wake, futex.wakePrivate);
    this.d.emit("jmp", claim);

    this.d.bind(alone);
    this.d.emit("lea", rax, at(r13, stageWords.firstJob));
    this.d.emit("mov", at(rbp, walkWords.job), rax);
    this.d.emit("mov", mem({ base: rbp, disp: walkWords.from, size: 8 }), 0);
    this.d.emit("mov", eax, at(r13, stageWords.jobs));
    this.d.emit("mov", at(rbp, walkWords.left), rax);
  }

  /** Runs the jobs of a stage one after another. */
  private aloneLoop(goOn: Label, ended: Label, pause: Label): void {
    const late = this.d.label();
    const nextJob = this.d.label();
    this.d.bind(goOn);
    this.d.emit("mov", r15, at(rbp, walkWords.job));
    this.d.emit("mov", esi, at(rbp, walkWords.from));
    this.d.emit("cmp", esi, at(r15, jobWords.units));
    this.d.emit("jae", nextJob);
    this.d.loadChunk(r15);
    this.d.emit("mov", at(rbp, walkWords.from), rdx);
    this.d.emit("call", rax);
    this.checkDeadline(late);
    this.d.emit("jmp", goOn);
    this.d.bind(nextJob);
    this.d.emit("add", r15, jobBytes);
    this.d.emit("mov", at(rbp, walkWords.job), r15);
    this.d.emit("mov", mem({ base: rbp, disp: walkWords.from, size: 8 }), 0);
    this.d.emit("dec", mem({ base: rbp, disp: walkWords.left, size: 8 }));
    this.d.emit("jne", goOn);
    this.d.emit("jmp", ended);
    this.d.bind(late);
    this.d.emit("mov", ecx, phases.alone);
    this.d.emit("jmp", pause);
  }

  /** Claims chunks of the published stage until none is left, then waits for those that others claimed. */
  private sharedLoop(goOn: Label, ended: Label, pause: Label): void {
    const late = this.d.label();
    const rest = this.d.label();
    const spin = this.d.label();
    const awake = this.d.label();
    this.d.bind(goOn);
    this.d.emit("mov", rax, at(rbx, controlWords.ticket));
    this.d.emit("test", eax, eax);
    this.d.emit("je", rest);
    this.d.claimFirst(goOn);
    this.d.emit("call", this.chunk);
    this.d.emit("lock inc", word(rbx, controlWords.done));
    this.checkDeadline(late);
    this.d.emit("jmp", goOn);
    this.d.bind(late);
    this.d.emit("mov", ecx, phases.shared);
    this.d.emit("jmp", pause);

    this.d.bind(rest);
    this.d.emit("mov", r32(15), waitTurns);
    this.d.bind(spin);
    this.d.emit("mov", eax, at(rbx, controlWords.done));
    this.d.emit("cmp", eax, at(r13, stageWords.chunks));
    this.d.emit("je", ended);
    this.d.emit("pause");
    this.d.emit("dec", r32(15));
    this.d.emit("jne", spin);
    // The helper that raises `done` looks at callerSleeps after that: either it sees it, or this wait sees its `done`.
    this.d.emit("mov", eax, 1);
    this.d.emit("xchg", at(rbx, controlWords.callerSleeps), eax);
    this.d.emit("mov", edx, at(rbx, controlWords.done));
    this.d.emit("cmp", edx, at(r13, stageWords.chunks));
    this.d.emit("je", awake);
    this.d.emit("lea", r10, at(rbx, controlWords.timeout));
    this.d.futex(controlWords.done, futex.waitPrivate);
    this.d.bind(awake);
    this.d.emit("mov", word(rbx, controlWords.callerSleeps), 0);
    this.d.emit("jmp", rest);
  }

  /** Goes to `late` where the walk's deadline has passed. */
  private checkDeadline(late: Label): void {
    const fine = this.d.label();
    this.d.emit("mov", rcx, at(rbp, walkWords.deadline));
    this.d.emit("test", rcx, rcx);
    this.d.emit("je", fine);
    this.d.readTicks();
    this.d.emit("cmp", rax, rcx);
    this.d.emit("jae", late);
    this.d.bind(fine);
  }

  private checkFaults(exit: Label): void {
    const none = this.d.label();
    const loop = this.d.label();
    const fine = this.d.label();
    this.d.emit("mov", ecx, at(r13, stageWords.checks));
    this.d.emit("test", ecx, ecx);
    this.d.emit("je", none);
    this.d.emit("mov", rdx, at(r13, stageWords.faults));
    this.d.bind(loop);
    this.d.emit("mov", rax, at(rdx));
    this.d.emit("cmp", word(rax), 0);
    this.d.emit("je", fine);
    this.d.emit("mov", eax, walkResults.fault);
    this.d.emit("jmp", exit);
    this.d.bind(fine);
    this.d.emit("add", rdx, 8);
    this.d.emit("dec", ecx);
    this.d.emit("jne", loop);
    this.d.bind(none);
  }
}
