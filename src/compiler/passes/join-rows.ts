/** Kernels over the same rows become one that keeps a row in cache from stage to stage (softmax, layer normalization). */
import { dtypes } from "../../dtype/index.ts";
import type { Affine } from "../../graph/index.ts";
import type { Draft } from "../draft.ts";
import { collapseAxes, mapAffine } from "../kernels/collapse.ts";
import type { Access, Axis, Entry, Kernel, KernelBuffer, MapKernel, ReduceKernel, RowKernel } from "../kernels/kernel.ts";
import { splitReduce } from "../kernels/split-reduce.ts";
import type { ScheduledKernel } from "../target.ts";
import { isUpdated, KernelGraph, loadAccesses, readBuffers, storeAccesses, writtenBuffers } from "./kernel-graph.ts";
import { isRowSeed, pointsOf } from "./row-seeds.ts";
import { inOrder, type JoinContext, joinLabels } from "./merge-kernels.ts";

/** Most bytes of scratch memory for one row where a back-end states no other bound. */
const mostScratchBytes = 64 * 1024;
/** Most stages of a kernel. */
const mostStages = 12;
/** From so many rows on they are work enough for all threads, and a long reduction need not be cut. */
const enoughRows = 64;

type RowMember = MapKernel | ReduceKernel;

/** Joins until nothing fits; the order of the result respects the data. */
export function joinRows(kernels: readonly ScheduledKernel[], context: JoinContext): ScheduledKernel[] {
  const graph = new KernelGraph(kernels);
  for (const seed of kernels) {
    if (seed.kernel.kind === "reduce" && isRowSeed(seed.kernel, context.limits) && graph.kernels.has(seed))
      grow(graph, seed, seed.kernel, context);
  }
  return inOrder(graph);
}

/** Takes in what the rows of a reduction are made from and used for, one kernel after another. */
function grow(graph: KernelGraph, seed: ScheduledKernel, kernel: ReduceKernel, context: JoinContext): void {
  const [rows, length] = [pointsOf(kernel, "parallel"), pointsOf(kernel, "reduce")];
  const { rowsFrom } = context.limits;
  if (!canBeStage(seed, rows, context.draft)) return;
  let members: readonly ScheduledKernel[] = [seed];
  let joined = seed;
  const lengthOf = (bound: ScheduledKernel): number => bound.kernel.axes.reduce((product, { extent }) => product * extent, 1) / rows;
  for (let grown = true; grown && members.length < mostStages;) {
    grown = false;
    const after = [...writtenBuffers(joined)].flatMap((buffer) => [...graph.readers(buffer)]);
    const before = [...readBuffers(joined)].flatMap((buffer) => [...graph.writers(buffer)]);
    for (const other of new Set([...after, ...before])) {
      if (other === joined || !canBeStage(other, rows, context.draft)) continue;
      const own = lengthOf(other);
      // A value per row alone is no reason to keep rows.
      if (own > 4 * length || (own < rowsFrom && members.length < 2)) continue;
      if (graph.hasDetour(joined, other) || graph.hasDetour(other, joined)) continue;
      const list = after.includes(other) ? [...members, other] : [other, ...members];
      const inside = [joined, other];
      const next = assemble(list, rows, {
        isPrivate: (buffer) => isPrivate(graph, buffer, inside, context),
        isWhole: (buffer) => [...graph.writers(buffer)].every((writer) => inside.includes(writer)),
        context,
      });
      if (next === null) continue;
      graph.remove(joined);
      graph.remove(other);
      graph.add(next);
      [members, joined, grown] = [list, next, true];
      break;
    }
  }
}

/** What is asked about buffers while rows are put together. */
interface Surroundings {
  /** Whether nothing outside touches the buffer. */
  readonly isPrivate: (buffer: number) => boolean;
  /** Whether nothing outside writes part of the buffer. */
  readonly isWhole: (buffer: number) => boolean;
  readonly context: JoinContext;
}

/** Whether only these kernels touch a buffer. */
function isPrivate(graph: KernelGraph, buffer: number, members: readonly ScheduledKernel[], { draft, pinned }: JoinContext): boolean {
  if (pinned.has(buffer) || draft.buffers[buffer]!.place !== undefined) return false;
  return [...graph.readers(buffer), ...graph.writers(buffer)].every((kernel) => members.includes(kernel));
}

/** Whether a kernel may be a stage over `rows` rows: plain, and contiguous along its last axis. */
function canBeStage(bound: ScheduledKernel, rows: number, draft: Draft): boolean {
  const { kernel, buffers } = bound;
  if (kernel.kind !== "map" && kernel.kind !== "reduce") return false;
  const total = kernel.axes.reduce((product, { extent }) => product * extent, 1);
  if (total === 0 || total % rows !== 0 || (kernel.kind === "reduce" && pointsOf(kernel, "parallel") !== rows)) return false;
  if (kernel.kind === "reduce" && rows < enoughRows && splitReduce(kernel) !== null) return false;
  if (kernel.accesses.some(({ dynamic }) => dynamic.length > 0)) return false;
  if (kernel.buffers.some(({ use }, position) => use === "readwrite" || isUpdated(kernel, position))) return false;
  const written = new Set(storeAccesses(kernel).map((access) => kernel.accesses[access]!.buffer));
  if ([...written].some((position) => draft.buffers[buffers[position]!]!.place !== undefined)) return false;
  const last = kernel.axes.findLastIndex(({ extent }) => extent > 1);
  if (total === rows || last < 0) return true;
  const stores = new Set(kernel.kind === "map" ? storeAccesses(kernel) : []);
  const walked = kernel.kind === "map" ? [...loadAccesses(kernel), ...stores] : expressionLoads(kernel);
  return walked.every((access) => {
    const step = kernel.accesses[access]!.index.coefficients[last]!;
    return step === 1 || (step === 0 && !stores.has(access));
  });
}

/** Accesses that a reduction's values load. */
function expressionLoads(kernel: ReduceKernel): number[] {
  return kernel.expression.flatMap((entry) => (entry.op === "load" ? [entry.access] : []));
}

/** Products of the extents inside of each axis, the whole first. */
function suffixesOf(kernel: Kernel): number[] {
  const suffixes = [1];
  for (const { extent } of [...kernel.axes].reverse()) suffixes.unshift(suffixes[0]! * extent);
  return suffixes;
}

/** Whether each number divides the one before. */
function isChain(decreasing: readonly number[]): boolean {
  return decreasing.every((value, i) => i === 0 || decreasing[i - 1]! % value === 0);
}

/**
 * One kernel of all members, in running order: their axes are cut alike into rows and what lies within a row. Null where
 * that cannot be, or where a row of one member reads another row of an earlier one.
 */
function assemble(members: readonly ScheduledKernel[], rows: number, around: Surroundings): ScheduledKernel | null {
  const collapsed = members.map(({ kernel }) => collapseAxes(kernel) as RowMember);
  const cuts = new Set([rows, 1]);
  for (const kernel of collapsed) {
    const suffixes = suffixesOf(kernel);
    const length = suffixes[0]! / rows;
    for (const suffix of suffixes) {
      if (suffix <= length) continue;
      if (suffix % length !== 0) return null;
      cuts.add(suffix / length);
    }
  }
  const rowCuts = [...cuts].sort((a, b) => b - a);
  if (!isChain(rowCuts)) return null;
  const stages: RowMember[] = [];
  for (const kernel of collapsed) {
    const length = suffixesOf(kernel)[0]! / rows;
    const cut = cutAxes(
      kernel,
      rowCuts.map((suffix) => suffix * length),
    );
    if (cut === null) return null;
    stages.push(cut);
  }
  const rank = rowCuts.length - 1;
  const axes = rowCuts.slice(0, -1).map((cut, i): Axis => ({ extent: cut / rowCuts[i + 1]!, role: "parallel", dynamic: false }));
  return bind(members, stages, axes, rank, around);
}

/** A kernel whose axes are also cut at these suffixes (products of the extents inside); null where an axis does not divide. */
function cutAxes(kernel: RowMember, at: readonly number[]): RowMember | null {
  const suffixes = suffixesOf(kernel);
  // For each axis, the places where it is cut, from its own suffix down to that of the next axis.
  const axes: Axis[] = [];
  const strides: number[][] = [];
  for (let axis = 0; axis < kernel.axes.length; axis++) {
    const [high, low] = [suffixes[axis]!, suffixes[axis + 1]!];
    const inside = at.filter((suffix) => suffix < high && suffix > low);
    const chain = [high, ...inside, low];
    if (!isChain(chain)) return null;
    strides.push(chain.slice(1).map((suffix) => suffix / low));
    chain.slice(1).forEach((suffix, i) => axes.push({ ...kernel.axes[axis]!, extent: chain[i]! / suffix }));
  }
  // A value per row is a row of one element.
  const single = kernel.kind === "map" && at.at(-1) === 1;
  if (single) axes.push({ extent: 1, role: "parallel", dynamic: false });
  return mapAffine(kernel, axes, ({ constant, coefficients }) => ({
    constant,
    coefficients: [...coefficients.flatMap((c, axis) => strides[axis]!.map((stride) => c * stride)), ...(single ? [0] : [])],
  }));
}

/** Least and largest place within a row that an access reaches, relative to the row's start. */
function reachOf(access: Access, axes: readonly Axis[], rank: number): [low: number, high: number] {
  let [low, high] = [access.index.constant, access.index.constant];
  for (let axis = rank; axis < axes.length; axis++) {
    const far = access.index.coefficients[axis]! * (axes[axis]!.extent - 1);
    if (far > 0) high += far;
    else low += far;
  }
  return [low, high];
}

/** Binds stages to buffers; null where rows are not independent of each other. */
function bind(
  members: readonly ScheduledKernel[],
  stages: readonly RowMember[],
  axes: readonly Axis[],
  rank: number,
  { isPrivate: isPrivateTo, isWhole, context }: Surroundings,
): ScheduledKernel | null {
  const written = new Set(members.flatMap((member) => [...writtenBuffers(member)]));
  const read = new Set(members.flatMap((member) => [...readBuffers(member)]));
  // What stages hand on must stay within the row.
  const windows = new Map<number, [low: number, high: number]>();
  for (const buffer of written) {
    if (!read.has(buffer)) continue;
    if (!isWhole(buffer)) return null;
    const window = windowOf(buffer, members, stages, axes, rank);
    if (window === null) return null;
    windows.set(buffer, window);
  }
  let bytes = 0;
  const bytesOf = (buffer: number): number => {
    const [low, high] = windows.get(buffer)!;
    return (high - low + 1) * Math.max(4, dtypes[context.draft.buffers[buffer]!.dtype].bytes);
  };
  const scratch = [...windows.keys()].filter((buffer) => {
    if (!isPrivateTo(buffer) || bytes + bytesOf(buffer) > (context.limits.rowScratchBytes ?? mostScratchBytes)) return false;
    bytes += bytesOf(buffer);
    return true;
  });
  const bound = [...new Set([...written, ...read])].filter((buffer) => !scratch.includes(buffer));
  if (bound.length > context.limits.buffersPerKernel) return null;
  const describe = (buffer: number, use: KernelBuffer["use"], elements: number): KernelBuffer => ({
    dtype: context.draft.buffers[buffer]!.dtype,
    use,
    elements,
  });
  const buffers = bound.map((buffer) => describe(buffer, written.has(buffer) ? "write" : "read", context.draft.buffers[buffer]!.elements));
  const scratchBuffers = scratch.map((buffer) => {
    const [low, high] = windows.get(buffer)!;
    return describe(buffer, "scratch", high - low + 1);
  });
  const places = [...bound, ...scratch];
  const scalars = [...new Set(members.flatMap((member) => member.scalars))];
  const types = scalars.map((scalar) => {
    const member = members.find((each) => each.scalars.includes(scalar))!;
    return member.kernel.scalars[member.scalars.indexOf(scalar)]!;
  });
  const stage = (kernel: RowMember, member: ScheduledKernel): RowMember => {
    const accesses = kernel.accesses.map((access): Access => {
      const id = member.buffers[access.buffer]!;
      const moved = { ...access, buffer: places.indexOf(id) };
      return scratch.includes(id) ? { ...moved, index: withinRow(access.index, rank, windows.get(id)![0]) } : moved;
    });
    const entries = (list: readonly Entry[]): Entry[] =>
      list.map((entry) => (entry.op === "parameter" ? { ...entry, slot: scalars.indexOf(member.scalars[entry.slot]!) } : entry));
    const shared = { accesses, buffers: [...buffers, ...scratchBuffers], scalars: types, expression: entries(kernel.expression) };
    return kernel.kind === "map" ? { ...kernel, ...shared } : { ...kernel, ...shared, epilogue: entries(kernel.epilogue) };
  };
  const kernel: RowKernel = {
    kind: "row",
    axes,
    buffers,
    accesses: [],
    scalars: types,
    scratch: scratchBuffers,
    stages: stages.map((each, i) => stage(each, members[i]!)),
    label: members.map((member) => member.kernel.label).reduce(joinLabels),
  };
  return { kernel, buffers: bound, scalars };
}

function withinRow({ constant, coefficients }: Affine, rank: number, low: number): Affine {
  return { constant: constant - low, coefficients: coefficients.map((c, axis) => (axis < rank ? 0 : c)) };
}

/**
 * The part of a row's stretch of a buffer that stages touch, relative to where the row begins; null where the stretches of
 * two rows meet, or where stages do not agree on where rows begin.
 */
function windowOf(
  buffer: number,
  members: readonly ScheduledKernel[],
  stages: readonly RowMember[],
  axes: readonly Axis[],
  rank: number,
): [number, number] | null {
  let steps: readonly number[] | null = null;
  let [low, high] = [Infinity, -Infinity];
  for (const [i, stage] of stages.entries()) {
    const position = members[i]!.buffers.indexOf(buffer);
    if (position < 0) continue;
    for (const access of stage.accesses) {
      if (access.buffer !== position) continue;
      if (access.guards.length > 0) return null;
      const own = access.index.coefficients.slice(0, rank);
      if (steps !== null && own.some((c, axis) => c !== steps![axis])) return null;
      steps = own;
      const [first, last] = reachOf(access, stage.axes, rank);
      [low, high] = [Math.min(low, first), Math.max(high, last)];
    }
  }
  if (steps === null) return null;
  // Rows lie one behind the other, each beginning after the end of the one before.
  let least = high - low + 1;
  for (let axis = rank - 1; axis >= 0; axis--) {
    if (steps[axis]! < least) return null;
    least = steps[axis]! * axes[axis]!.extent;
  }
  return [low, high];
}
