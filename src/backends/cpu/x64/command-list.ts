/**
 * The stages of a program as commands that the driver walks: loops patch pointers and branches choose without a call
 * back to JavaScript.
 *
 * A buffer that loops move is computed from pointer cells: every state or fixed buffer it starts from has a cell, and so
 * has every moved buffer that another one is a part of. Each turn of a loop renews the cells and slots that depend on it,
 * cells first.
 */
import { InternalError } from "../../../errors.ts";
import type { LaneLayout, LayoutNode, PointerSlot, SlicesLayout, StageLayout } from "../runtime/program-layout.ts";
import { jobWords, stageWords } from "../runtime/stage-format.ts";
import type { MemoryBlock, MachineMemory } from "../runtime/machine.ts";
import type { WalkedProgram } from "../runtime/walk.ts";
import { commands, moveBytes, moveWords, walkBytes, walkModes, walkWords } from "./control.ts";

type Loop = Extract<LayoutNode, { kind: "loop" }>;

/** A move; cells are offsets in the list's data, slots in the program's region. */
interface Move {
  readonly target: { readonly cell: number } | { readonly slot: number };
  readonly even: number;
  readonly odd: number;
  readonly base: number;
  readonly stride: number;
}

/** Commands in memory, those of the lanes of slices among them. */
export interface CommandList {
  /** Address of the first command. */
  readonly first: number;
  /** Address of the first command after the program's preparation. */
  readonly prepared: number;
  /** All memory that they take. */
  readonly blocks: readonly MemoryBlock[];
  /** Cells that hold the pointer of a buffer in a state's memory. */
  readonly stateCells: readonly StateCell[];
}

interface StateCell {
  readonly block: MemoryBlock;
  readonly offset: number;
  readonly buffer: number;
}

/** What the writers of a program and of its lanes have in common. */
interface Writing {
  readonly memory: MachineMemory;
  readonly walked: WalkedProgram;
  /** Address of the driver's code for chunks of slices. */
  readonly slicesCode: number;
  readonly blocks: MemoryBlock[];
  readonly stateCells: StateCell[];
}

/** Writes the commands of a program. `slicesCode`: address of the driver's code for chunks of slices. */
export function writeCommands(memory: MachineMemory, walked: WalkedProgram, slicesCode: number): CommandList {
  const writing: Writing = { memory, walked, slicesCode, blocks: [], stateCells: [] };
  try {
    const { first, prepared } = new CommandWriter(writing, 0).write();
    return { first, prepared, blocks: writing.blocks, stateCells: writing.stateCells };
  } catch (error) {
    for (const block of writing.blocks) block.release();
    throw error;
  }
}

class CommandWriter {
  private readonly writing: Writing;
  private readonly walked: WalkedProgram;
  private readonly lane: number;
  /** Bytes of commands; data (cells, moves, lists of faults) stands behind them. */
  private end = 0;
  private dataEnd = 0;
  /** Cell (offset in the data) of each buffer that needs one. */
  private readonly cells = new Map<number, number>();
  /** Buffers with a cell, in an order in which each follows those it is computed from. */
  private readonly ordered: number[] = [];
  private readonly enclosing: number[] = [];
  private readonly writes: ((block: MemoryBlock) => void)[] = [];

  constructor(writing: Writing, lane: number) {
    this.writing = writing;
    this.walked = writing.walked;
    this.lane = lane;
  }

  write(): { readonly first: number; readonly prepared: number } {
    const { program, layout } = this.walked;
    // Cells that commands need stand first, so that every cell is known when moves are written.
    this.collectCells(layout.nodes);
    this.nodes(layout.nodes.slice(0, program.preparation.stages));
    const prepared = this.end;
    this.nodes(layout.nodes.slice(program.preparation.stages));
    const first = this.finish();
    return { first, prepared: first + prepared };
  }

  /** The commands of a slice in this lane: the loop's moves, its body, and the end. Returns where they begin. */
  writeLane(loop: Loop, { slots, body }: LaneLayout): number {
    this.collectCells([{ ...loop, slots, body, slices: null }]);
    this.turn(loop, slots);
    this.nodes(body);
    return this.finish();
  }

  private finish(): number {
    const { memory, blocks, stateCells } = this.writing;
    const { program, pointers } = this.walked;
    this.command(commands.end.bytes, commands.end.code, () => undefined);
    const block = memory.block(this.end + this.dataEnd, "the commands of a program");
    blocks.push(block);
    for (const write of this.writes) write(block);
    for (const [buffer, cell] of this.cells) {
      const offset = this.end + cell;
      const { place } = program.buffers[buffer]!;
      if (place.kind === "state") stateCells.push({ block, offset, buffer });
      const ofLane = place.kind === "lane" ? this.lane * place.strideBytes : 0;
      block.setPointer(offset, place.kind === "slice" || place.kind === "alternate" ? 0 : pointers[buffer]! + ofLane);
    }
    return block.address;
  }

  private take(bytes: number): number {
    const place = this.end;
    this.end += bytes;
    return place;
  }

  private takeData(bytes: number): number {
    const place = this.dataEnd;
    this.dataEnd += bytes;
    return place;
  }

  /** Address of data, once all commands are there. */
  private data(block: MemoryBlock, offset: number): number {
    return block.address + this.end + offset;
  }

  private cell(buffer: number): number {
    let cell = this.cells.get(buffer);
    if (cell !== undefined) return cell;
    for (const part of this.parts(buffer)) this.cell(part);
    cell = this.takeData(8);
    this.cells.set(buffer, cell);
    this.ordered.push(buffer);
    return cell;
  }

  /** Buffers that a moved buffer's pointer is computed from. */
  private parts(buffer: number): number[] {
    const { place } = this.walked.program.buffers[buffer]!;
    if (place.kind === "slice") return [place.of];
    if (place.kind === "alternate") return [place.even, place.odd];
    return [];
  }

  /** The loop that moves a buffer itself (outer ones may move what it is a part of), or -1. */
  private loopOf(buffer: number): number {
    const { place } = this.walked.program.buffers[buffer]!;
    return place.kind === "slice" || place.kind === "alternate" ? place.loop : -1;
  }

  private collectCells(nodes: readonly LayoutNode[]): void {
    for (const node of nodes) {
      if (node.kind === "stage") continue;
      if (node.kind === "branch") {
        this.cell(node.condition);
        this.collectCells(node.then);
        this.collectCells(node.else);
        continue;
      }
      if (node.slices !== null) continue;
      if (node.condition !== null) this.cell(node.condition);
      for (const { buffer } of node.slots) for (const part of this.parts(buffer)) this.cell(part);
      this.checkNesting(node);
      this.enclosing.push(node.loop);
      this.collectCells(node.body);
      this.enclosing.pop();
    }
  }

  /** A pointer is renewed in the turns of its own loop, so that what it starts from may change only outside of that. */
  private checkNesting({ loop, slots }: Loop): void {
    const visit = (buffer: number, isOwn: boolean): void => {
      const own = this.loopOf(buffer);
      if (!isOwn && own >= 0 && own !== loop && !this.enclosing.includes(own))
        throw new InternalError("x64 commands", "a buffer is a part of one that an inner loop moves", String(buffer));
      for (const part of this.parts(buffer)) visit(part, false);
    };
    for (const { buffer } of slots) if (this.loopOf(buffer) === loop) visit(buffer, true);
  }

  private command(bytes: number, code: number, write: (block: MemoryBlock, at: number) => void): number {
    const at = this.take(bytes);
    this.writes.push((block) => {
      block.setInt32(at, code);
      write(block, at);
    });
    return at;
  }

  private nodes(list: readonly LayoutNode[]): void {
    for (const node of list) {
      switch (node.kind) {
        case "stage":
          this.stage(node);
          break;
        case "loop":
          if (node.slices === null) this.loop(node);
          else this.slices(node, node.slices);
          break;
        case "branch":
          this.branch(node);
      }
    }
  }

  private stage(node: StageLayout): void {
    if (node.chunks === 0) return;
    const { region, layout } = this.walked;
    const faults = this.takeData(8 * node.checked.length);
    this.writes.push((block) => {
      node.checked.forEach((k, i) => block.setPointer(this.end + faults + 8 * i, region.address + layout.faults[k]!));
      region.setInt32(node.descriptor + stageWords.checks, node.checked.length);
      region.setPointer(node.descriptor + stageWords.faults, this.data(block, faults));
    });
    this.command(commands.stage.bytes, commands.stage.code, (block, at) => {
      block.setInt32(at + commands.stage.writes, node.writesState ? 1 : 0);
      block.setPointer(at + commands.stage.stage, region.address + node.descriptor);
    });
  }

  /** The stage that hands slices out, and the commands of every lane. */
  private slices(node: Loop, { stage, lanes }: SlicesLayout): void {
    const { region } = this.walked;
    const { memory, blocks, slicesCode } = this.writing;
    const records = memory.block(walkBytes * lanes.length, "the lanes of a program");
    blocks.push(records);
    lanes.forEach((layout, lane) => {
      const record = walkBytes * lane;
      for (let word = 0; word < walkBytes; word += 8) records.setPointer(record + word, 0);
      records.setInt32(record + walkWords.mode, walkModes.alone);
      records.setPointer(record + walkWords.turn, new CommandWriter(this.writing, lane).writeLane(node, layout));
    });
    const job = stage.descriptor + stageWords.firstJob;
    region.setInt32(stage.descriptor + stageWords.jobs, 1);
    region.setPointer(job + jobWords.function, slicesCode);
    region.setPointer(job + jobWords.block, records.address);
    region.setInt32(job + jobWords.units, stage.chunks);
    region.setInt32(job + jobWords.grain, 1);
    region.setInt32(job + jobWords.chunks, stage.chunks);
    this.stage(stage);
  }

  private loop(node: Loop): void {
    const { enter, again } = commands;
    const start = this.take(enter.bytes);
    const turn = this.turn(node, node.slots);
    this.nodes(node.body);
    this.command(again.bytes, again.code, (block, place) => block.setPointer(place + again.target, block.address + turn.at));
    turn.exit = this.end;
    this.writes.push((block) => {
      block.setInt32(start, enter.code);
      block.setPointer(start + enter.target, block.address + turn.at);
    });
  }

  /** A \`turn\` command; \`exit\`, where it goes when no turn is left, is set later. */
  private turn(node: Loop, slots: readonly PointerSlot[]): { readonly at: number; exit: number } {
    const { turn } = commands;
    const moves = this.moves(node.loop, slots);
    const firstMove = this.takeData(moves.length * moveBytes);
    const result = { at: this.end, exit: 0 };
    this.command(turn.bytes, turn.code, (block, place) => {
      block.setPointer(place + turn.turn, 0);
      block.setPointer(place + turn.trips, node.trips);
      block.setPointer(place + turn.condition, node.condition === null ? 0 : this.data(block, this.cells.get(node.condition)!));
      block.setPointer(place + turn.exit, block.address + result.exit);
      block.setPointer(place + turn.moves, moves.length);
      block.setPointer(place + turn.firstMove, this.data(block, firstMove));
      moves.forEach((move, i) => this.writeMove(block, this.end + firstMove + i * moveBytes, move));
    });
    return result;
  }

  private branch(node: Extract<LayoutNode, { kind: "branch" }>): void {
    const { branch, jump } = commands;
    let otherwise = 0;
    let exit = 0;
    this.command(branch.bytes, branch.code, (block, at) => {
      block.setPointer(at + branch.condition, this.data(block, this.cells.get(node.condition)!));
      block.setPointer(at + branch.target, block.address + otherwise);
    });
    this.nodes(node.then);
    this.command(jump.bytes, jump.code, (block, at) => block.setPointer(at + jump.target, block.address + exit));
    otherwise = this.end;
    this.nodes(node.else);
    exit = this.end;
  }

  /** What a turn of a loop renews. */
  private moves(loop: number, slots: readonly PointerSlot[]): Move[] {
    const cells = this.ordered.filter((buffer) => this.loopOf(buffer) === loop);
    const own = slots.filter(({ buffer }) => this.loopOf(buffer) === loop);
    return [
      ...cells.map((buffer) => this.move(buffer, { cell: this.cells.get(buffer)! })),
      ...own.map(({ address, buffer }) => this.move(buffer, { slot: address })),
    ];
  }

  /** The move that computes a buffer's pointer in a turn of its loop. */
  private move(buffer: number, target: Move["target"]): Move {
    const { place } = this.walked.program.buffers[buffer]!;
    if (place.kind === "slice") {
      const of = this.cells.get(place.of)!;
      const trips = this.walked.layout.trips.get(place.loop)!;
      const { strideBytes: stride } = place;
      return place.reverse
        ? { target, even: of, odd: of, base: (trips - 1) * stride, stride: -stride }
        : { target, even: of, odd: of, base: 0, stride };
    }
    if (place.kind === "alternate")
      return { target, even: this.cells.get(place.even)!, odd: this.cells.get(place.odd)!, base: 0, stride: 0 };
    throw new InternalError("x64 commands", "a loop moves a buffer that is no part of another", place.kind);
  }

  private writeMove(block: MemoryBlock, at: number, { target, even, odd, base, stride }: Move): void {
    const address = "cell" in target ? this.data(block, target.cell) : this.walked.region.address + target.slot;
    block.setPointer(at + moveWords.target, address);
    block.setPointer(at + moveWords.even, this.data(block, even));
    block.setPointer(at + moveWords.odd, this.data(block, odd));
    block.setPointer(at + moveWords.base, base);
    block.setPointer(at + moveWords.stride, stride);
  }
}
