/** A walk in generated code: one call for a whole run, or for a slice of a long one. */
import { stageWords } from "../runtime/stage-format.ts";
import type { MachineMemory, MemoryBlock } from "../runtime/machine.ts";
import type { StageLayout } from "../runtime/program-layout.ts";
import { type ProgramWalk, StageRecord, takeFault, type WalkedProgram, type WalkMode, type WalkStart } from "../runtime/walk.ts";
import { type CommandList, writeCommands } from "./command-list.ts";
import { phases, soloBits, walkBytes, walkModes, walkResults, walkWords } from "./control.ts";
import type { NativeThreads } from "./native-threads.ts";

/** Helpers that spin take a stage within a microsecond. */
const soloMilliseconds = 0.003;

/** Walks a program's commands. */
export class NativeWalk implements ProgramWalk {
  private readonly threads: NativeThreads;
  private readonly walked: WalkedProgram;
  private readonly list: CommandList;
  private readonly record: MemoryBlock;
  private readonly stages: readonly { readonly stage: StageLayout; readonly record: StageRecord }[];
  private readonly statePointers: number[];
  private mode: WalkMode = "best";
  private isMeasuring = false;

  /** Throws BackendError where memory does not suffice. */
  constructor(threads: NativeThreads, memory: MachineMemory, walked: WalkedProgram) {
    this.threads = threads;
    this.walked = walked;
    this.list = writeCommands(memory, walked, threads.slicesCode);
    this.record = memory.block(walkBytes, "a walk");
    this.record.setPointer(walkWords.scratch, 0);
    this.statePointers = this.list.stateCells.map(() => 0);
    this.stages = walked.layout.stages
      // Those of lanes are never shared.
      .filter(({ chunks, lane }) => chunks > 0 && lane === null)
      .map((stage) => ({ stage, record: new StageRecord(stage, threads.count, soloMilliseconds) }));
    for (const { stage, record } of this.stages)
      walked.region.setInt32(stage.descriptor + stageWords.solo, record.isSolo ? soloBits.chosen | soloBits.always : 0);
    for (const { lane, chunks, descriptor } of walked.layout.stages)
      if (lane !== null && chunks > 0) walked.region.setInt32(descriptor + stageWords.solo, soloBits.chosen | soloBits.always);
  }

  get hasWrittenState(): boolean {
    return this.record.getInt32(walkWords.written) !== 0;
  }

  begin({ mode, isMeasuring, isPrepared }: WalkStart): void {
    const { record, list, walked } = this;
    this.mode = mode;
    this.isMeasuring = isMeasuring;
    record.setPointer(walkWords.command, isPrepared ? list.prepared : list.first);
    record.setInt32(walkWords.written, 0);
    record.setInt32(walkWords.mode, walkModes[mode]);
    record.setInt32(walkWords.phase, 0);
    for (let i = 0; i < list.stateCells.length; i++) {
      const { block, offset, buffer } = list.stateCells[i]!;
      const pointer = walked.pointers[buffer]!;
      if (pointer === this.statePointers[i]) continue;
      this.statePointers[i] = pointer;
      block.setPointer(offset, pointer);
    }
  }

  advance(milliseconds: number): boolean {
    const { threads, record, walked } = this;
    const deadline = milliseconds === Infinity ? 0 : Math.floor(threads.ticks() + milliseconds * threads.ticksPerMillisecond());
    record.setPointer(walkWords.deadline, deadline);
    const result = threads.walk(record.address);
    if (result === walkResults.paused) return false;
    if (result === walkResults.fault) {
      throw takeFault(
        walked,
        this.stages.flatMap(({ stage }) => stage.checked),
      );
    }
    if (this.isMeasuring) this.judge();
    return true;
  }

  stop(): void {
    if (this.record.getInt32(walkWords.phase) === phases.shared) this.threads.settle();
    this.record.setInt32(walkWords.phase, phases.command);
  }

  free(): void {
    for (const block of this.list.blocks) block.release();
    this.record.release();
  }

  /** After a measured run: every stage's ticks decide how it goes. */
  private judge(): void {
    const { region } = this.walked;
    const perMillisecond = this.threads.ticksPerMillisecond();
    for (const { stage, record } of this.stages) {
      if (stage.chunks < 2) continue;
      const wasAlone = record.goesAlone(this.mode);
      // A stage in a branch that was not taken has ticks of an older run: of no consequence.
      const ticks = region.getInt32(stage.descriptor + stageWords.ticks);
      record.judge(wasAlone, (ticks < 0 ? 2 ** 31 : ticks) / perMillisecond);
      region.setInt32(
        stage.descriptor + stageWords.solo,
        (record.isSolo ? soloBits.chosen : 0) | (record.isNeverAlone ? soloBits.never : 0),
      );
    }
  }
}
