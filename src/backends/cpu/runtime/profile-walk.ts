/** A walk that runs and times kernels one by one. */
import type { Machine, MemoryBlock } from "./machine.ts";
import type { Profiler } from "./profiler.ts";
import type { StageLayout } from "./program-layout.ts";
import { jobBytes, jobWords, stageWords } from "./stage-format.ts";
import { StageWalk } from "./stage-walk.ts";
import type { WalkedProgram } from "./walk.ts";

const bytesOfOne = 64;

/** Every kernel is a stage of its own. */
export class ProfileWalk extends StageWalk {
  private readonly profiler: Profiler;
  /** A stage of one job per kernel. */
  private readonly singles: MemoryBlock;

  /** Throws BackendError where memory does not suffice. */
  constructor(machine: Machine, walked: WalkedProgram, profiler: Profiler) {
    super(machine, walked);
    this.profiler = profiler;
    const { region, layout } = walked;
    this.singles = machine.memory.block(bytesOfOne * Math.max(1, walked.program.kernels.length), "stages of single kernels");
    for (const stage of layout.stages) {
      if (stage.chunks === 0 || (stage.lane ?? 0) > 0) continue;
      stage.kernels.forEach((k, position) => {
        const job = stage.descriptor + stageWords.firstJob + position * jobBytes;
        const single = k * bytesOfOne;
        for (let word = 0; word < stageWords.firstJob; word += 4) this.singles.setInt32(single + word, 0);
        this.singles.setInt32(single + stageWords.chunks, region.getInt32(job + jobWords.chunks));
        this.singles.setInt32(single + stageWords.jobs, 1);
        for (let word = 0; word < jobBytes; word += 4)
          this.singles.setInt32(single + stageWords.firstJob + word, region.getInt32(job + word));
      });
    }
  }

  override free(): void {
    super.free();
    this.singles.release();
  }

  protected override execute(stage: StageLayout): void {
    const { machine, walked } = this;
    for (const k of stage.kernels) {
      const single = k * bytesOfOne;
      const chunks = this.singles.getInt32(single + stageWords.chunks);
      if (chunks === 0) continue;
      const start = performance.now();
      if (chunks > 1 && machine.threads.count > 1) machine.threads.run(this.singles.address + single, walked.required);
      else machine.threads.solo(this.singles.address + single);
      this.profiler.add(walked.program.kernels[k]!.kernel, performance.now() - start);
    }
  }
}
