/** A program as commands: dispatches in running order, loops of known length unrolled, and what the host must decide. */
import type { Program, Stage } from "../../../compiler/program.ts";
import type { ProgramMemory, Range, Turns } from "./bind-kernels.ts";
import { dtypes, isFloat, roundedTo } from "../../../dtype/index.ts";
import { roundUp } from "./gpu.ts";
import { memberBytes } from "./join-kernels.ts";
import type { LoadedKernel, LoweredProgram } from "./lower-program.ts";

/** One dispatch. */
export interface Dispatch {
  readonly kernel: number;
  /** Where each kernel buffer is. */
  readonly ranges: readonly Range[];
  /** Text that is equal for dispatches of the kernel with equal bindings. */
  readonly bindingKey: string;
  /** Offset of its uniform block. */
  readonly uniforms: number;
  readonly x: number;
  readonly y: number;
}

/** Steps of a program. */
export type Command =
  | { readonly kind: "dispatches"; readonly list: readonly Dispatch[] }
  /** Runs `body` as long as the bool at `condition` is true, at most `trips` times. */
  | { readonly kind: "while"; readonly condition: Range; readonly trips: number; readonly body: readonly Command[] }
  | { readonly kind: "branch"; readonly condition: Range; readonly then: readonly Command[]; readonly else: readonly Command[] };

/** Values of a kernel's uniform block (of joined kernels: of all of them); scalars are written before a run. */
export interface UniformBlock {
  readonly offset: number;
  readonly kernel: number;
  /** Elements at which each moved buffer begins. */
  readonly bases: readonly number[];
}

/** Uniform blocks of dynamic offsets stand this far apart at least. */
const uniformAlignment = 256;

/** Builds the commands of a program. */
export class CommandBuilder {
  readonly uniforms: UniformBlock[] = [];
  uniformBytes = 0;
  private readonly program: Program;
  private readonly memory: ProgramMemory;
  private readonly kernels: readonly LoadedKernel[];
  private readonly blocks = new Map<string, number>();
  private readonly unitOf: readonly number[];
  private readonly mostGroups: number;

  constructor({ program, memory, kernels, unitOf }: LoweredProgram, mostGroups: number) {
    this.program = program;
    this.memory = memory;
    this.kernels = kernels;
    this.unitOf = unitOf;
    this.mostGroups = mostGroups;
  }

  /** The commands of some stages. */
  build(stages: readonly Stage[], turns: Turns = new Map()): Command[] {
    const commands: Command[] = [];
    let open: Dispatch[] | undefined;
    const dispatches = (list: readonly Dispatch[]): void => {
      if (open === undefined) commands.push({ kind: "dispatches", list: (open = []) });
      open.push(...list);
    };
    const add = (command: Command): void => {
      if (command.kind === "dispatches") return dispatches(command.list);
      open = undefined;
      commands.push(command);
    };
    for (const stage of stages) {
      switch (stage.kind) {
        case "parallel":
          dispatches([...new Set(stage.kernels.map((kernel) => this.unitOf[kernel]!))].flatMap((kernel) => this.dispatch(kernel, turns)));
          break;
        case "branch":
          add({
            kind: "branch",
            condition: this.memory.range(stage.condition, turns),
            then: this.build(stage.then, turns),
            else: this.build(stage.else, turns),
          });
          break;
        case "loop":
          if (stage.condition === null) {
            for (let turn = 0; turn < stage.trips; turn++)
              for (const command of this.build(stage.body, new Map(turns).set(stage.loop, turn))) add(command);
          } else {
            add({
              kind: "while",
              condition: this.memory.range(stage.condition, turns),
              trips: stage.trips,
              body: this.build(stage.body, new Map(turns).set(stage.loop, 0)),
            });
          }
      }
    }
    return commands;
  }

  private dispatch(index: number, turns: Turns): Dispatch[] {
    const { distinct, members, bound } = this.kernels[index]!;
    const workgroups = members.reduce((sum, member) => sum + member.workgroups, 0);
    if (workgroups === 0) return [];
    const ranges = bound ?? distinct.buffers.map((buffer) => this.memory.range(buffer, turns));
    const loops = new Set(bound === null ? distinct.buffers.flatMap((buffer) => this.memory.alternating(buffer)) : []);
    const bindingKey = [...loops].map((loop) => `${loop}:${(turns.get(loop) ?? 0) % 2}`).join();
    const y = Math.ceil(workgroups / this.mostGroups);
    return [{ kernel: index, ranges, bindingKey, uniforms: this.block(index, ranges), x: Math.ceil(workgroups / y), y }];
  }

  /** The uniform block of a dispatch: shared where nothing moves. */
  private block(kernel: number, ranges: readonly Range[]): number {
    const { code, members } = this.kernels[kernel]!;
    if (code.words.length === 0) return 0;
    const bases = ranges.map(({ base }) => base);
    const key = `${kernel}:${bases.join()}`;
    let offset = this.blocks.get(key);
    if (offset === undefined) {
      offset = this.uniformBytes;
      this.uniformBytes += roundUp(members.length * memberBytes(code), uniformAlignment);
      this.blocks.set(key, offset);
      this.uniforms.push({ offset, kernel, bases });
    }
    return offset;
  }

  /**
   * Fills uniform blocks with everything; `scalars` are the run-time scalars of the program, `stateOffset` gives the bytes before
   * a state in its device buffer.
   */
  fill(bytes: ArrayBuffer, scalars: readonly number[], stateOffset: (state: number) => number): void {
    const view = new DataView(bytes);
    for (const block of this.uniforms) {
      const { distinct, code, members } = this.kernels[block.kernel]!;
      let first = 0;
      members.forEach((member, m) => {
        const bound = this.program.kernels[member.number]!;
        const baseOf = (buffer: number): number => {
          const base = member.bases?.[buffer];
          if (base === undefined) return block.bases[buffer]!;
          return base.elements + (base.state === null ? 0 : stateOffset(base.state) / dtypes[distinct.kernel.buffers[buffer]!.dtype].bytes);
        };
        code.words.forEach((word, i) => {
          const at = block.offset + m * memberBytes(code) + 4 * i;
          switch (word.kind) {
            case "extent":
              return view.setInt32(at, member.kernel.axes[word.axis]!.extent, true);
            case "base":
              return view.setInt32(at, baseOf(word.buffer), true);
            case "number":
              return view.setUint32(at, member.number, true);
            case "first":
              return view.setUint32(at, first, true);
            case "scalar": {
              const value = scalars[bound.scalars[word.slot]!]!;
              return isFloat(word.dtype) ? view.setFloat32(at, roundedTo(word.dtype, value), true) : view.setInt32(at, value, true);
            }
          }
        });
        first += member.workgroups;
      });
    }
  }
}
