/** The kernels of a program as code. */
import { type Kernel, kernelKey } from "../../../compiler/kernels/kernel.ts";
import type { Program, Stage } from "../../../compiler/program.ts";
import type { DeviceLimits, KernelCode } from "../wgsl/kernel-code.ts";
import { valueTypeOf } from "../wgsl/literals.ts";
import { lowerKernel } from "../wgsl/lower.ts";
import { type DistinctKernel, distinctBuffers, ProgramMemory, type Range } from "./bind-kernels.ts";
import {
  type Base,
  type Candidate,
  candidateOf,
  joinCandidates,
  type JoinedKernels,
  joinKey,
  statesBytes,
  statesOf,
} from "./join-kernels.ts";
import { narrowFloat64 } from "./narrow-float64.ts";

/** A kernel that code runs. */
export interface Member {
  /** In the program. */
  readonly number: number;
  readonly kernel: Kernel;
  /** Of each kernel buffer, where several kernels run as one. */
  readonly bases: readonly Base[] | null;
  readonly workgroups: number;
}

/** Code, with the kernel that it is of, or several of a stage. */
export interface LoadedKernel {
  /** The first member's. */
  readonly distinct: DistinctKernel;
  readonly code: KernelCode;
  readonly members: readonly Member[];
  /** What several members bind; null: the ranges of the only one's buffers. */
  readonly bound: readonly Range[] | null;
}

/** A program as code, and where its buffers are. */
export interface LoweredProgram {
  /** The program, with float64 tables as float32. */
  readonly program: Program;
  readonly memory: ProgramMemory;
  readonly kernels: readonly LoadedKernel[];
  /** For each kernel of the program the position in `kernels`. */
  readonly unitOf: readonly number[];
  /** States that must be in one device buffer. */
  readonly joinedStates: ReadonlySet<number>;
  /** Whether a kernel may find an index out of range. */
  readonly isChecked: boolean;
}

/** Lowers the kernels of a program for a device. Throws DTypeError for float64. */
export function lowerProgram(given: Program, limits: DeviceLimits): LoweredProgram {
  const program = narrowFloat64(given);
  for (const { dtype } of program.buffers) valueTypeOf(dtype);
  const memory = new ProgramMemory(program);
  const isChecked = program.kernels.some(({ kernel }) =>
    kernel.accesses.some((access) => access.dynamic.some(({ mode }) => mode === "check")),
  );
  const known = new Map<string, KernelCode>();
  const codeOf = ({ kernel, surroundings }: DistinctKernel): KernelCode => {
    const { moved, unaligned, shared, guarded, joined } = surroundings;
    // Extents decide the form of code and the number of workgroups, also those that it reads at run time.
    const extents = kernel.axes.map(({ extent }) => extent).join();
    const scratch = kernel.kind === "row" ? kernel.scratch.map(({ elements }) => elements).join() : "";
    const key = `${kernelKey(kernel)} ${extents} ${scratch} ${[...moved].join()} ${[...unaligned].join()} ${[...shared].join()} ${guarded} ${joined?.count} ${joined?.bindings.join()}`;
    let code = known.get(key);
    if (code === undefined) known.set(key, (code = lowerKernel(kernel, surroundings)));
    return code;
  };
  const distinct = program.kernels.map((bound) => distinctBuffers(bound, memory, isChecked, limits));
  const joined = joinStages(program, distinct, memory, codeOf, limits);
  const kernels: LoadedKernel[] = [];
  const unitOf = new Array<number>(program.kernels.length);
  for (const { members, bound, bases } of joined) {
    const first = members[0]!.distinct;
    const surroundings = { ...first.surroundings, joined: { ...first.surroundings.joined!, count: members.length } };
    const unit = { ...first, surroundings };
    for (const { number } of members) unitOf[number] = kernels.length;
    kernels.push({
      distinct: unit,
      code: codeOf(unit),
      members: members.map(({ number, distinct: own }, m) => {
        return { number, kernel: own.kernel, bases: bases[m]!, workgroups: codeOf(own).workgroups };
      }),
      bound,
    });
  }
  distinct.forEach((own, number) => {
    if (unitOf[number] !== undefined) return;
    const code = codeOf(own);
    unitOf[number] = kernels.length;
    kernels.push({ distinct: own, code, members: [{ number, kernel: own.kernel, bases: null, workgroups: code.workgroups }], bound: null });
  });
  return { program, memory, kernels, unitOf, joinedStates: statesOf(joined), isChecked };
}

/** Which kernels of a program run as one. */
function joinStages(
  program: Program,
  distinct: readonly DistinctKernel[],
  memory: ProgramMemory,
  codeOf: (kernel: DistinctKernel) => KernelCode,
  limits: DeviceLimits,
): JoinedKernels[] {
  const found: JoinedKernels[] = [];
  const visit = (stages: readonly Stage[]): void => {
    for (const stage of stages) {
      if (stage.kind === "loop") visit(stage.body);
      else if (stage.kind === "branch") {
        visit(stage.then);
        visit(stage.else);
      } else if (stage.kernels.length > 1) {
        const candidates = stage.kernels.flatMap(
          (number) => candidateOf(number, program.kernels[number]!, distinct[number]!, memory, limits) ?? [],
        );
        const keys = candidates.map(({ distinct: { kernel } }) => kernelKey(kernel));
        const groups = new Map<string, { code: KernelCode; list: Candidate[] }>();
        candidates.forEach((candidate, i) => {
          // Code is made for those that may have company.
          if (keys.indexOf(keys[i]!) === keys.lastIndexOf(keys[i]!)) return;
          const code = codeOf(candidate.distinct);
          const key = joinKey(candidate, code);
          (groups.get(key) ?? groups.set(key, { code, list: [] }).get(key)!).list.push(candidate);
        });
        for (const { code, list } of groups.values()) found.push(...joinCandidates(list, code, limits));
      }
    }
  };
  visit(program.stages);
  // All states of joined kernels are bound as one.
  const kept: JoinedKernels[] = [];
  for (const group of found) {
    const bytes = statesBytes([...kept, group]);
    if (bytes <= (limits.bindingBytes ?? 2 ** 27)) kept.push(group);
  }
  return kept;
}
