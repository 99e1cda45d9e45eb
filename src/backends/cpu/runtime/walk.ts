/** Walks the stages of a loaded program in their order, as far as there is time. */
import { IndexError } from "../../../errors.ts";
import type { Program } from "../../../compiler/program.ts";
import type { MemoryBlock } from "./machine.ts";
import type { ProgramLayout, StageLayout } from "./program-layout.ts";

/** A program in memory, as a walk sees it. */
export interface WalkedProgram {
  readonly program: Program;
  readonly layout: ProgramLayout;
  /** The program's region. */
  readonly region: MemoryBlock;
  /** What a helper must know to take part. */
  readonly required: number;
  /** Address of a buffer that is no slice and no alternate; a state's as of the current run. */
  readonly pointers: readonly number[];
}

/** How a run chooses between one thread and all: each stage as it was found best, or all stages one way. */
export type WalkMode = "best" | "alone" | "shared";

/** How a run goes. */
export interface WalkStart {
  readonly mode: WalkMode;
  /** Whether its stages are measured, to find out what is best. */
  readonly isMeasuring: boolean;
  /** Whether it leaves the program's preparation out. */
  readonly isPrepared: boolean;
}

/** The place where a run has got to. One run at a time. */
export interface ProgramWalk {
  /** Back to the first stage, or to the first after the program's preparation. */
  begin(start: WalkStart): void;
  /**
   * Runs stages for about `milliseconds` (Infinity: to the end). Returns whether the program has ended. Throws IndexError
   * where a kernel found an index out of range; the walk must then begin again.
   */
  advance(milliseconds: number): boolean;
  /** Whether a stage that writes states has begun. */
  readonly hasWrittenState: boolean;
  /** Gives up a run that has not ended: afterwards nobody works for it any more. */
  stop(): void;
  /** Gives back what the walk holds beside the region. */
  free(): void;
}

/** The error for the first fault record that is set among those of `kernels`, all of which are cleared. */
export function takeFault({ program, layout, region }: WalkedProgram, kernels: readonly number[]): IndexError {
  let found: { label: string; index: number; extent: number } | undefined;
  for (const k of kernels) {
    const record = layout.faults[k]!;
    if (region.getInt32(record) !== 0)
      found ??= { label: program.kernels[k]!.kernel.label, index: region.getInt32(record + 4), extent: region.getInt32(record + 8) };
    region.setInt32(record, 0);
  }
  const { label, index, extent } = found!;
  return new IndexError({
    where: label,
    problem: "an index is out of range",
    expected: extent === 0 ? "no index: the axis is empty" : `0 to ${extent - 1}`,
    received: String(index),
    advice: "look at the indices (labels, token ids) that the operation was given; no variable was changed",
  });
}

/** What an old measurement counts for when a new one comes: a disturbed one is outlived, a changed machine noticed. */
const forgetting = 1.1;

/**
 * A stage that takes one thread so many times what is not worth handing out is always shared: where no helper has time the
 * calling thread claims every chunk itself. One disturbed measurement would keep long stages on one thread.
 */
const longTimes = 20;

/**
 * What one thread has to be quicker by: it is measured in runs that are all its own, whose data no other thread's caches
 * hold.
 */
const aloneGain = 0.7;

/** A stage that takes all threads longer is not tried on one: it would be shared afterwards whatever came out. */
const untriedMilliseconds = 1;

/** How a stage is run, and what it took at best on one thread and on all. */
export class StageRecord {
  isSolo: boolean;
  #alone = Infinity;
  #shared = Infinity;
  readonly #canShare: boolean;
  readonly #leastMilliseconds: number;

  /** A stage that one thread does within `leastMilliseconds` is not worth handing out. */
  constructor(stage: StageLayout, threads: number, leastMilliseconds: number) {
    this.#canShare = stage.chunks > 1 && threads > 1;
    this.isSolo = !this.#canShare;
    this.#leastMilliseconds = leastMilliseconds;
  }

  /** Whether the stage is shared in every run, those that measure one thread among them. */
  get isNeverAlone(): boolean {
    return this.#canShare && this.#shared !== Infinity && this.#shared > untriedMilliseconds;
  }

  /** Whether the stage is to run on one thread in a run of that mode. */
  goesAlone(mode: WalkMode): boolean {
    return mode === "best" || !this.#canShare ? this.isSolo : mode === "alone" && !this.isNeverAlone;
  }

  /** Decides how a stage goes until it is measured again: alone where that is quick, or was much quicker than with helpers. */
  judge(wasAlone: boolean, milliseconds: number): void {
    if (wasAlone) this.#alone = Math.min(milliseconds, this.#alone * forgetting);
    else this.#shared = Math.min(milliseconds, this.#shared * forgetting);
    if (!this.#canShare) return;
    this.isSolo =
      this.#alone < this.#leastMilliseconds ||
      (this.#alone < aloneGain * this.#shared && this.#alone < longTimes * this.#leastMilliseconds);
  }
}
