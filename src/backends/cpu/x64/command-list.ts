/**
 * The stages of a program as commands that the driver walks: loops patch pointers and branches choose without a call
 * back to JavaScript.
 *
 * A buffer that loops move is computed from pointer cells: every state or fixed buffer it starts from has a cell, and so
 * has every moved buffer that another one is a part of. Each turn of a loop renews the cells and slots that depend on it,
 * cells first.
 */
import { InternalError } from "../../../errors.ts";
import type { LayoutNode, PointerSlot, StageLayout } from "../runtime/program-layout.ts";
import { stageWords } from "../runtime/stage-format.ts";
import type { MemoryBlock, MachineMemory } from "../runtime/machine.ts";
import type { WalkedProgram } from "../runtime/walk.ts";
import { commands, moveBytes, moveWords } from "./control.ts";

/** A move; cells are offsets in the list's data, slots in the program's region. */
interface Move {
  readonly target: { readonly cell: number } | { readonly slot: number };
  readonly even: number;
  readonly odd: number;
  readonly base: number;
  readonly stride: number;
}

/** Commands in memory. */
export interface CommandList {
  readonly block: MemoryBlock;
  /** Address of the first command. */
  readonly first: number;
  /** Address of the first command after the program's preparation. */
  readonly prepared: number;
  /** Cells that hold the pointer of a buffer in a state's memory: offsets in the block. */
  readonly stateCells: readonly { readonly offset: number; readonly buffer: number }[];
}

/** Writes the commands of a program. */
export function writeCommands(memory: MachineMemory, walked: WalkedProgram): CommandList {
  return new CommandWriter(walked).write(memory);
}

class CommandWriter {
  private readonly walked: WalkedProgram;
  /** Bytes of commands; data (cells, moves, lists of faults) stands behind them. */
  private end = 0;
  private dataEnd = 0;
  /** Cell (offset in the data) of each buffer that needs one. */
  private readonly cells = new Map<number, number>();
  /** Buffers with a cell, in an order in which each follows those it is computed from. */
  private readonly ordered: number[] = [];
  private readonly enclosing: number[] = [];
  private readonly writes: ((block: MemoryBlock) => void)[] = [];

  constructor(walked: WalkedProgram) {
    this.walked = walked;
  }

  write(memory: MachineMemory): CommandList {
    const { program, layout, pointers } = this.walked;
    // Cells that commands need stand first, so that every cell is known when moves are written.
    this.collectCells(layout.nodes);
    this.nodes(layout.nodes.slice(0, program.preparation.stages));
    const prepared = this.end;
    this.nodes(layout.nodes.slice(program.preparation.stages));
    this.command(commands.end.bytes, commands.end.code, () => undefined);
    const block = memory.block(this.end + this.dataEnd, "the commands of a program");
    for (const write of this.writes) write(block);
    const stateCells: { offset: number; buffer: number }[] = [];
    for (const [buffer, cell] of this.cells) {
      const offset = this.end + cell;
      const { kind } = program.buffers[buffer]!.place;
      if (kind === "state") stateCells.push({ offset, buffer });
      block.setPointer(offset, kind === "slice" || kind === "alternate" ? 0 : pointers[buffer]!);
    }
    return { block, first: block.address, prepared: block.address + prepared, stateCells };
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
      if (node.condition !== null) this.cell(node.condition);
      for (const { buffer } of node.slots) for (const part of this.parts(buffer)) this.cell(part);
      this.checkNesting(node);
      this.enclosing.push(node.loop);
      this.collectCells(node.body);
      this.enclosing.pop();
    }
  }

  /** A pointer is renewed in the turns of its own loop, so that what it starts from may change only outside of that. */
  private checkNesting({ loop, slots }: Extract<LayoutNode, { kind: "loop" }>): void {
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
          this.loop(node);
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

  private loop(node: Extract<LayoutNode, { kind: "loop" }>): void {
    const { turn, enter, again } = commands;
    const moves = this.moves(node.loop, node.slots);
    const firstMove = this.takeData(moves.length * moveBytes);
    const start = this.take(enter.bytes);
    let exit = 0;
    const at = this.command(turn.bytes, turn.code, (block, place) => {
      block.setPointer(place + turn.turn, 0);
      block.setPointer(place + turn.trips, node.trips);
      block.setPointer(place + turn.condition, node.condition === null ? 0 : this.data(block, this.cells.get(node.condition)!));
      block.setPointer(place + turn.exit, block.address + exit);
      block.setPointer(place + turn.moves, moves.length);
      block.setPointer(place + turn.firstMove, this.data(block, firstMove));
    });
    this.nodes(node.body);
    this.command(again.bytes, again.code, (block, place) => block.setPointer(place + again.target, block.address + at));
    exit = this.end;
    this.writes.push((block) => {
      block.setInt32(start, enter.code);
      block.setPointer(start + enter.target, block.address + at);
      moves.forEach((move, i) => this.writeMove(block, this.end + firstMove + i * moveBytes, move));
    });
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
