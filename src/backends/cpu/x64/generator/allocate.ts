/**
 * Linear-scan register allocation: intervals in order of their start take a free register; where there is none, the
 * one among them that is used least for its length goes to the stack.
 *
 * Source: Poletto and Sarkar, Linear Scan Register Allocation, ACM TOPLAS 21(5), 1999.
 */
import type { Intervals } from "./liveness.ts";
import type { MachineFunction, RegisterClass, VirtualRegister } from "./machine-code.ts";

/** Numbers of registers that may be given out, in order of preference. */
export type RegisterFile = Readonly<Record<RegisterClass, readonly number[]>>;

/** Registers that a callee preserves: rbx, rbp, r12 to r15. */
export const calleeSaved: readonly number[] = [3, 5, 12, 13, 14, 15];

const rax = 1 << 0;
const rdx = 1 << 2;
const allButSaved = 0xffff & ~calleeSaved.reduce((set, register) => set | (1 << register), 0);

/** By id, a set of registers an interval must keep away from: those that instructions within it take. */
export function forbiddenRegisters(fn: MachineFunction, { start, end }: Intervals): Int32Array {
  const forbidden = new Int32Array(fn.registers.length);
  for (let i = 0; i < fn.code.length; i++) {
    const instruction = fn.code[i]!;
    if (instruction.op !== "divide" && instruction.op !== "call") continue;
    const position = 2 * i + 1;
    for (let id = 0; id < forbidden.length; id++) {
      const isAcross = start[id]! < position && end[id]! > position;
      if (instruction.op === "call") {
        if (isAcross) forbidden[id] = fn.registers[id]!.class === "gpr" ? forbidden[id]! | allButSaved : -1;
      } else if ((isAcross || id === instruction.y.id) && fn.registers[id]!.class === "gpr") forbidden[id]! |= rax | rdx;
    }
  }
  return forbidden;
}

/**
 * Gives every register of the function a number, or -1 where it is spilled. Returns the spilled ones. `forbidden` is what
 * `forbiddenRegisters` says, to be given where a function is allocated more than once.
 */
export function allocateRegisters(
  fn: MachineFunction,
  intervals: Intervals,
  file: RegisterFile,
  forbidden: Int32Array = forbiddenRegisters(fn, intervals),
): VirtualRegister[] {
  const { start, end, weight } = intervals;
  const spilled: VirtualRegister[] = [];
  // Parameters would rather stay where they arrive.
  const preferred = new Map<VirtualRegister, number>();
  const entry = fn.code[0];
  if (entry?.op === "entry") entry.parameters.forEach((parameter, i) => preferred.set(parameter, [7, 6, 2, 1][i]!));
  const density = ({ id }: VirtualRegister): number => weight[id]! / (end[id]! - start[id]! + 1);
  // Registers whose value is last needed at a position, as lists: the first of each position, the next of each register.
  const firstEnding = new Int32Array(2 * fn.code.length + 1);
  const nextEnding = new Int32Array(fn.registers.length);
  for (const kind of ["gpr", "vec", "mask"] as const) {
    const order = fn.registers.filter((register) => register.class === kind && start[register.id]! >= 0);
    for (const register of order) register.register = -1;
    order.sort((a, b) => start[a.id]! - start[b.id]!);
    const numbers = file[kind];
    let free = numbers.reduce((set, number) => (set | (1 << number)) >>> 0, 0);
    const holders = new Array<VirtualRegister | null>(32).fill(null);
    firstEnding.fill(-1);
    const take = (register: VirtualRegister, number: number): void => {
      const { id } = register;
      register.register = number;
      holders[number] = register;
      free = (free & ~(1 << number)) >>> 0;
      // What is written and never read still takes its register at that moment.
      const until = Math.max(end[id]!, start[id]! + 1);
      nextEnding[id] = firstEnding[until]!;
      firstEnding[until] = id;
    };
    let position = 0;
    for (const current of order) {
      for (const from = start[current.id]!; position < from; position++) {
        for (let id = firstEnding[position]!; id >= 0; id = nextEnding[id]!) {
          const ended = fn.registers[id]!;
          // It may have gone to the stack since.
          if (ended.register < 0) continue;
          holders[ended.register] = null;
          free = (free | (1 << ended.register)) >>> 0;
        }
      }
      const allowed = (free & ~forbidden[current.id]!) >>> 0;
      const wish = preferred.get(current) ?? current.hint?.register ?? -1;
      let choice = -1;
      if (wish >= 0 && ((allowed >>> wish) & 1) === 1) choice = wish;
      else if (allowed !== 0) {
        for (let i = 0; i < numbers.length && choice < 0; i++) if (((allowed >>> numbers[i]!) & 1) === 1) choice = numbers[i]!;
      }
      if (choice >= 0) {
        take(current, choice);
        continue;
      }
      // Somebody goes to the stack: the least used whose register would do.
      let victim = current;
      let least = density(current);
      for (const number of numbers) {
        const other = holders[number] ?? null;
        if (other === null || ((forbidden[current.id]! >>> number) & 1) === 1) continue;
        const used = density(other);
        if (used < least) {
          least = used;
          victim = other;
        }
      }
      spilled.push(victim);
      if (victim === current) continue;
      const number = victim.register;
      victim.register = -1;
      take(current, number);
    }
  }
  return spilled;
}
