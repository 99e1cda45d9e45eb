/**
 * Kernels of one stage that have equal code run as one dispatch: each device buffer is bound once, and a table in the uniform
 * block tells where every kernel's elements begin, and which workgroups are its own.
 */
import { withoutBases } from "../../../compiler/kernels/bases.ts";
import type { BoundKernel } from "../../../compiler/program.ts";
import { dtypes } from "../../../dtype/index.ts";
import { type DeviceLimits, type KernelCode, plainHalves } from "../wgsl/kernel-code.ts";
import { pointsOf } from "../wgsl/points.ts";
import { lanesOf, storedType } from "../wgsl/storage.ts";
import { type DistinctKernel, type Memory, memoryKey, type ProgramMemory, type Range } from "./bind-kernels.ts";
import { alignmentBytes, roundUp } from "./gpu.ts";

/** Kernels over more points than this keep a device busy longer than it takes to start them. */
export const mostJoinedPoints: number = 2 ** 19;
/** Bytes that every device can bind as uniforms. */
const uniformBytes = 65536;

/** Elements from the start of what is bound to a kernel's first one. */
export interface Base {
  readonly elements: number;
  /** The state in whose memory they are counted; null: in what is bound. */
  readonly state: number | null;
}

/** A kernel that may be joined with others, as it is then. */
export interface Candidate {
  /** In the program. */
  readonly number: number;
  readonly distinct: DistinctKernel;
  readonly ranges: readonly Range[];
  /** Elements that were taken out of the indices of each buffer. */
  readonly folded: readonly number[];
}

/** Kernels that one dispatch runs. */
export interface JoinedKernels {
  readonly members: readonly Candidate[];
  /** Parts of device buffers, in the order of bindings. */
  readonly bound: readonly Range[];
  /** Of each member: of each kernel buffer. */
  readonly bases: readonly (readonly Base[])[];
}

/** What `kernel` is as one of several; null where it has to run alone. */
export function candidateOf(
  number: number,
  bound: BoundKernel,
  { kernel, buffers, surroundings }: DistinctKernel,
  memory: ProgramMemory,
  limits: DeviceLimits,
): Candidate | null {
  const { kind } = bound.kernel;
  const points = pointsOf(kernel.axes);
  if ((kind !== "map" && kind !== "reduce") || points === 0 || points > mostJoinedPoints) return null;
  if (buffers.some((buffer) => !memory.isFixed(buffer))) return null;
  const ranges = buffers.map((buffer) => memory.range(buffer, new Map()));
  const half = limits.float16 ?? plainHalves;
  const keys = ranges.map((range) => memoryKey(range.memory));
  const written = new Set(keys.filter((_, i) => kernel.buffers[i]!.use !== "read"));
  const types = kernel.buffers.map(({ dtype }) => storedType(dtype, half));
  for (const [i, key] of keys.entries()) {
    const others = [...keys.keys()].filter((other) => other !== i && keys[other] === key);
    if (!written.has(key) || others.length === 0) continue;
    // One binding that is written serves elements of one type; words that several write are atomic for all.
    if (others.some((other) => types[other] !== types[i]) || lanesOf(kernel.buffers[i]!.dtype, half) > 1) return null;
  }
  const { kernel: plain, bases } = withoutBases(kernel);
  const bindings = keys.map((key, i) => keys.findIndex((other, j) => other === key && types[j] === types[i]));
  // What other kernels may write beside it, in the same word, is written in parts.
  const results = pointsOf(kernel.axes.filter(({ role }) => role === "parallel"));
  const isWhole = (i: number): boolean => bases[i] === 0 && kernel.buffers[i]!.elements === results && !surroundings.unaligned.has(i);
  const unaligned = new Set(
    [...keys.keys()].filter((i) => (kernel.buffers[i]!.use === "read" ? surroundings.unaligned.has(i) : !isWhole(i))),
  );
  return {
    number,
    ranges,
    folded: bases,
    distinct: {
      kernel: plain,
      buffers,
      surroundings: {
        ...surroundings,
        moved: new Set(keys.keys()),
        unaligned,
        shared: new Set([...keys.keys()].filter((i) => written.has(keys[i]!) && kernel.buffers[i]!.use === "read")),
        joined: { count: 1, bindings },
      },
    },
  };
}

/** Text that is equal for candidates that may run together, as `code` says. */
export function joinKey({ ranges }: Candidate, code: KernelCode): string {
  return `${ranges.map(({ memory }) => memoryKey(memory)).join()} ${code.wgsl}`;
}

/** Joins candidates of equal key: in groups of what uniforms and bindings hold; those that stay alone are left out. */
export function joinCandidates(candidates: readonly Candidate[], code: KernelCode, limits: DeviceLimits): JoinedKernels[] {
  const most = Math.floor(uniformBytes / memberBytes(code));
  const groups: JoinedKernels[] = [];
  for (let from = 0; from < candidates.length; from += most) {
    const members = candidates.slice(from, from + most);
    const joined = members.length > 1 ? place(members) : null;
    if (joined?.bound.every(({ bytes }) => bytes <= (limits.bindingBytes ?? 2 ** 27))) groups.push(joined);
  }
  return groups;
}

/** Bytes of one member's words in the uniform block. */
export function memberBytes({ words }: KernelCode): number {
  return roundUp(4 * words.length, 16);
}

function place(members: readonly Candidate[]): JoinedKernels {
  const { kernel, surroundings } = members[0]!.distinct;
  const bindings = surroundings.joined!.bindings;
  const canonical = [...new Set(bindings)];
  const bound = canonical.map((binding): Range => {
    const parts = members.flatMap(({ ranges }) => ranges.filter((_, i) => bindings[i] === binding));
    const { memory } = parts[0]!;
    if (memory.kind === "state") return { memory: { kind: "states" }, offset: 0, bytes: statesBytes([{ members }]), base: 0 };
    const start = Math.floor(Math.min(...parts.map(({ offset }) => offset)) / alignmentBytes) * alignmentBytes;
    return { memory, offset: start, bytes: Math.max(...parts.map(({ offset, bytes }) => offset + bytes)) - start, base: 0 };
  });
  const bases = members.map(({ ranges, folded }) =>
    ranges.map(({ memory, offset }, i): Base => {
      const { bytes } = dtypes[kernel.buffers[i]!.dtype];
      const state = memory.kind === "state" ? memory.index : null;
      const start = state === null ? bound[canonical.indexOf(bindings[i]!)]!.offset : 0;
      return { state, elements: (offset - start) / bytes + folded[i]! };
    }),
  );
  return { members, bound, bases };
}

/** Bytes of all states of joined kernels, one after another. */
export function statesBytes(groups: readonly { readonly members: readonly Candidate[] }[]): number {
  const sizes = new Map<number, number>();
  for (const { members } of groups)
    for (const { ranges } of members)
      for (const { memory, bytes } of ranges) if (memory.kind === "state") sizes.set(memory.index, roundUp(bytes, alignmentBytes));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** States that joined kernels use. */
export function statesOf(groups: readonly JoinedKernels[]): Set<number> {
  const isState = (memory: Memory): memory is Memory & { readonly kind: "state" } => memory.kind === "state";
  const memories = groups.flatMap(({ members }) => members.flatMap(({ ranges }) => ranges.map(({ memory }) => memory)));
  return new Set(memories.filter(isState).map(({ index }) => index));
}
