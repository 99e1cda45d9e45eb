/** Where each virtual register is alive: one interval per register over the instructions in running order. */
import { forEachRead, forEachWrite, type MachineFunction } from "./machine-code.ts";

/** Live intervals. An instruction i reads at position 2i and writes at 2i + 1. */
export interface Intervals {
  /** By id of the register; -1: it does not occur. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** How much a register is used, weighted by the depth of loops. */
  readonly weight: Float64Array;
}

interface Block {
  readonly first: number;
  /** One past the last instruction. */
  end: number;
  readonly successors: number[];
}

/** Intervals that cover every position between a write and the reads it may reach, around loops too. */
export function findIntervals(fn: MachineFunction): Intervals {
  const { code, registers } = fn;
  const count = registers.length;
  const start = new Int32Array(count).fill(-1);
  const end = new Int32Array(count).fill(-1);
  const weight = new Float64Array(count);
  const { blocks, blockOf, depth } = findBlocks(fn);

  // What each instruction reads and writes, one after another; positions of instruction i start at bounds[2i], [2i + 1].
  const ids: number[] = [];
  const bounds = new Int32Array(2 * code.length + 1);
  const push = ({ id }: { readonly id: number }): void => void ids.push(id);
  for (let i = 0; i < code.length; i++) {
    bounds[2 * i] = ids.length;
    forEachRead(code[i]!, push);
    bounds[2 * i + 1] = ids.length;
    forEachWrite(code[i]!, push);
  }
  bounds[2 * code.length] = ids.length;

  // Registers that live in one block only, and are written there first, need no data flow.
  const home = new Int32Array(count).fill(-1);
  const isGlobal = new Uint8Array(count);
  const touch = (id: number, position: number): void => {
    if (start[id]! < 0 || position < start[id]!) start[id] = position;
    if (position > end[id]!) end[id] = position;
  };
  for (let i = 0; i < code.length; i++) {
    const block = blockOf[i]!;
    const times = 8 ** depth[i]!;
    for (let position = 2 * i; position <= 2 * i + 1; position++) {
      for (let at = bounds[position]!; at < bounds[position + 1]!; at++) {
        const id = ids[at]!;
        if (home[id] !== block) {
          // Written here for the first time, or not in this block alone.
          if (home[id] === -1 && position % 2 === 1) home[id] = block;
          else isGlobal[id] = 1;
        }
        weight[id]! += times;
        touch(id, position);
      }
    }
  }
  const globals: number[] = [];
  const dense = new Int32Array(count).fill(-1);
  for (let id = 0; id < count; id++) if (isGlobal[id] === 1) dense[id] = globals.push(id) - 1;
  if (globals.length === 0) return { start, end, weight };

  // Sets of global registers, a row of words per block.
  const words = Math.ceil(globals.length / 32);
  const gen = new Int32Array(blocks.length * words);
  const kill = new Int32Array(blocks.length * words);
  blocks.forEach((block, b) => {
    const row = b * words;
    for (let position = 2 * block.first; position < 2 * block.end; position++) {
      for (let i = bounds[position]!; i < bounds[position + 1]!; i++) {
        const at = dense[ids[i]!]!;
        if (at < 0) continue;
        const word = row + (at >> 5);
        const bit = 1 << (at & 31);
        if (position % 2 === 1) kill[word]! |= bit;
        else if ((kill[word]! & bit) === 0) gen[word]! |= bit;
      }
    }
  });
  const liveIn = new Int32Array(blocks.length * words);
  const liveOut = new Int32Array(blocks.length * words);
  for (let changed = true; changed;) {
    changed = false;
    for (let b = blocks.length - 1; b >= 0; b--) {
      const { successors } = blocks[b]!;
      for (let w = 0; w < words; w++) {
        let out = 0;
        for (let i = 0; i < successors.length; i++) out |= liveIn[successors[i]! * words + w]!;
        const word = b * words + w;
        const into = gen[word]! | (out & ~kill[word]!);
        liveOut[word] = out;
        if (into === liveIn[word]) continue;
        liveIn[word] = into;
        changed = true;
      }
    }
  }
  const touchAll = (set: Int32Array, b: number, position: number): void => {
    for (let w = 0; w < words; w++) {
      for (let rest = set[b * words + w]!; rest !== 0; rest &= rest - 1) touch(globals[32 * w + 31 - Math.clz32(rest & -rest)]!, position);
    }
  };
  blocks.forEach((block, b) => {
    touchAll(liveIn, b, 2 * block.first);
    touchAll(liveOut, b, 2 * block.end);
  });
  return { start, end, weight };
}

/** Cuts the code at labels and jumps; `depth` counts the loops around an instruction. */
function findBlocks({ code }: MachineFunction): { readonly blocks: Block[]; readonly blockOf: Int32Array; readonly depth: Int32Array } {
  const blocks: Block[] = [];
  const blockOf = new Int32Array(code.length);
  const depth = new Int32Array(code.length);
  const labels = new Map<object, number>();
  let open = false;
  code.forEach((instruction, i) => {
    if (!open || instruction.op === "label") {
      if (open) blocks.at(-1)!.end = i;
      blocks.push({ first: i, end: code.length, successors: [] });
      open = true;
    }
    blockOf[i] = blocks.length - 1;
    if (instruction.op === "label") labels.set(instruction.label, i);
    if (instruction.op === "jump") {
      blocks.at(-1)!.end = i + 1;
      open = false;
      const target = labels.get(instruction.target);
      // A jump back is the end of a loop.
      if (target !== undefined) for (let j = target; j <= i; j++) depth[j]!++;
    }
  });
  blocks.forEach((block, b) => {
    const last = code[block.end - 1]!;
    if (last.op === "jump") {
      block.successors.push(blockOf[labels.get(last.target)!]!);
      if (last.mnemonic === "jmp") return;
    }
    if (b + 1 < blocks.length) block.successors.push(b + 1);
  });
  return { blocks, blockOf, depth };
}
