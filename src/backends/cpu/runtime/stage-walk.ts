/** A walk in JavaScript: one call into generated code per stage. */
import type { Machine } from "./machine.ts";
import type { LayoutNode, PointerSlot, StageLayout } from "./program-layout.ts";
import { type ProgramWalk, StageRecord, takeFault, type WalkedProgram, type WalkMode, type WalkStart } from "./walk.ts";

/** Handing a stage out from JavaScript and waiting for the helpers costs some microseconds. */
const soloMilliseconds = 0.015;

/** A list of nodes that is being walked: the program's, a turn of a loop, one side of a branch. */
interface Frame {
  readonly nodes: readonly LayoutNode[];
  position: number;
  readonly loop: Extract<LayoutNode, { kind: "loop" }> | null;
  turn: number;
}

/** Walks stage by stage, patching the pointers that loops move. */
export class StageWalk implements ProgramWalk {
  protected readonly machine: Machine;
  protected readonly walked: WalkedProgram;
  readonly #records = new Map<StageLayout, StageRecord>();
  readonly #turns = new Map<number, number>();
  #stack: Frame[] = [];
  #mode: WalkMode = "best";
  #isMeasuring = false;
  hasWrittenState = false;

  constructor(machine: Machine, walked: WalkedProgram) {
    this.machine = machine;
    this.walked = walked;
    for (const stage of walked.layout.stages) this.#records.set(stage, new StageRecord(stage, machine.threads.count, soloMilliseconds));
  }

  begin({ mode, isMeasuring, isPrepared }: WalkStart): void {
    const { layout, program } = this.walked;
    this.#mode = mode;
    this.#isMeasuring = isMeasuring;
    this.hasWrittenState = false;
    this.#stack = [{ nodes: layout.nodes, position: isPrepared ? program.preparation.stages : 0, loop: null, turn: 0 }];
  }

  advance(milliseconds: number): boolean {
    const end = milliseconds === Infinity ? Infinity : performance.now() + milliseconds;
    for (;;) {
      const frame = this.#stack.at(-1);
      if (frame === undefined) return true;
      const node = frame.nodes[frame.position];
      if (node === undefined) {
        if (frame.loop === null || !this.#enterTurn(frame, frame.loop)) this.#stack.pop();
        continue;
      }
      frame.position++;
      switch (node.kind) {
        case "stage":
          this.#runStage(node);
          if (end !== Infinity && performance.now() >= end) return false;
          break;
        case "loop": {
          const turns: Frame = { nodes: node.body, position: node.body.length, loop: node, turn: -1 };
          if (this.#enterTurn(turns, node)) this.#stack.push(turns);
          break;
        }
        case "branch":
          this.#stack.push({ nodes: this.#isTrue(node.condition) ? node.then : node.else, position: 0, loop: null, turn: 0 });
      }
    }
  }

  stop(): void {
    // No stage is left in its middle.
    this.#stack = [];
  }

  free(): void {
    this.#stack = [];
  }

  /** Starts the next turn of a loop, if there is one. */
  #enterTurn(frame: Frame, loop: Extract<LayoutNode, { kind: "loop" }>): boolean {
    frame.turn++;
    if (frame.turn >= loop.trips) return false;
    this.#turns.set(loop.loop, frame.turn);
    if (loop.condition !== null && !this.#isTrue(loop.condition)) return false;
    this.#setSlots(loop.slots);
    frame.position = 0;
    return true;
  }

  /** Address of a buffer now; inside loops it depends on their turns. */
  #pointer(buffer: number): number {
    const { program, layout, pointers } = this.walked;
    const { place } = program.buffers[buffer]!;
    if (place.kind === "slice") {
      const turn = this.#turns.get(place.loop)!;
      return this.#pointer(place.of) + place.strideBytes * (place.reverse ? layout.trips.get(place.loop)! - 1 - turn : turn);
    }
    if (place.kind === "alternate") return this.#pointer(this.#turns.get(place.loop)! % 2 === 0 ? place.even : place.odd);
    return pointers[buffer]!;
  }

  #setSlots(slots: readonly PointerSlot[]): void {
    const { region } = this.walked;
    for (let i = 0; i < slots.length; i++) region.setPointer(slots[i]!.address, this.#pointer(slots[i]!.buffer));
  }

  #isTrue(buffer: number): boolean {
    return this.machine.memory.byteAt(this.#pointer(buffer)) !== 0;
  }

  #runStage(stage: StageLayout): void {
    if (stage.chunks === 0) return;
    const { walked } = this;
    const { region, layout } = walked;
    const record = this.#records.get(stage)!;
    const start = this.#isMeasuring ? performance.now() : 0;
    if (stage.writesState) this.hasWrittenState = true;
    const isSolo = record.goesAlone(this.#mode);
    this.execute(stage, isSolo);
    if (this.#isMeasuring) record.judge(isSolo, performance.now() - start);
    for (let i = 0; i < stage.checked.length; i++) {
      if (region.getInt32(layout.faults[stage.checked[i]!]!) !== 0) throw takeFault(walked, stage.checked);
    }
  }

  /** Runs the kernels of a stage. */
  protected execute(stage: StageLayout, isSolo: boolean): void {
    const { threads } = this.machine;
    const { region, required } = this.walked;
    if (isSolo) threads.solo(region.address + stage.descriptor);
    else threads.run(region.address + stage.descriptor, required);
  }
}
